// .xlsx (ECMA-376, ISO/IEC 29500): a zip of XML parts. libzip inflates, expat parses; here is only what the parts mean.
//
// Hostile files: parts are inflated piece by piece into the parser and never held whole; all that is inflated, all text that is kept, depth
// and the size of one token have bounds; a document type (and with it every entity) is refused; links to other files are not followed.
#include <expat.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "libs/tables/rows.h"
#include "libs/tables/text.h"

namespace kubari::tables {
namespace {

constexpr size_t kMaxInflated = 100'000'000;  // all parts that are read
constexpr size_t kMaxRatio = 300;             // inflated to stored, of parts above a megabyte
constexpr size_t kMaxText = 64'000'000;       // kept text of all cells
constexpr size_t kMaxSharedStrings = 1'000'000;
constexpr size_t kMaxToken = 4'000'000;  // one tag or one run of text
constexpr int kMaxDepth = 64;
constexpr size_t kMaxParts = 5'000;
constexpr int kMaxRow = 1'048'576, kMaxColumn = 16'384;  // a sheet's own bounds

// Why a file is refused.
struct Refusal {
  std::string reason, english, japanese;
};

Refusal NotAWorkbook() {
  return {"NOT_A_WORKBOOK",
          "The file cannot be read as a spreadsheet (.xlsx). Open it in the spreadsheet program and save it as \"Excel workbook (.xlsx)\" or as CSV.",
          "Excel（.xlsx）として読めないファイルです。表計算ソフトで開き、「Excel ブック（.xlsx）」か CSV として保存し直してください。"};
}

Refusal TooMuch() {
  return {"FILE_TOO_LARGE",
          "The spreadsheet holds far more than its size lets expect. Copy the cells you need into a new sheet and save that.",
          "ファイルの中身が大きすぎます。必要なセルだけを新しいシートに写して保存してください。"};
}

using Attributes = std::map<std::string_view, std::string_view>;

// What a part's elements mean. Names come without namespace prefix: producers differ in it.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void Start(std::string_view name, const Attributes& attributes) {}
  virtual void End(std::string_view name) {}
  virtual void Text(std::string_view text) {}
  // Enough was seen; the rest of the part is not read.
  bool done() const { return done_; }
  const std::optional<Refusal>& refusal() const { return refusal_; }

 protected:
  void Finish() { done_ = true; }
  void Refuse(Refusal refusal) {
    refusal_ = std::move(refusal);
    done_ = true;
  }

 private:
  bool done_ = false;
  std::optional<Refusal> refusal_;
};

std::string_view LocalName(const char* name) {
  const std::string_view whole(name);
  const size_t colon = whole.rfind(':');
  return colon == std::string_view::npos ? whole : whole.substr(colon + 1);
}

// One part through expat.
class Parse {
 public:
  explicit Parse(Handler& handler) : handler_(handler), parser_(XML_ParserCreate(nullptr), &XML_ParserFree) {
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(
        parser_.get(),
        [](void* self, const XML_Char* name, const XML_Char** attributes) { static_cast<Parse*>(self)->Start(name, attributes); },
        [](void* self, const XML_Char* name) { static_cast<Parse*>(self)->End(name); });
    XML_SetCharacterDataHandler(parser_.get(), [](void* self, const XML_Char* text, int size) {
      Parse& parse = *static_cast<Parse*>(self);
      if (!parse.handler_.done()) parse.handler_.Text(std::string_view(text, size));
    });
    // No document type, no entities: Office writes none.
    XML_SetStartDoctypeDeclHandler(parser_.get(), [](void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
      static_cast<Parse*>(self)->Stop();
    });
  }

  // False when there is nothing more to be had of the part.
  bool Feed(const char* bytes, int size, bool last) {
    fed_ += size;
    const XML_Status status = XML_Parse(parser_.get(), bytes, size, last);
    if (status != XML_STATUS_OK) {
      bad_ = !handler_.done();
      return false;
    }
    const XML_Index seen = XML_GetCurrentByteIndex(parser_.get());
    too_large_ = seen >= 0 && fed_ - static_cast<size_t>(seen) > kMaxToken;
    return !too_large_;
  }
  bool bad() const { return bad_; }
  bool too_large() const { return too_large_; }

