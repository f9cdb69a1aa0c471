// SQL text as a constant, and C++ values as its parameters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace kubari::pg {

// SQL with parameters $1, $2, …, prepared once per connection when it is first used there. The constructor runs at
// compile time only, so a statement is always a literal of the program and never glued from pieces:
//   constexpr pg::Statement kFindLot{"SELECT code, use_by FROM lots WHERE network_id = $1 AND lot_id = $2"};
class Statement {
 public:
  consteval Statement(const char* text) : text_(text), hash_(14695981039346656037ull) {  // NOLINT: implicit on purpose
    for (const char* p = text; *p != '\0'; ++p) hash_ = (hash_ ^ static_cast<unsigned char>(*p)) * 1099511628211ull;
  }
  constexpr const char* text() const { return text_; }
  // FNV-1a, 64 bits: the prepared statement's name.
  constexpr uint64_t hash() const { return hash_; }

 private:
  const char* text_;
  uint64_t hash_;
};

// Raw bytes for and from a `bytea` column. (A std::string parameter is text.)
struct Bytes {
  std::string value;
  friend bool operator==(const Bytes&, const Bytes&) = default;
};

// One parameter as it goes to the server. No text: NULL.
struct Param {
  std::optional<std::string> text;
  bool binary = false;
};
using Params = std::vector<Param>;

namespace internal {

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsVector = false;
template <typename T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <typename T>
inline constexpr bool kNever = false;

std::string FormatInstant(absl::Time time);

// PostgreSQL's text form of one value that is not NULL.
template <typename T>
std::string ScalarText(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "t" : "f";
  } else if constexpr (std::is_same_v<T, char>) {
    static_assert(kNever<T>, "pass a string or a number");
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return absl::StrFormat("%.17g", value);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return std::string(std::string_view(value));
  } else if constexpr (std::is_same_v<T, absl::string_view>) {
    return std::string(value.data(), value.size());
  } else if constexpr (std::is_same_v<T, absl::Time>) {
    return FormatInstant(value);
  } else if constexpr (std::is_same_v<T, absl::CivilDay>) {
    return absl::FormatCivilTime(value);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return "\\x" + absl::BytesToHexString(value.value);
  } else {
    static_assert(kNever<T>, "no SQL form for this type; see libs/pg/params.h");
  }
}

// Elements are always quoted: then no text can be taken for NULL, a comma or a brace.
inline void AppendElement(std::string& array, const std::optional<std::string>& text) {
  if (array.size() > 1) array += ',';
  if (!text) {
    array += "NULL";
    return;
  }
  array += '"';
  for (const char c : *text) {
    if (c == '"' || c == '\\') array += '\\';
    array += c;
  }
  array += '"';
}

template <typename T>
Param ToParam(const T& value) {
  if constexpr (std::is_same_v<T, std::nullopt_t>) {
    return {};
  } else if constexpr (kIsOptional<T>) {
    return value ? ToParam(*value) : Param{};
  } else if constexpr (kIsVector<T>) {
    using Element = typename T::value_type;
    std::string array = "{";
    for (const Element& element : value) {
      if constexpr (kIsOptional<Element>) {
        AppendElement(array, element ? std::optional(ScalarText(*element)) : std::nullopt);
      } else {
        AppendElement(array, ScalarText(element));
      }
    }
    return {array + "}"};
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return {value.value, /*binary=*/true};
  } else {
    return {ScalarText(value)};
  }
}

}  // namespace internal

// Values as parameters, in order: integers, bool, double, text (std::string, std::string_view, literals), absl::Time
// (timestamptz), absl::CivilDay (date), Bytes (bytea), std::optional of those (nullopt: NULL), std::vector of those or
// of their optionals (arrays of one dimension; in SQL say the type, as in `unnest($1::uuid[])`).
template <typename... Args>
Params MakeParams(const Args&... args) {
  Params params;
  params.reserve(sizeof...(args));
  (params.push_back(internal::ToParam<std::decay_t<const Args>>(args)), ...);
  return params;
}

// One statement with its parameters.
struct Call {
  Statement statement;
  Params params;
};

}  // namespace kubari::pg
