// From elements to codes.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "libs/gs1/ai_table.h"
#include "libs/gs1/element.h"
#include "libs/gs1/gs1.h"

namespace kubari::gs1 {
namespace {

absl::Status Check(const std::vector<Element>& elements) {
  Problems problems;
  if (elements.empty()) problems.Add("BARCODE_EMPTY", "", 0, "The code holds nothing.", "コードに内容がありません。");
  for (auto element = elements.begin(); element != elements.end(); ++element) {
    CheckElement(*element, Positions(), 0, problems);
    for (auto earlier = elements.begin(); earlier != element; ++earlier) {
      const std::string_view ai = element->ai;
      if (earlier->ai == ai) {
        problems.Add("BARCODE_CONFLICT", ai, 0, absl::StrCat(EnglishName(ai), " is there twice."),
                     absl::StrCat(JapaneseName(ai), "が二つあります。"));
        break;
      }
      if (SayTheSame(earlier->ai, ai)) {
        problems.Add(
            "BARCODE_CONFLICT", ai, 0,
            absl::StrCat(EnglishName(earlier->ai), " and ", EnglishName(ai), " say the same thing twice."),
            absl::StrCat(JapaneseName(earlier->ai), "と", JapaneseName(ai), "は同じ項目で、二重になっています。"));
      }
    }
  }
  return problems.status();
}

absl::Status Bad(std::string english, std::string japanese) {
  Problems problems;
  problems.Add("BARCODE_FORMAT", "", 0, std::move(english), std::move(japanese));
  return problems.status();
}

// All but RFC 3986's unreserved characters.
std::string PercentEncode(std::string_view value) {
  std::string encoded;
  for (const char c : value) {
    if (absl::ascii_isalnum(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
      encoded.push_back(c);
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", c & 0xFF);
    }
  }
  return encoded;
}

}  // namespace

absl::StatusOr<std::string> ElementString(const std::vector<Element>& elements) {
  if (auto status = Check(elements); !status.ok()) return status;
  std::string text;
  for (const Element& element : elements) {
    absl::StrAppend(&text, element.ai, element.value);
    if (&element != &elements.back() && !HasPredefinedLength(element.ai)) text.push_back(kFnc1);
  }
  return text;
}

absl::StatusOr<std::string> Bracketed(const std::vector<Element>& elements) {
  if (auto status = Check(elements); !status.ok()) return status;
  std::string text;
  for (const Element& element : elements) {
    absl::StrAppend(&text, "(", element.ai, ")", absl::StrReplaceAll(element.value, {{"(", "\\("}}));
  }
  return text;
}

absl::StatusOr<std::string> DigitalLink(std::string_view base, const std::vector<Element>& elements) {
  if (auto status = Check(elements); !status.ok()) return status;
  const absl::string_view start(base.data(), base.size());
  if ((!absl::StartsWith(start, "https://") && !absl::StartsWith(start, "http://")) ||
      base.find_first_of("?#") != std::string_view::npos || base.back() == '/') {
    return Bad("The base of a Digital Link must be a web address without ?, # and a slash at the end.",
               "Digital Link の基になるアドレスは、? や # を含まず、末尾が / でないものにしてください。");
  }
  std::vector<Element> rest = elements;
  const auto take = [&rest](std::string_view ai) -> std::optional<Element> {
    const auto found =
        std::find_if(rest.begin(), rest.end(), [ai](const Element& element) { return element.ai == ai; });
    if (found == rest.end()) return std::nullopt;
    Element element = std::move(*found);
    rest.erase(found);
    return element;
  };
  const LinkKey* key = nullptr;
  for (const Element& element : elements) {
    const LinkKey* candidate = FindLinkKey(element.ai);
    if (candidate != nullptr && key != nullptr) {
      return Bad(absl::StrCat("A Digital Link has one key, but here are ", EnglishName(key->ai), " and ",
                              EnglishName(element.ai), "."),
                 absl::StrCat("Digital Link のキーは一つですが、", JapaneseName(key->ai), "と",
                              JapaneseName(element.ai), "があります。"));
    }
    if (candidate != nullptr) key = candidate;
  }
  if (key == nullptr) {
    return Bad("A Digital Link needs a key such as (01) or (00).",
               "Digital Link には (01) や (00) のようなキーが必要です。");
  }
  std::string link(base);
  const auto into_path = [&link](const Element& element) {
    absl::StrAppend(&link, "/", element.ai, "/", PercentEncode(element.value));
  };
  into_path(*take(key->ai));
  for (const auto& order : key->qualifiers) {
    bool any = false;
    for (const std::string_view ai : order) {
      if (const auto element = take(ai)) {
        into_path(*element);
        any = true;
      }
    }
    if (any) break;  // the alternatives exclude each other
  }
  const char* separator = "?";
  Problems problems;
  for (const Element& element : rest) {
    if (!MayStandInLinkQuery(element.ai)) {
      problems.Add(
          "BARCODE_FORMAT", element.ai, 0,
          absl::StrCat(EnglishName(element.ai), " has no place in a Digital Link of ", EnglishName(key->ai), "."),
          absl::StrCat(JapaneseName(element.ai), "は、", JapaneseName(key->ai),
                       "の Digital Link には入れられません。"));
    }
    absl::StrAppend(&link, separator, element.ai, "=", PercentEncode(element.value));
    separator = "&";
  }
  if (!problems.empty()) return problems.status();
  return link;
}

}  // namespace kubari::gs1