 private:
  void Stop() { XML_StopParser(parser_.get(), XML_FALSE); }

  void Start(const char* name, const char** attributes) {
    if (handler_.done()) return;
    if (++depth_ > kMaxDepth) return Stop();
    Attributes all;
    for (; *attributes != nullptr; attributes += 2) all.emplace(LocalName(attributes[0]), attributes[1]);
    handler_.Start(LocalName(name), all);
    if (handler_.done()) Stop();
  }
  void End(const char* name) {
    if (handler_.done()) return;
    --depth_;
    handler_.End(LocalName(name));
    if (handler_.done()) Stop();
  }

  Handler& handler_;
  std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)> parser_;
  size_t fed_ = 0;
  int depth_ = 0;
  bool bad_ = false, too_large_ = false;
};

std::string At(const Attributes& attributes, std::string_view name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? "" : std::string(found->second);
}

bool IsTrue(const std::string& value) { return value == "1" || value == "true"; }

// The zip, open in memory.
class Package {
 public:
  static std::optional<Package> Open(std::string_view bytes) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    zip_t* archive = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error);
    if (archive == nullptr && source != nullptr) zip_source_free(source);
    zip_error_fini(&error);
    if (archive == nullptr) return std::nullopt;
    Package package(archive);
    if (zip_get_num_entries(archive, 0) > static_cast<zip_int64_t>(kMaxParts)) return std::nullopt;
    return package;
  }

  bool Has(const std::string& part) const { return zip_name_locate(archive_.get(), part.c_str(), ZIP_FL_NOCASE) >= 0; }

  // Reads the part into the handler. A part that is not there says nothing.
  std::optional<Refusal> Read(const std::string& part, Handler& handler) {
    const zip_int64_t index = zip_name_locate(archive_.get(), part.c_str(), ZIP_FL_NOCASE);
    if (index < 0) return std::nullopt;
    zip_stat_t stat;
    if (zip_stat_index(archive_.get(), index, 0, &stat) != 0) return NotAWorkbook();
    const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen_index(archive_.get(), index, 0), &zip_fclose);
    if (!file) return NotAWorkbook();
    Parse parse(handler);
    std::array<char, 64 * 1024> buffer;
    size_t inflated = 0;
    for (;;) {
      const zip_int64_t size = zip_fread(file.get(), buffer.data(), buffer.size());
      if (size < 0) return NotAWorkbook();
      inflated += size;
      inflated_ += size;
      if (inflated_ > kMaxInflated || (inflated > 1'000'000 && inflated / (stat.comp_size + 1) > kMaxRatio)) return TooMuch();
      const bool more = parse.Feed(buffer.data(), static_cast<int>(size), size == 0);
      if (handler.refusal()) return handler.refusal();
      if (parse.too_large()) return TooMuch();
      if (parse.bad()) return NotAWorkbook();
      if (!more || size == 0) return std::nullopt;
    }
  }

 private:
  explicit Package(zip_t* archive) : archive_(archive, &zip_discard) {}
  std::unique_ptr<zip_t, decltype(&zip_discard)> archive_;
  size_t inflated_ = 0;
};

// "xl/workbook.xml" and "../docProps/x" → "docProps/x"; "/xl/a" is counted from the root.
std::string Resolve(const std::string& part, const std::string& target) {
  std::vector<std::string> path;
  if (!target.starts_with('/')) {
    path = absl::StrSplit(part, '/');
    path.pop_back();
  }
  for (const auto piece : absl::StrSplit(target, '/')) {
    if (piece.empty() || piece == ".") continue;
    if (piece == "..") {
      if (!path.empty()) path.pop_back();
    } else {
      path.emplace_back(piece);
    }
  }
  return absl::StrJoin(path, "/");
}

