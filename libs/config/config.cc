#include "libs/config/config.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "libs/log/log.h"

#ifndef KUBARI_VERSION
#error "KUBARI_VERSION comes from CMakeLists.txt"
#endif

namespace kubari::config {
namespace {

std::string EnvironmentName(std::string_view option) {
  std::string name = "KUBARI_";
  for (const char c : option) name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

bool ParseBool(const std::string& text, bool* value) {
  if (text == "true" || text == "1" || text == "yes") return *value = true, true;
  if (text == "false" || text == "0" || text == "no") return *value = false, true;
  return false;
}

bool IsHostPort(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  const std::string host = text.substr(0, colon);
  const std::string port = text.substr(colon + 1);
  int number = 0;
  const bool digits = !port.empty() && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || !absl::SimpleAtoi(port, &number) || number > 65'535) return false;
  const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
  return bracketed || host.find_first_of(":[]/ \t") == std::string::npos;
}

bool ReadFile(const std::string& path, std::string* content) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  content->assign(std::istreambuf_iterator<char>(file), {});
  return !file.bad();
}

}  // namespace

std::string Version() { return KUBARI_VERSION; }

Options::Options(std::string program, std::string description)
    : program_(std::move(program)), description_(std::move(description)) {}

void Options::Add(Option option) { options_.push_back(std::move(option)); }

Options::Option* Options::Find(std::string_view name) {
  const auto found = std::find_if(options_.begin(), options_.end(), [&](const Option& o) { return o.name == name; });
  return found == options_.end() ? nullptr : &*found;
}

void Options::String(std::string name, std::string* value, std::string help, Traits traits) {
  Add({.name = std::move(name),
       .help = std::move(help),
       .expected = "a text",
       .traits = traits,
       .parse = [value](const std::string& text) { return *value = text, true; },
       .print = [value] { return *value; }});
}

void Options::Int(std::string name, int* value, int lo, int hi, std::string help, Traits traits) {
  Add({.name = std::move(name),
       .help = std::move(help),
       .expected = absl::StrCat("a whole number from ", lo, " to ", hi),
       .traits = traits,
       .parse = [=](const std::string& text) { return absl::SimpleAtoi(text, value) && *value >= lo && *value <= hi; },
       .print = [value] { return absl::StrCat(*value); }});
}

void Options::Bool(std::string name, bool* value, std::string help) {
  Add({.name = std::move(name),
       .help = std::move(help),
       .expected = "true or false",
       .is_bool = true,
       .parse = [value](const std::string& text) { return ParseBool(text, value); },
       .print = [value] { return std::string(*value ? "true" : "false"); }});
}

void Options::Duration(std::string name, absl::Duration* value, std::string help, Traits traits) {
  Add({.name = std::move(name),
       .help = std::move(help),
       .expected = "a duration such as 250ms, 1.5s or 2m",
       .traits = traits,
       .parse = [value](const std::string& text) {
         return absl::ParseDuration(text, value) && *value >= absl::ZeroDuration() && *value < absl::InfiniteDuration();
       },
       .print = [value] { return absl::FormatDuration(*value); }});
}

void Options::HostPort(std::string name, std::string* value, std::string help, Traits traits) {
  Add({.name = std::move(name),
       .help = std::move(help),
       .expected = "host:port such as 127.0.0.1:7100",
       .traits = traits,
       .parse = [value](const std::string& text) { return IsHostPort(text) && (*value = text, true); },
       .print = [value] { return *value; }});
}

void Options::File(std::string name, std::string* value, std::string help, Traits traits) {
  Add({.name = std::move(name),
       .help = std::move(help),
       .expected = "the path of a file that can be read",
       .traits = traits,
       .parse = [value](const std::string& text) {
         std::string content;
         return ReadFile(text, &content) && (*value = text, true);
       },
       .print = [value] { return *value; }});
}

void Options::Choice(std::string name, std::string* value, std::vector<std::string> choices, std::string help) {
  Add({.name = std::move(name),
       .help = std::move(help),
       .expected = absl::StrCat("one of ", absl::StrJoin(choices, ", ")),
       .parse = [value, choices](const std::string& text) {
         return std::find(choices.begin(), choices.end(), text) != choices.end() && (*value = text, true);
       },
       .print = [value] { return *value; }});
}

void Options::Rule(std::function<std::string()> rule) { rules_.push_back(std::move(rule)); }

absl::Status Options::Read(const std::vector<std::string>& arguments, const Environment& environment) {
  std::vector<std::string> problems;
  struct Given {
    std::string text;
    std::string where;
  };
  std::map<std::string, Given> given;  // by option, also "x-file" of a secret "x"
  const auto secret_of_file = [&](std::string_view name) -> Option* {
    if (name.size() < 6 || name.substr(name.size() - 5) != "-file") return nullptr;
    Option* option = Find(name.substr(0, name.size() - 5));
    return option != nullptr && option->traits.secret ? option : nullptr;
  };

  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, 2) == "--" ? argument.substr(2, equals == std::string::npos ? equals : equals - 2) : "";
    const Option* option = Find(name);
    if (option == nullptr && secret_of_file(name) == nullptr) {
      problems.push_back(absl::StrCat(name.empty() ? absl::StrCat("\"", argument, "\"") : absl::StrCat("--", name),
                                      " is not known; --help lists what is"));
      // What follows an unknown flag without "=" is probably its value.
      if (equals == std::string::npos && i + 1 < arguments.size() && arguments[i + 1].substr(0, 2) != "--") ++i;
      continue;
    }
    std::string text;
    if (equals != std::string::npos) {
      text = argument.substr(equals + 1);
    } else if (option != nullptr && option->is_bool) {
      const bool value_follows = i + 1 < arguments.size() && arguments[i + 1].substr(0, 2) != "--";
      text = value_follows ? arguments[++i] : "true";
    } else if (i + 1 < arguments.size()) {
      text = arguments[++i];
    } else {
      problems.push_back(absl::StrCat("--", name, " is without a value; expected ", option == nullptr ? "a path" : option->expected));
      given[name] = {};  // reported already, so not also "missing"
      continue;
    }
    if (given.count(name) > 0) {
      problems.push_back(absl::StrCat("--", name, " is given twice; expected once"));
    }
    given[name] = {text, absl::StrCat("--", name)};
  }

  const auto from_environment = [&](const std::string& name) {
    const std::string variable = EnvironmentName(name);
    const char* text = environment(variable.c_str());
    if (text != nullptr && *text != '\0') given.try_emplace(name, Given{text, variable});
  };
  for (Option& option : options_) {
    const std::string file_name = option.name + "-file";
    // A flag for the file wins over the environment for the value.
    if (given.count(option.name) == 0 && !(option.traits.secret && given.count(file_name) > 0)) {
      from_environment(option.name);
      if (option.traits.secret && given.count(option.name) == 0) from_environment(file_name);
    }
    if (option.traits.secret && given.count(file_name) > 0) {
      const Given& file = given[file_name];
      if (file.where.empty()) continue;
      std::string content;
      if (!ReadFile(file.text, &content)) {
        problems.push_back(absl::StrCat(file.where, " is \"", file.text, "\"; expected the path of a file that can be read"));
        continue;
      }
      if (given.count(option.name) > 0) {
        problems.push_back(absl::StrCat("--", option.name, " and --", file_name, " are both given; expected one of them"));
      }
      while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) content.pop_back();
      given[option.name] = {content, file.where};
    }
    const auto found = given.find(option.name);
    if (found == given.end()) {
      if (option.traits.required) {
        problems.push_back(absl::StrCat("--", option.name, " (", EnvironmentName(option.name), ") is missing; expected ",
                                        option.expected, ": ", option.help));
      }
      continue;
    }
    if (found->second.where.empty()) continue;
    option.source = found->second.where;
    if (!option.parse(found->second.text)) {
      const std::string shown = option.traits.secret ? "(secret)" : absl::StrCat("\"", found->second.text, "\"");
      problems.push_back(absl::StrCat(option.source, " is ", shown, "; expected ", option.expected));
    }
  }

  for (const auto& rule : rules_) {
    if (std::string problem = rule(); !problem.empty()) problems.push_back(std::move(problem));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

std::optional<int> Options::ReadOrExit(int argc, const char* const* argv) {
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  for (const std::string& argument : arguments) {
    if (argument == "--help") return std::fputs(Help().c_str(), stdout), 0;
    if (argument == "--version") return std::printf("%s %s\n", program_.c_str(), Version().c_str()), 0;
  }
  const absl::Status status = Read(arguments, [](const char* name) { return std::getenv(name); });
  if (status.ok()) return std::nullopt;
  for (const auto& line : absl::StrSplit(status.message(), '\n')) {
    std::fprintf(stderr, "%s: %s\n", program_.c_str(), std::string(line).c_str());
  }
  return 2;
}

std::string Options::Help() const {
  std::string help = absl::StrCat(program_, " ", Version(), ": ", description_, "\n\nOptions (flag, environment variable):\n");
  for (const Option& option : options_) {
    const std::string value = option.print();
    const std::string standing = option.traits.required ? "required"
                                 : option.traits.secret ? "no default"
                                 : value.empty()        ? "none by default"
                                                        : absl::StrCat("default ", value);
    absl::StrAppend(&help, "  --", option.name, "  ", EnvironmentName(option.name), "\n      ", option.help, "; ", option.expected,
                    " (", standing, ")\n");
    if (option.traits.secret) absl::StrAppend(&help, "      --", option.name, "-file reads it from a file\n");
  }
  absl::StrAppend(&help, "  --help\n  --version\n");
  return help;
}

void Options::LogSummary() const {
  std::string summary;
  for (const Option& option : options_) {
    const std::string value = !option.traits.secret ? option.print() : option.print().empty() ? "(not set)" : "(secret)";
    absl::StrAppend(&summary, summary.empty() ? "" : " ", option.name, "=", value,
                    option.source == "default" ? "" : absl::StrCat(" [", option.source, "]"));
  }
  log::Info("options in use", {{"program", program_}, {"version", Version()}, {"options", summary}});
}

}  // namespace kubari::config
