#include "libs/pg/result.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/pg/status.h"

namespace kubari::pg {

int64_t Result::affected() const {
  int64_t count = 0;
  if (result_ && !internal::ParseInt(PQcmdTuples(result_.get()), &count)) count = 0;
  return count;
}

bool Row::IsNull(int column) const { return PQgetisnull(result_->result_.get(), row_, column) != 0; }

void Row::Fail(int column, const char* name, const char* what) const {
  if (!result_->failure_ || !result_->failure_->ok()) return;
  const char* known = name != nullptr ? name : PQfname(result_->result_.get(), column);
  *result_->failure_ = internal::Mistake(
      absl::StrCat("column ", known != nullptr ? known : absl::StrCat(column), ", row ", row_, ": ", what));
}

namespace internal {
namespace {

constexpr Oid kByteaOid = 17;
constexpr Oid kByteaArrayOid = 1001;

}  // namespace

bool IsBytea(Oid type) { return type == kByteaOid || type == kByteaArrayOid; }

bool ParseInt(std::string_view text, int64_t* out) {
  return absl::SimpleAtoi(absl::string_view(text.data(), text.size()), out);
}

bool ParseDouble(std::string_view text, double* out) {
  return absl::SimpleAtod(absl::string_view(text.data(), text.size()), out);
}

// The session has datestyle ISO and time zone UTC, so the text is "2027-03-31 12:00:00.25+00".
bool ParseInstant(std::string_view text, absl::Time* out) {
  if (text == "infinity" || text == "-infinity") {
    *out = text == "infinity" ? absl::InfiniteFuture() : absl::InfinitePast();
    return true;
  }
  if (text.size() < 3 || text.substr(text.size() - 3) != "+00") return false;
  return absl::ParseTime("%Y-%m-%d %H:%M:%E*S", absl::string_view(text.data(), text.size() - 3), out, nullptr);
}

std::string FormatInstant(absl::Time time) {
  if (time == absl::InfiniteFuture()) return "infinity";
  if (time == absl::InfinitePast()) return "-infinity";
  return absl::FormatTime("%Y-%m-%d %H:%M:%E6S+00", time, absl::UTCTimeZone());
}

bool ParseDay(std::string_view text, absl::CivilDay* out) {
  return text.size() == 10 && absl::ParseCivilTime(absl::string_view(text.data(), text.size()), out);
}

bool ParseHex(std::string_view text, std::string* out) {
  if (text.size() < 2 || text.size() % 2 != 0 || text.substr(0, 2) != "\\x") return false;
  const auto nibble = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  out->clear();
  out->reserve(text.size() / 2 - 1);
  for (size_t i = 2; i < text.size(); i += 2) {
    const int high = nibble(text[i]), low = nibble(text[i + 1]);
    if (high < 0 || low < 0) return false;
    out->push_back(static_cast<char>(high << 4 | low));
  }
  return true;
}

bool ParseArray(std::string_view text, std::vector<std::optional<std::string>>* out) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return false;
  size_t i = 1;
  const size_t end = text.size() - 1;
  while (i < end) {
    std::string element;
    const bool quoted = text[i] == '"';
    if (quoted) {
      for (++i; i < end && text[i] != '"'; ++i) {
        if (text[i] == '\\') ++i;
        element += text[i];
      }
      if (i >= end) return false;
      ++i;
    } else {
      for (; i < end && text[i] != ','; ++i) {
        if (text[i] == '{') return false;  // more than one dimension
        element += text[i];
      }
    }
    if (!quoted && element == "NULL") {
      out->push_back(std::nullopt);
    } else {
      out->push_back(std::move(element));
    }
    if (i < end && text[i++] != ',') return false;
  }
  return true;
}

}  // namespace internal
}  // namespace kubari::pg
