#include "libs/tables/encoding.h"

#include <unicode/ucnv.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "libs/tables/text.h"

namespace kubari::tables {
namespace {

// ICU's name for what Microsoft calls code page 932.
constexpr char kCp932[] = "ibm-943_P15A-2003";

using Converter = std::unique_ptr<UConverter, decltype(&ucnv_close)>;

Converter Open(const char* name) {
  UErrorCode code = U_ZERO_ERROR;
  Converter converter(ucnv_open(name, &code), &ucnv_close);
  return U_SUCCESS(code) ? std::move(converter) : Converter(nullptr, &ucnv_close);
}

struct Conversion {
  std::string text;  // up to the first bytes that cannot be read
  bool whole = false;
};

Conversion Convert(const char* name, std::string_view bytes) {
  Conversion result;
  const Converter converter = Open(name);
  if (!converter) return result;
  UErrorCode code = U_ZERO_ERROR;
  ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &code);
  // No encoding here has more UTF-16 units than bytes.
  std::u16string units(bytes.size() + 1, u'\0');
  const char* source = bytes.data();
  UChar* target = units.data();
  ucnv_toUnicode(converter.get(), &target, units.data() + units.size(), &source, source + bytes.size(), nullptr,
                 /*flush=*/true, &code);
  result.whole = U_SUCCESS(code);
  const int32_t count = static_cast<int32_t>(target - units.data());
  result.text.resize(3 * static_cast<size_t>(count));
  int32_t size = 0;
  code = U_ZERO_ERROR;
  u_strToUTF8(result.text.data(), static_cast<int32_t>(result.text.size()), &size, units.data(), count, &code);
  result.text.resize(U_SUCCESS(code) ? size : 0);
  return result;
}

// The row, as a spreadsheet counts, in which the text ends.
int RowAtEnd(std::string_view text) { return 1 + static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

std::nullopt_t Refuse(CellErrors& errors, int row, std::string reason, std::string english, std::string japanese) {
  errors.Add({.row = row, .reason = std::move(reason), .english = std::move(english), .japanese = std::move(japanese)});
  return std::nullopt;
}

std::nullopt_t RefuseEncoding(CellErrors& errors, const Conversion& read, const std::string& encoding) {
  const int row = RowAtEnd(read.text);
  return Refuse(errors, row, "WRONG_ENCODING",
                absl::StrCat("From row ", row, " on the file is not ", encoding,
                             " text. Save it in the spreadsheet as .xlsx or as \"CSV UTF-8\"."),
                absl::StrCat(row, "行目に ", encoding,
                             " として読めない文字があります。表計算ソフトで .xlsx か「CSV UTF-8（コンマ区切り）」として保存し直してください。"));
}

std::nullopt_t RefuseBinary(CellErrors& errors) {
  return Refuse(errors, 0, "NOT_TEXT",
                "The file is neither a spreadsheet (.xlsx) nor text. Save it in the spreadsheet as .xlsx or as \"CSV UTF-8\".",
                "このファイルは Excel（.xlsx）でも CSV でもありません。表計算ソフトで .xlsx か「CSV "
                "UTF-8（コンマ区切り）」として保存し直してください。");
}

}  // namespace

std::optional<Decoded> Decode(std::string_view bytes, CellErrors& errors) {
  const bool little = bytes.starts_with("\xFF\xFE"), big = bytes.starts_with("\xFE\xFF");
  if (little || big) {
    Conversion read = Convert(little ? "UTF-16LE" : "UTF-16BE", bytes.substr(2));
    if (!read.whole) return RefuseEncoding(errors, read, "UTF-16");
    if (read.text.find('\0') != std::string::npos) return RefuseBinary(errors);
    return Decoded{.text = std::move(read.text), .encoding = "UTF-16"};
  }
  if (bytes.find('\0') != std::string_view::npos) return RefuseBinary(errors);
  if (bytes.starts_with("\xEF\xBB\xBF")) {
    bytes.remove_prefix(3);
    if (IsUtf8(bytes)) return Decoded{.text = std::string(bytes), .encoding = "UTF-8"};
    return RefuseEncoding(errors, Convert("UTF-8", bytes), "UTF-8");
  }
  if (IsUtf8(bytes)) return Decoded{.text = std::string(bytes), .encoding = "UTF-8"};
  Conversion read = Convert(kCp932, bytes);
  if (read.whole) return Decoded{.text = std::move(read.text), .encoding = "Shift_JIS"};
  // Which was meant? The one that goes further without a fault.
  const Conversion utf8 = Convert("UTF-8", bytes);
  return RowAtEnd(utf8.text) > RowAtEnd(read.text) ? RefuseEncoding(errors, utf8, "UTF-8")
                                                   : RefuseEncoding(errors, read, "UTF-8 / Shift_JIS");
}

Encoded EncodeShiftJis(std::string_view text) {
  Encoded encoded;
  const Converter converter = Open(kCp932);
  if (!converter) return encoded;
  UErrorCode code = U_ZERO_ERROR;
  ucnv_setFromUCallBack(converter.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &code);
  ucnv_setFallback(converter.get(), true);
  if (text.starts_with("\uFEFF")) text.remove_prefix(3);
  encoded.bytes.reserve(text.size());
  const char* const bytes = text.data();
  const int32_t size = static_cast<int32_t>(text.size());
  for (int32_t at = 0; at < size;) {
    const int32_t begin = at;
    UChar32 character = 0;
    U8_NEXT(bytes, at, size, character);
    if (character >= 0 && character < 0x80) {
      encoded.bytes.push_back(static_cast<char>(character));
      continue;
    }
    // Two code points stand for each of these; Windows' table has the other one.
    switch (character) {
      case 0x301C: character = 0xFF5E; break;  // ～
      case 0x2212: character = 0xFF0D; break;  // －
      case 0x2014: character = 0x2015; break;  // ―
      case 0x2016: character = 0x2225; break;  // ∥
      default: break;
    }
    UChar units[2];
    int32_t count = 0;
    if (character >= 0) U16_APPEND_UNSAFE(units, count, character);
    char out[8];
    code = U_ZERO_ERROR;
    const int32_t written = count == 0 ? 0 : ucnv_fromUChars(converter.get(), out, sizeof(out), units, count, &code);
    if (count > 0 && U_SUCCESS(code) && written > 0) {
      encoded.bytes.append(out, written);
      continue;
    }
    encoded.bytes.push_back('?');
    const std::string_view letter = text.substr(begin, at - begin);
    if (encoded.lacking.find(letter) == std::string::npos) encoded.lacking.append(letter);
  }
  return encoded;
}

}  // namespace kubari::tables
