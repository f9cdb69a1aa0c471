// One JSON object per line on stderr, written with one write(2) so that lines of many threads and processes never mix:
//
//   log::Info("reserved", {{"lot", lot.id}, {"items", 12}, {"milliseconds", 3.5}});
//   {"time":"2026-04-01T02:03:04.567890Z","severity":"INFO","service":"stock","request_id":"9f…","network":"0190…","message":"reserved",…}
//
// Anything that looks like one of our tokens ("kbs_…", "kbk_…") is replaced before it is written. Never log payloads.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace kubari::log {

enum class Severity { kDebug, kInfo, kWarning, kError };

// A text, whole number, fraction or truth value. Texts must be UTF-8; other bytes become U+FFFD.
class Value {
 public:
  template <typename T>
  Value(const T& value) {  // NOLINT: implicit, so that fields read as {"items", 12}
    if constexpr (std::is_same_v<T, bool>) {
      value_ = value;
    } else if constexpr (std::is_integral_v<T>) {
      value_ = static_cast<int64_t>(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      value_ = static_cast<double>(value);
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      value_ = std::string(std::string_view(value));
    } else {
      value_ = std::string(value.data(), value.size());  // absl::string_view
    }
  }
  const std::variant<std::string, int64_t, double, bool>& get() const { return value_; }

 private:
  std::variant<std::string, int64_t, double, bool> value_;
};

struct Field {
  std::string_view key;
  Value value;
};
using Fields = std::initializer_list<Field>;

// Set once in main, before threads start. Lines below `minimum` are not written (kInfo unless set).
void SetService(std::string name);
void SetMinimum(Severity minimum);
// "debug", "info", "warning" or "error"; false if it is none of them.
bool ParseSeverity(std::string_view text, Severity* severity);

void Debug(std::string_view message, Fields fields = {});
void Info(std::string_view message, Fields fields = {});
void Warning(std::string_view message, Fields fields = {});
void Error(std::string_view message, Fields fields = {});

// What the lines of this thread are about. libs/rpc sets it for each call; it is not inherited by new threads.
struct Context {
  std::string request_id;
  std::string network_id;
};
// Sets the context of this thread and puts the former one back at the end of the scope.
class ScopedContext {
 public:
  explicit ScopedContext(Context context);
  ~ScopedContext();
  ScopedContext(const ScopedContext&) = delete;
  ScopedContext& operator=(const ScopedContext&) = delete;

 private:
  Context former_;
};

// A JSON string literal with its quotes; invalid UTF-8 becomes U+FFFD.
std::string JsonString(std::string_view text);

// For tests: lines go to `sink` (without the newline) instead of stderr until it is reset with nullptr.
void SetSinkForTesting(std::function<void(const std::string&)> sink);

}  // namespace kubari::log
