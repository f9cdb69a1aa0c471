// Rows that a statement returned, with typed getters.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "libs/pg/params.h"

namespace kubari::pg {

class Row;

// Cheap to copy; the rows live as long as a copy does.
class Result {
 public:
  Result() = default;
  // `failure` receives the first problem of a getter; the transaction reads it before it commits.
  Result(PGresult* result, std::shared_ptr<absl::Status> failure)
      : result_(result, PQclear), failure_(std::move(failure)) {}

  int size() const { return result_ ? PQntuples(result_.get()) : 0; }
  bool empty() const { return size() == 0; }
  Row operator[](int index) const;

  // Rows that an INSERT, UPDATE or DELETE touched, or that a SELECT returned.
  int64_t affected() const;

  class Iterator;
  Iterator begin() const;
  Iterator end() const;

 private:
  friend class Row;
  std::shared_ptr<PGresult> result_;
  std::shared_ptr<absl::Status> failure_;
};

// A view of one row; valid while its Result lives.
//
// Columns are named as in the SELECT list, or counted from 0. T is one of: std::string (any type; a bytea is decoded),
// std::string_view (the server's text as it is), integers, bool, double, absl::Time, absl::CivilDay, Bytes, std::vector
// of those (arrays of one dimension), std::optional of any of those (NULL: nullopt).
//
// A column that is not there, a NULL without std::optional, or a value that does not fit T is a mistake in the program,
// not in the data: the getter returns T{}, and the transaction does not commit but fails with INTERNAL, naming the
// column (see DetailOf).
class Row {
 public:
  Row(const Result* result, int row) : result_(result), row_(row) {}

  template <typename T>
  T Get(const char* name) const {
    return Decode<T>(PQfnumber(result_->result_.get(), name), name);
  }
  template <typename T>
  T Get(int column) const {
    return Decode<T>(column, nullptr);
  }
  bool IsNull(const char* name) const { return IsNull(PQfnumber(result_->result_.get(), name)); }
  // A column that is not there is null.
  bool IsNull(int column) const;

 private:
  template <typename T>
  T Decode(int column, const char* name) const;
  void Fail(int column, const char* name, const char* what) const;

  const Result* result_;
  int row_;
};

class Result::Iterator {
 public:
  Iterator(const Result* result, int row) : result_(result), row_(row) {}
  Row operator*() const { return Row(result_, row_); }
  Iterator& operator++() {
    ++row_;
    return *this;
  }
  bool operator!=(const Iterator& other) const { return row_ != other.row_; }

 private:
  const Result* result_;
  int row_;
};

inline Row Result::operator[](int index) const { return Row(this, index); }
inline Result::Iterator Result::begin() const { return {this, 0}; }
inline Result::Iterator Result::end() const { return {this, size()}; }

namespace internal {

bool ParseInt(std::string_view text, int64_t* out);
bool ParseDouble(std::string_view text, double* out);
bool ParseInstant(std::string_view text, absl::Time* out);
bool ParseDay(std::string_view text, absl::CivilDay* out);
bool ParseHex(std::string_view text, std::string* out);  // "\x0aff"
bool ParseArray(std::string_view text, std::vector<std::optional<std::string>>* out);
bool IsBytea(Oid type);  // bytea or bytea[]

// The value of a text in PostgreSQL's output form; `type` is the column's type.
template <typename T>
bool Parse(std::string_view text, Oid type, T* out) {
  if constexpr (std::is_same_v<T, bool>) {
    *out = text == "t";
    return text == "t" || text == "f";
  } else if constexpr (std::is_integral_v<T>) {
    int64_t wide = 0;
    if (!ParseInt(text, &wide)) return false;
    *out = static_cast<T>(wide);
    return static_cast<int64_t>(*out) == wide;
  } else if constexpr (std::is_same_v<T, double>) {
    return ParseDouble(text, out);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (IsBytea(type)) return ParseHex(text, out);
    *out = std::string(text);
    return true;
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    *out = text;
    return true;
  } else if constexpr (std::is_same_v<T, absl::Time>) {
    return ParseInstant(text, out);
  } else if constexpr (std::is_same_v<T, absl::CivilDay>) {
    return ParseDay(text, out);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return ParseHex(text, &out->value);
  } else if constexpr (kIsVector<T>) {
    using Element = typename T::value_type;
    std::vector<std::optional<std::string>> elements;
    if (!ParseArray(text, &elements)) return false;
    for (const std::optional<std::string>& element : elements) {
      if constexpr (kIsOptional<Element>) {
        typename Element::value_type value{};
        if (element && !Parse(*element, type, &value)) return false;
        out->push_back(element ? Element(std::move(value)) : std::nullopt);
      } else {
        static_assert(!std::is_same_v<Element, std::string_view>, "elements need std::string");
        Element value{};
        if (!element || !Parse(*element, type, &value)) return false;
        out->push_back(std::move(value));
      }
    }
    return true;
  } else {
    static_assert(kNever<T>, "no C++ form for this type; see libs/pg/result.h");
  }
}

}  // namespace internal

template <typename T>
T Row::Decode(int column, const char* name) const {
  const PGresult* result = result_->result_.get();
  if (row_ < 0 || row_ >= PQntuples(result) || column < 0 || column >= PQnfields(result)) {
    Fail(column, name, "there is no such row or column");
    return T{};
  }
  const bool null = PQgetisnull(result, row_, column) != 0;
  const std::string_view text(PQgetvalue(result, row_, column), PQgetlength(result, row_, column));
  if constexpr (internal::kIsOptional<T>) {
    if (null) return std::nullopt;
    typename T::value_type value{};
    if (!internal::Parse(text, PQftype(result, column), &value))
      Fail(column, name, "the value does not fit the C++ type");
    return value;
  } else {
    T value{};
    if (null) {
      Fail(column, name, "the value is NULL, and the C++ type is not std::optional");
    } else if (!internal::Parse(text, PQftype(result, column), &value)) {
      Fail(column, name, "the value does not fit the C++ type");
    }
    return value;
  }
}

}  // namespace kubari::pg