struct Relation {
  std::string type, part;
};

// What a part refers to, by id. Links out of the file are left out.
class Relations : public Handler {
 public:
  explicit Relations(std::string part) : part_(std::move(part)) {}
  // Where the relations of a part stand.
  static std::string PartOf(const std::string& part) {
    const size_t slash = part.rfind('/');
    const size_t name = slash == std::string::npos ? 0 : slash + 1;
    return absl::StrCat(part.substr(0, name), "_rels/", part.substr(name), ".rels");
  }
  void Start(std::string_view name, const Attributes& attributes) override {
    if (name != "Relationship" || At(attributes, "TargetMode") == "External" || all.size() > kMaxParts) return;
    const std::string type = At(attributes, "Type");
    all[At(attributes, "Id")] = {type.substr(type.rfind('/') + 1), Resolve(part_, At(attributes, "Target"))};
  }
  std::string First(std::string_view type) const {
    for (const auto& [id, relation] : all) {
      if (relation.type == type) return relation.part;
    }
    return "";
  }
  std::map<std::string, Relation> all;

 private:
  const std::string part_;
};

class Workbook : public Handler {
 public:
  struct Sheet {
    std::string name, relation;
    bool hidden = false;
  };
  void Start(std::string_view name, const Attributes& attributes) override {
    if (name == "workbookPr") from_1904 = IsTrue(At(attributes, "date1904"));
    if (name == "sheet" && sheets.size() < 1000)
      sheets.push_back({At(attributes, "name"), At(attributes, "id"), At(attributes, "state").find("idden") != std::string::npos});
  }
  bool from_1904 = false;
  std::vector<Sheet> sheets;
};

// How a number format shows a number.
enum class Shown : uint8_t { kNumber, kDay, kMonth, kDayAndTime, kTime, kPadded };

struct Format {
  Shown shown = Shown::kNumber;
  int digits = 0;  // of kPadded: "00000"
};

// Of a format's code: what stands in quotes, behind a backslash or in brackets is decoration, but for elapsed time.
Format FormatOf(std::string_view code) {
  bool year = false, month_or_minute = false, day = false, hour = false;
  bool zeros = !code.empty();
  for (size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    zeros = zeros && c == '0';
    if (c == ';') break;  // further sections are for negative numbers and text
    if (c == '"') {
      i = code.find('"', i + 1);
      if (i == std::string_view::npos) break;
    } else if (c == '\\' || c == '_' || c == '*') {
      ++i;
    } else if (c == '[') {
      const size_t end = code.find(']', i);
      if (end == std::string_view::npos) break;
      const char inside = static_cast<char>(code[i + 1] | 0x20);
      if (end > i + 1 && (inside == 'h' || inside == 's') && code.find_first_not_of("hHsS", i + 1) == end) hour = true;
      i = end;
    } else if (c == 'y' || c == 'Y' || c == 'e' || c == 'g') {
      year = year || c != 'g';
    } else if (c == 'm' || c == 'M') {
      month_or_minute = true;
    } else if (c == 'd' || c == 'D') {
      day = true;
    } else if (c == 'h' || c == 'H' || c == 's' || c == 'S') {
      hour = true;
    }
  }
  // "0.00E+00" has an upper-case E and no other letter of a date, "General" is told before.
  if (zeros && code.size() > 1 && code.size() <= 20) return {Shown::kPadded, static_cast<int>(code.size())};
  if (hour) return {year || day ? Shown::kDayAndTime : Shown::kTime};
  if (year && !day) return {month_or_minute ? Shown::kMonth : Shown::kNumber};
  if (year || day || month_or_minute) return {Shown::kDay};
  return {};
}

// Formats that every spreadsheet has without writing them down, with those of a Japanese one.
Format BuiltInFormat(int id) {
  if (id == 17 || id == 55) return {Shown::kMonth};
  if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47)) return {Shown::kTime};
  if (id == 22) return {Shown::kDayAndTime};
  if ((id >= 14 && id <= 16) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 58)) return {Shown::kDay};
  return {};
}

