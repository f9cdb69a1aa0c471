#include "libs/log/log.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <mutex>
#include <utility>

#include "libs/log/utf8.h"

namespace kubari::log {
namespace {

std::string service_name;  // set in main before threads start
std::atomic<Severity> minimum_severity = Severity::kInfo;
thread_local Context context;

std::mutex sink_mutex;
std::function<void(const std::string&)> sink;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Tokens are "kbs_" or "kbk_" and 43 characters of base64url (libs/auth/tokens.h).
std::string WithoutTokens(std::string text) {
  for (const std::string_view prefix : {"kbs_", "kbk_"}) {
    for (size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
      const size_t begin = at + prefix.size();
      size_t end = begin;
      while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '-' || text[end] == '_')) {
        ++end;
      }
      at = begin;
      if (end - begin >= 16) {
        text.replace(begin, end - begin, "(redacted)");
        at = begin + 10;
      }
    }
  }
  return text;
}

std::string Json(const Value& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return JsonString(WithoutTokens(v));
        } else if constexpr (std::is_same_v<T, bool>) {
          return v ? "true" : "false";
        } else if constexpr (std::is_same_v<T, double>) {
          return std::isfinite(v) ? absl::StrFormat("%.10g", v) : "null";
        } else {
          return absl::StrCat(v);
        }
      },
      value.get());
}

void Write(Severity severity, std::string_view message, Fields fields) {
  if (severity < minimum_severity.load(std::memory_order_relaxed)) return;
  static constexpr const char* kNames[] = {"DEBUG", "INFO", "WARNING", "ERROR"};
  std::string line = absl::StrCat("{\"time\":\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone()),
                                  "\",\"severity\":\"", kNames[static_cast<int>(severity)], "\"");
  const auto add = [&line](std::string_view key, const Value& value) {
    absl::StrAppend(&line, ",", JsonString(key), ":", Json(value));
  };
  if (!service_name.empty()) add("service", service_name);
  if (!context.request_id.empty()) add("request_id", context.request_id);
  if (!context.network_id.empty()) add("network", context.network_id);
  add("message", message);
  for (const Field& field : fields) add(field.key, field.value);
  line += "}";

  {
    const std::lock_guard lock(sink_mutex);
    if (sink) return sink(line);
  }
  line += "\n";
  // A line that cannot be written is lost: a program must not fail because nobody reads its log.
  for (size_t written = 0; written < line.size();) {
    const ssize_t count = ::write(STDERR_FILENO, line.data() + written, line.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    written += static_cast<size_t>(count);
  }
}

}  // namespace

void SetService(std::string name) { service_name = std::move(name); }
void SetMinimum(Severity minimum) { minimum_severity = minimum; }

bool ParseSeverity(std::string_view text, Severity* severity) {
  static constexpr std::pair<std::string_view, Severity> kAll[] = {{"debug", Severity::kDebug},
                                                                   {"info", Severity::kInfo},
                                                                   {"warning", Severity::kWarning},
                                                                   {"error", Severity::kError}};
  for (const auto& [name, value] : kAll) {
    if (text == name) return *severity = value, true;
  }
  return false;
}

void Debug(std::string_view message, Fields fields) { Write(Severity::kDebug, message, fields); }
void Info(std::string_view message, Fields fields) { Write(Severity::kInfo, message, fields); }
void Warning(std::string_view message, Fields fields) { Write(Severity::kWarning, message, fields); }
void Error(std::string_view message, Fields fields) { Write(Severity::kError, message, fields); }

ScopedContext::ScopedContext(Context next) : former_(std::exchange(context, std::move(next))) {}
ScopedContext::~ScopedContext() { context = std::move(former_); }

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    const unsigned char c = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      out += kReplacement;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c == 0x7F) {
      absl::StrAppendFormat(&out, "\\u%04x", c);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + "\"";
}

void SetSinkForTesting(std::function<void(const std::string&)> next) {
  const std::lock_guard lock(sink_mutex);
  sink = std::move(next);
}

}  // namespace kubari::log
