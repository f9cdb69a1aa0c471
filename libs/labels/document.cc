#include "libs/labels/document.h"

#define POINTERHOLDER_TRANSITION 4  // qpdf then uses std::shared_ptr
#include <exception>
#include <memory>
#include <qpdf/Buffer.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <qpdf/QPDFPageObjectHelper.hh>
#include <qpdf/QPDFWriter.hh>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/errors/errors.h"

namespace kubari::labels {
namespace {

constexpr double kPoint = 25.4 / 72;  // mm

void Finish(QPDF& document, const std::string& language) {
  auto preferences = QPDFObjectHandle::newDictionary();
  preferences.replaceKey("/PrintScaling", QPDFObjectHandle::newName("/None"));
  preferences.replaceKey("/DisplayDocTitle", QPDFObjectHandle::newBool(true));
  auto root = document.getRoot();
  root.replaceKey("/ViewerPreferences", preferences);
  root.replaceKey("/Lang", QPDFObjectHandle::newString(language));
  auto info = document.getTrailer().getKey("/Info");
  if (info.isDictionary()) info.removeKey("/CreationDate");
}

std::string Written(QPDF& document) {
  QPDFWriter writer(document);
  writer.setOutputMemory();
  writer.setDeterministicID(true);
  writer.setObjectStreamMode(qpdf_o_generate);
  writer.write();
  const std::shared_ptr<Buffer> buffer = writer.getBufferSharedPointer();
  return std::string(reinterpret_cast<const char*>(buffer->getBuffer()), buffer->getSize());
}

// A page as something to be put on other pages.
struct Form {
  QPDFObjectHandle object;
  double height;  // points
};

std::vector<Form> FormsOf(QPDF& document) {
  std::vector<Form> forms;
  for (QPDFPageObjectHelper& page : QPDFPageDocumentHelper(document).getAllPages()) {
    auto form = page.getFormXObjectForPage();
    form.getDict().removeKey("/Group");  // nothing is transparent, and some printers are slow where something could be
    forms.push_back({document.makeIndirectObject(form), form.getDict().getKey("/BBox").getArrayAsRectangle().ury});
  }
  return forms;
}

QPDFObjectHandle PageOf(QPDF& document, const Sheet& sheet, const std::vector<Form>& forms) {
  auto used = QPDFObjectHandle::newDictionary();
  std::string content;
  for (const Sheet::Placed& placed : sheet.placed) {
    const Form& form = forms.at(placed.drawn);
    const std::string name = absl::StrCat("/Drawn", placed.drawn);
    used.replaceKey(name, form.object);
    absl::StrAppendFormat(&content, "q 1 0 0 1 %.3f %.3f cm %s Do Q\n", placed.x / kPoint,
                          (sheet.height - placed.y) / kPoint - form.height, name);
  }
  auto resources = QPDFObjectHandle::newDictionary();
  resources.replaceKey("/XObject", used);
  auto page = QPDFObjectHandle::newDictionary();
  page.replaceKey("/Type", QPDFObjectHandle::newName("/Page"));
  page.replaceKey("/MediaBox", QPDFObjectHandle::newArray(
                                   QPDFObjectHandle::Rectangle(0, 0, sheet.width / kPoint, sheet.height / kPoint)));
  page.replaceKey("/Resources", resources);
  page.replaceKey("/Contents", QPDFObjectHandle::newStream(&document, content));
  return page;
}

// qpdf reports by exceptions; none leaves this file.
template <typename F>
absl::StatusOr<std::string> WithoutExceptions(F make) {
  try {
    return make();
  } catch (const std::exception& failure) {
    return errors::Make(absl::StatusCode::kInternal, "PDF_FAILED", "The sheet could not be drawn. Please report this.",
                        "シートを作れませんでした。不具合としてお知らせください。", {{"qpdf", failure.what()}});
  }
}

}  // namespace

absl::StatusOr<std::string> Finished(const std::string& drawn, const std::string& language) {
  return WithoutExceptions([&] {
    QPDF document;
    document.processMemoryFile("drawn", drawn.data(), drawn.size());
    Finish(document, language);
    return Written(document);
  });
}

absl::StatusOr<std::string> OnSheets(const std::string& drawn, const std::vector<Sheet>& sheets,
                                     const std::string& language) {
  return WithoutExceptions([&] {
    QPDF document;
    document.processMemoryFile("drawn", drawn.data(), drawn.size());
    const std::vector<Form> forms = FormsOf(document);
    QPDFPageDocumentHelper pages(document);
    for (QPDFPageObjectHelper& page : pages.getAllPages()) pages.removePage(page);
    for (const Sheet& sheet : sheets) pages.addPage(document.makeIndirectObject(PageOf(document, sheet, forms)), false);
    Finish(document, language);
    return Written(document);
  });
}

}  // namespace kubari::labels
