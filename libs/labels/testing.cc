#include "libs/labels/testing.h"

#define POINTERHOLDER_TRANSITION 4  // qpdf then uses std::shared_ptr
#define ZX_USE_UTF8                 // texts as std::string
#include <ZXing/ReadBarcode.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <qpdf/Buffer.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFWriter.hh>
#include <sstream>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace kubari::labels {
namespace {

constexpr double kPoint = 25.4 / 72;  // mm

// A folder of its own for one call of a tool.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kubari-labels-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path_); }

  std::filesystem::path path_;
};

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// Runs `tool`, in whose text IN is the PDF and OUT the path of what it writes.
void Run(const Folder& folder, const std::string& pdf, const std::string& tool) {
  const auto in = folder.path_ / "in.pdf";
  std::ofstream(in, std::ios::binary) << pdf;
  const std::string command =
      absl::StrReplaceAll(tool, {{"IN", in.string()}, {"OUT", (folder.path_ / "out").string()}});
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

std::string OutputOf(const std::string& pdf, const std::string& tool) {
  const Folder folder;
  Run(folder, pdf, tool);
  return ReadFile(folder.path_ / "out");
}

// "P5 width height 255\n" and then one byte per pixel.
Picture FromPgm(const std::string& data, int dots_per_inch) {
  Picture picture;
  std::istringstream head(data.substr(0, 100));
  std::string magic;
  int most = 0;
  head >> magic >> picture.width >> picture.height >> most;
  if (magic != "P5" || most != 255) throw std::runtime_error("not a grey picture");
  const auto begin = static_cast<size_t>(head.tellg()) + 1;
  picture.grey.assign(data.begin() + static_cast<std::ptrdiff_t>(begin), data.end());
  picture.dots_per_mm = dots_per_inch / 25.4;
  return picture;
}

// A text that was cut keeps its rest for searching and copying (ActualText). Without that only what is seen is left.
std::string WithoutHiddenText(const std::string& pdf) {
  QPDF document;
  document.processMemoryFile("pdf", pdf.data(), pdf.size());
  for (QPDFObjectHandle& object : document.getAllObjects()) {
    if (!object.isStream() || object.getDict().hasKey("/FontFile2") || object.getDict().hasKey("/Length1")) continue;
    const std::shared_ptr<Buffer> data = object.getStreamData();
    std::string content(reinterpret_cast<const char*>(data->getBuffer()), data->getSize());
    if (content.find("/ActualText") == std::string::npos) continue;
    object.replaceStreamData(absl::StrReplaceAll(content, {{"/ActualText", "/Hidden"}}), QPDFObjectHandle::newNull(),
                             QPDFObjectHandle::newNull());
  }
  QPDFWriter writer(document);
  writer.setOutputMemory();
  writer.write();
  const std::shared_ptr<Buffer> buffer = writer.getBufferSharedPointer();
  return std::string(reinterpret_cast<const char*>(buffer->getBuffer()), buffer->getSize());
}

double NumberAfter(const std::string& line, const std::string& name) {
  const size_t at = line.find(name + "=\"");
  return at == std::string::npos ? 0 : std::stod(line.substr(at + name.size() + 2));
}

}  // namespace

std::vector<Picture> PicturesOf(const std::string& pdf, int dots_per_inch) {
  const Folder folder;
  Run(folder, pdf, absl::StrCat("pdftoppm -gray -r ", dots_per_inch, " IN OUT"));
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path_)) {
    if (entry.path().extension() == ".pgm") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Picture> pictures;
  for (const auto& file : files) pictures.push_back(FromPgm(ReadFile(file), dots_per_inch));
  return pictures;
}

std::vector<std::string> TextsOf(const std::string& pdf) {
  std::vector<std::string> pages =
      absl::StrSplit(OutputOf(WithoutHiddenText(pdf), "pdftotext -raw -enc UTF-8 IN OUT"), '\f');
  pages.pop_back();  // a form feed ends each page
  for (std::string& page : pages) {
    page = absl::StrReplaceAll(page, {{" ", ""}, {"\n", ""}, {"　", ""}});
  }
  return pages;
}

std::vector<Word> WordsOf(const std::string& pdf) {
  std::vector<Word> words;
  int page = -1;
  for (const auto piece : absl::StrSplit(OutputOf(pdf, "pdftotext -bbox -enc UTF-8 IN OUT"), '\n')) {
    const std::string line(piece);
    if (line.find("<page ") != std::string::npos) ++page;
    if (line.find("<word ") == std::string::npos) continue;
    const double x = NumberAfter(line, "xMin"), y = NumberAfter(line, "yMin");
    const Area box = {x * kPoint, y * kPoint, (NumberAfter(line, "xMax") - x) * kPoint,
                      (NumberAfter(line, "yMax") - y) * kPoint};
    const size_t begin = line.find('>') + 1;
    words.push_back({page, box, line.substr(begin, line.find("</word>") - begin)});
  }
  return words;
}

bool Overlap(const Area& a, const Area& b) {
  const auto middle = [](const Area& area) {
    return Area{area.x + area.width * 0.05, area.y + area.height * 0.25, area.width * 0.9, area.height * 0.5};
  };
  const Area p = middle(a), q = middle(b);
  return p.x < q.x + q.width && q.x < p.x + p.width && p.y < q.y + q.height && q.y < p.y + p.height;
}

std::string InfoOf(const std::string& pdf) { return OutputOf(pdf, "pdfinfo IN > OUT"); }

ReadCode ReadQr(const Picture& picture, const Area& area) {
  const double scale = picture.dots_per_mm;
  const int left = std::max(0, static_cast<int>(area.x * scale)), top = std::max(0, static_cast<int>(area.y * scale));
  const int right = std::min(picture.width, static_cast<int>(std::ceil((area.x + area.width) * scale)));
  const int bottom = std::min(picture.height, static_cast<int>(std::ceil((area.y + area.height) * scale)));
  const ZXing::ImageView view(picture.grey.data() + static_cast<size_t>(top) * picture.width + left, right - left,
                              bottom - top, ZXing::ImageFormat::Lum, picture.width);
  const ZXing::Result result = ZXing::ReadBarcode(view, ZXing::DecodeHints().setFormats(ZXing::BarcodeFormat::QRCode));
  if (!result.isValid()) return {};
  const auto first = result.position().topLeft(), last = result.position().bottomRight();
  return {result.text(),
          {(left + first.x) / scale, (top + first.y) / scale, (last.x - first.x) / scale, (last.y - first.y) / scale}};
}

}  // namespace kubari::labels