class Styles : public Handler {
 public:
  void Start(std::string_view name, const Attributes& attributes) override {
    if (name == "numFmt") {
      int id = 0;
      if (absl::SimpleAtoi(At(attributes, "numFmtId"), &id) && written_.size() < 10'000) {
        const std::string code = At(attributes, "formatCode");
        written_[id] = code == "General" ? Format() : FormatOf(code);
      }
    } else if (name == "cellXfs") {
      in_cells_ = true;
    } else if (name == "xf" && in_cells_ && formats.size() < 100'000) {
      int id = 0;
      (void)absl::SimpleAtoi(At(attributes, "numFmtId"), &id);
      const auto found = written_.find(id);
      formats.push_back(found == written_.end() ? BuiltInFormat(id) : found->second);
    }
  }
  void End(std::string_view name) override {
    if (name == "cellXfs") in_cells_ = false;
  }
  std::vector<Format> formats;  // by the number that a cell names

 private:
  std::map<int, Format> written_;
  bool in_cells_ = false;
};

// "_x000D_" stands for a character that XML cannot hold.
std::string Unescape(const std::string& text) {
  if (text.find("_x") == std::string::npos) return text;
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    uint32_t code = 0;
    if (text.compare(i, 2, "_x") == 0 && i + 6 < text.size() && text[i + 6] == '_' && absl::SimpleHexAtoi(text.substr(i + 2, 4), &code) &&
        code > 0 && code < 0x80) {
      out.push_back(static_cast<char>(code));
      i += 6;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// The text of <si> or <is>: of all runs, but not of ふりがな (<rPh>).
class RichText {
 public:
  void Clear() { text_.clear(); }
  void Start(std::string_view name) {
    if (name == "rPh") ++reading_;
    if (name == "t") in_text_ = reading_ == 0;
  }
  void End(std::string_view name) {
    if (name == "rPh") --reading_;
    if (name == "t") in_text_ = false;
  }
  void Text(std::string_view text) {
    if (in_text_) text_.append(text);
  }
  std::string Take() { return Unescape(std::exchange(text_, {})); }

 private:
  std::string text_;
  int reading_ = 0;
  bool in_text_ = false;
};

class SharedStrings : public Handler {
 public:
  void Start(std::string_view name, const Attributes&) override { text_.Start(name); }
  void Text(std::string_view text) override { text_.Text(text); }
  void End(std::string_view name) override {
    text_.End(name);
    if (name != "si") return;
    all.push_back(text_.Take());
    size_ += all.back().size();
    if (size_ > kMaxText || all.size() > kMaxSharedStrings) Refuse(TooMuch());
  }
  std::vector<std::string> all;

 private:
  RichText text_;
  size_t size_ = 0;
};

// A number as people read it: 9.520000000019E+12 → 9520000000019, 0.30000000000000004 → 0.3.
std::string Number(const std::string& stored) {
  double value = 0;
  if (!absl::SimpleAtod(stored, &value) || !std::isfinite(value)) return stored;
  char text[40];
  const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
  std::snprintf(text, sizeof(text), whole ? "%.0f" : "%.15g", value);
  return text[0] == '-' && value == 0 ? "0" : text;
}

// Days are counted from the last of 1899; the 29th of February 1900 never was, but is counted. Or from the first of 1904.
std::optional<std::string> DayOf(double serial, bool from_1904, bool month) {
  const int64_t days = static_cast<int64_t>(std::floor(serial));
  if (days < 1 || days > 2'958'465 || (!from_1904 && days == 60)) return std::nullopt;
  const absl::CivilDay zero = from_1904 ? absl::CivilDay(1904, 1, 1) : absl::CivilDay(1899, 12, days < 60 ? 31 : 30);
  const absl::CivilDay day = zero + days;
  if (month && day.day() == 1) return absl::FormatCivilTime(absl::CivilMonth(day));
  return absl::FormatCivilTime(day);
}

std::string Clock(double serial) {
  const int64_t minutes = std::llround((serial - std::floor(serial)) * 24 * 60) % (24 * 60);
  char text[16];
  std::snprintf(text, sizeof(text), "%02d:%02d", static_cast<int>(minutes / 60), static_cast<int>(minutes % 60));
  return text;
}

std::string Shape(const std::string& stored, const Format& format, bool from_1904) {
  double value = 0;
  const std::string number = Number(stored);
  if (format.shown == Shown::kNumber || !absl::SimpleAtod(stored, &value)) return number;
  if (format.shown == Shown::kPadded) {
    const bool digits = !number.empty() && number.find_first_not_of("0123456789") == std::string::npos;
    return digits && number.size() < static_cast<size_t>(format.digits) ? std::string(format.digits - number.size(), '0') + number : number;
  }
  const bool has_clock = value - std::floor(value) > 1e-6;
  if (format.shown == Shown::kTime) return value >= 1 ? number : Clock(value);
  const std::optional<std::string> day = DayOf(value, from_1904, format.shown == Shown::kMonth);
  if (!day) return number;
  return format.shown == Shown::kDayAndTime && has_clock ? absl::StrCat(*day, " ", Clock(value)) : *day;
}

// "AB12" → column 27 (from 0), row 12; nothing outside of what a sheet can have.
std::optional<std::pair<int, int>> Coordinates(std::string_view reference) {
  size_t i = 0;
  int column = 0;
  for (; i < reference.size() && i < 3 && reference[i] >= 'A' && reference[i] <= 'Z'; ++i) column = column * 26 + (reference[i] - 'A' + 1);
  int row = 0;
  if (i == 0 || !absl::SimpleAtoi(std::string(reference.substr(i)), &row) || row < 1 || row > kMaxRow || column > kMaxColumn) return std::nullopt;
  return std::make_pair(column - 1, row);
}

class SheetReader : public Handler {
 public:
  SheetReader(const RawLimits& limits, const std::vector<std::string>& strings, const std::vector<Format>& formats, bool from_1904,
              RawTable& out)
      : limits_(limits), strings_(strings), formats_(formats), from_1904_(from_1904), out_(out) {}

  void Start(std::string_view name, const Attributes& attributes) override {
    if (name == "row") {
      int number = row_.number + 1;
      const std::string given = At(attributes, "r");
      if (!given.empty() && (!absl::SimpleAtoi(given, &number) || number <= row_.number || number > kMaxRow)) return Refuse(NotAWorkbook());
      row_ = RawRow{.number = number};
      column_ = -1;
      row_hidden_ = IsTrue(At(attributes, "hidden"));
    } else if (name == "c") {
      StartCell(attributes);
    } else if (name == "f") {
      formula_ = true;
    } else if (name == "v") {
      in_value_ = true;
    } else if (name == "mergeCell") {
      Merge(At(attributes, "ref"));
    }
    if (in_cell_) text_.Start(name);
  }
  void Text(std::string_view text) override {
    if (in_value_) value_.append(text);
    if (in_cell_) text_.Text(text);
  }
  void End(std::string_view name) override {
    if (in_cell_) text_.End(name);
    if (name == "v") in_value_ = false;
    if (name == "c") EndCell();
    if (name == "row") EndRow();
  }

  int hidden_rows() const { return hidden_rows_; }
  int merged() const { return merged_; }

 private:
  void StartCell(const Attributes& attributes) {
    const std::string reference = At(attributes, "r");
    if (reference.empty()) {
      ++column_;  // some writers name no places
    } else {
      const auto place = Coordinates(reference);
      if (!place || place->second != row_.number || place->first <= column_) return Refuse(NotAWorkbook());
      column_ = place->first;
    }
    type_ = At(attributes, "t");
    style_ = 0;
    (void)absl::SimpleAtoi(At(attributes, "s"), &style_);
    formula_ = false;
    value_.clear();
    text_.Clear();
    in_cell_ = true;
  }

  std::string CellText() {
    if (type_ == "inlineStr") return text_.Take();
    if (type_ == "s") {
      size_t index = 0;
      return absl::SimpleAtoi(value_, &index) && index < strings_.size() ? strings_[index] : "";
    }
    if (type_ == "b") return value_ == "1" ? "TRUE" : value_ == "0" ? "FALSE" : value_;
    if (type_ == "str") return Unescape(value_);
    if (type_ == "e") return value_;
    if (type_ == "d") return value_.ends_with("T00:00:00") ? value_.substr(0, value_.find('T')) : value_;
    if (value_.empty()) return "";
    const Format format = style_ >= 0 && static_cast<size_t>(style_) < formats_.size() ? formats_[style_] : Format();
    return Shape(value_, format, from_1904_);
  }

  void EndCell() {
    in_cell_ = false;
    const std::string whole = CellText();
    const std::string_view text = Trim(whole);
    if (!IsUtf8(text)) return Refuse(NotAWorkbook());
    std::optional<Mark> mark;
    if (type_ == "e") {
      mark = Mark::kSpreadsheetError;
    } else if (formula_) {
      mark = value_.empty() && type_ != "str" ? Mark::kFormulaUnvalued : Mark::kFormula;
    }
    if (text.empty() && !mark) return;
    size_ += text.size();
    if (size_ > kMaxText) return Refuse(TooMuch());
    // A cell too far to the right is told as one column too many, and not kept at its place.
    const int place = std::min(column_, limits_.columns);
    if (static_cast<int>(row_.cells.size()) <= place) row_.cells.resize(place + 1);
    row_.cells[place] = text;
    if (mark) row_.marks.push_back({place, *mark});
  }

  void EndRow() {
    if (row_.cells.empty()) return;
    if (row_hidden_) ++hidden_rows_;
    if (out_.rows.size() == static_cast<size_t>(limits_.rows)) {
      out_.more = true;
      return Finish();
    }
    const int number = row_.number;
    out_.rows.push_back(std::move(row_));
    row_ = RawRow{.number = number};
  }

  // Cells merged downwards all have the value of the first: who merges a donor's name over five rows means it of all five.
  void Merge(const std::string& reference) {
    const std::vector<std::string> ends = absl::StrSplit(reference, ':');
    if (ends.size() != 2 || ++merges_ > 10'000) return;
    const auto from = Coordinates(ends[0]), to = Coordinates(ends[1]);
    if (!from || !to || to->second <= from->second || from->first >= limits_.columns) return;
    const auto first = std::lower_bound(out_.rows.begin(), out_.rows.end(), from->second,
                                        [](const RawRow& row, int number) { return row.number < number; });
    if (first == out_.rows.end() || first->number != from->second || static_cast<int>(first->cells.size()) <= from->first) return;
    const std::string value = first->cells[from->first];
    if (value.empty()) return;
    bool used = false;
    for (auto row = first + 1; row != out_.rows.end() && row->number <= to->second; ++row) {
      if (static_cast<int>(row->cells.size()) <= from->first) row->cells.resize(from->first + 1);
      if (!row->cells[from->first].empty()) continue;
      size_ += value.size();
      if (size_ > kMaxText) return Refuse(TooMuch());
      row->cells[from->first] = value;
      used = true;
    }
    if (used) ++merged_;
  }

  const RawLimits limits_;
  const std::vector<std::string>& strings_;
  const std::vector<Format>& formats_;
  const bool from_1904_;
  RawTable& out_;
  RawRow row_;
  int column_ = -1, style_ = 0;
  std::string type_, value_;
  RichText text_;
  bool in_cell_ = false, in_value_ = false, formula_ = false, row_hidden_ = false;
  int hidden_rows_ = 0, merged_ = 0, merges_ = 0;
  size_t size_ = 0;
};

std::nullopt_t Tell(CellErrors& errors, const Refusal& refusal) {
  errors.Add({.reason = refusal.reason, .english = refusal.english, .japanese = refusal.japanese});
  return std::nullopt;
}

// The sheet that is asked for, or why there is none.
std::optional<size_t> Choose(const Workbook& workbook, const std::string& wanted, CellErrors& errors) {
  for (size_t i = 0; i < workbook.sheets.size(); ++i) {
    const Workbook::Sheet& sheet = workbook.sheets[i];
    if (wanted.empty() ? !sheet.hidden : sheet.name == wanted) return i;
  }
  std::vector<std::string> names;
  for (const Workbook::Sheet& sheet : workbook.sheets) names.push_back(sheet.name);
  errors.Add({.value = wanted,
              .reason = "SHEET_NOT_FOUND",
              .english = wanted.empty() ? "The file has no visible sheet." : absl::StrCat("There is no such sheet; there are: ", absl::StrJoin(names, ", "), "."),
              .japanese = wanted.empty() ? "表示されているシートがありません。" : absl::StrCat("そのシートはありません。あるのは次のシートです: ", absl::StrJoin(names, "、"))});
  return std::nullopt;
}

}  // namespace

std::optional<RawTable> ReadXlsx(std::string_view bytes, const std::string& wanted, const RawLimits& limits, CellErrors& errors) {
  std::optional<Package> package = Package::Open(bytes);
  if (!package) return Tell(errors, NotAWorkbook());
  Relations root("");
  if (const auto refusal = package->Read("_rels/.rels", root)) return Tell(errors, *refusal);
  const std::string main = root.First("officeDocument");
  Workbook workbook;
  Relations parts(main);
  if (const auto refusal = package->Read(main, workbook)) return Tell(errors, *refusal);
  if (const auto refusal = package->Read(Relations::PartOf(main), parts)) return Tell(errors, *refusal);
  // Sheets of charts and macros have no rows.
  std::erase_if(workbook.sheets, [&](const Workbook::Sheet& sheet) {
    const auto part = parts.all.find(sheet.relation);
    return part == parts.all.end() || part->second.type != "worksheet" || !package->Has(part->second.part);
  });
  if (workbook.sheets.empty()) return Tell(errors, NotAWorkbook());
  RawTable table;
  for (const Workbook::Sheet& sheet : workbook.sheets) {
    if (IsUtf8(sheet.name)) table.sheets.push_back(sheet.name);
  }
  const std::optional<size_t> chosen = Choose(workbook, wanted, errors);
  if (!chosen) return std::nullopt;
  table.sheet = workbook.sheets[*chosen].name;
  Styles styles;
  SharedStrings strings;
  if (const auto refusal = package->Read(parts.First("styles"), styles)) return Tell(errors, *refusal);
  if (const auto refusal = package->Read(parts.First("sharedStrings"), strings)) return Tell(errors, *refusal);
  SheetReader reader(limits, strings.all, styles.formats, workbook.from_1904, table);
  if (const auto refusal = package->Read(parts.all[workbook.sheets[*chosen].relation].part, reader)) return Tell(errors, *refusal);
  if (reader.hidden_rows() > 0) {
    table.warnings.push_back({.value = std::to_string(reader.hidden_rows()),
                              .reason = "HIDDEN_ROWS",
                              .english = absl::StrCat(reader.hidden_rows(), " rows are hidden in the spreadsheet; they are read too."),
                              .japanese = absl::StrCat("表計算ソフトで非表示の行が", reader.hidden_rows(), "行あります。これらも読み込みます。")});
  }
  if (reader.merged() > 0) {
    table.warnings.push_back({.value = std::to_string(reader.merged()),
                              .reason = "MERGED_CELLS",
                              .english = absl::StrCat(reader.merged(), " groups of cells are merged over several rows; the value counts for each of them."),
                              .japanese = absl::StrCat("縦に結合したセルが", reader.merged(), "か所あります。値は結合したすべての行のものとして読みます。")});
  }
  return table;
}

}  // namespace kubari::tables
