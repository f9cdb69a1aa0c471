// The options of one binary: declared in one list, read once in main from flags and from the environment.
//
//   config::Options options("kubari-stock", "The ledger of all movements.");
//   options.HostPort("listen", &settings.listen, "where calls are accepted");
//   options.Int("workers", &settings.workers, 1, 512, "threads, and connections to the database");
//   if (std::optional<int> exit = options.ReadOrExit(argc, argv)) return *exit;
//
// A flag is --name=value or --name value (a bool also --name alone); its environment variable is KUBARI_NAME with "-" as "_". Flags win over the
// environment, the environment over the default, which is what the variable holds when it is declared. An empty environment
// variable counts as not set. An unknown flag is an error; unknown environment variables are not.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kubari::config {

struct Traits {
  // Must be given; the declared default does not count.
  bool required = false;
  // Never printed. A secret "x" may also be given by --x-file=path (KUBARI_X_FILE): the file's content without trailing newlines.
  bool secret = false;
};

class Options {
 public:
  Options(std::string program, std::string description);

  // The pointers must outlive the last call of Read().
  void String(std::string name, std::string* value, std::string help, Traits traits = {});
  // lo <= value <= hi.
  void Int(std::string name, int* value, int lo, int hi, std::string help, Traits traits = {});
  // true, false, 1, 0, yes, no; the flag alone means true.
  void Bool(std::string name, bool* value, std::string help);
  // As absl writes it: 250ms, 1.5s, 2m, 24h. Not negative.
  void Duration(std::string name, absl::Duration* value, std::string help, Traits traits = {});
  // host:port or [ipv6]:port; port 0 to 65535 (0: any free one).
  void HostPort(std::string name, std::string* value, std::string help, Traits traits = {});
  // The path of a file that exists and can be read; an empty default means none.
  void File(std::string name, std::string* value, std::string help, Traits traits = {});
  // One of `choices`.
  void Choice(std::string name, std::string* value, std::vector<std::string> choices, std::string help);
  // A rule over several options, judged after each was read: returns what is wrong in one sentence, or "".
  void Rule(std::function<std::string()> rule);

  // Sets all variables. INVALID_ARGUMENT whose message tells *everything* that is wrong, one problem per line: what is there and what
  // was expected. `environment` is getenv in production.
  using Environment = std::function<const char*(const char*)>;
  absl::Status Read(const std::vector<std::string>& arguments, const Environment& environment);

  // Reads from argv and the real environment. Returns the code to exit with after --help or --version (0) or after printing what is
  // wrong to stderr (2); nothing if the program should go on.
  std::optional<int> ReadOrExit(int argc, const char* const* argv);

  std::string Help() const;
  // One JSON log line with every value in use and where it came from; secrets show only whether they are set.
  void LogSummary() const;

 private:
  struct Option {
    std::string name;
    std::string help;
    std::string expected;  // completes "expected …"
    Traits traits;
    bool is_bool = false;
    std::function<bool(const std::string&)> parse;  // sets the variable; false if the text is not as expected
    std::function<std::string()> print;
    std::string source = "default";
  };
  void Add(Option option);
  Option* Find(std::string_view name);

  std::string program_;
  std::string description_;
  std::vector<Option> options_;
  std::vector<std::function<std::string()>> rules_;
};

// What --version prints and the server logs.
std::string Version();

}  // namespace kubari::config
