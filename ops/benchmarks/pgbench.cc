#include "ops/benchmarks/pgbench.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/end_to_end/process.h"

namespace kubari::bench {

namespace fs = std::filesystem;

Measured Pgbench(const std::string& script, const std::map<std::string, std::string>& variables, const std::string& conninfo,
                 const std::string& folder, int clients, absl::Duration time) {
  const fs::path logs = fs::path(folder) / absl::StrCat("pgbench-", clients);
  fs::create_directory(logs);
  std::vector<std::string> command = {"pgbench",
                                      "--no-vacuum",
                                      "--protocol=prepared",
                                      absl::StrCat("--client=", clients),
                                      absl::StrCat("--jobs=", std::min(clients, 2)),
                                      absl::StrCat("--time=", absl::ToInt64Seconds(time)),
                                      "--log",
                                      "--log-prefix=" + (logs / "log").string(),
                                      "--file=" + script};
  for (const auto& [name, value] : variables) command.push_back(absl::StrCat("--define=", name, "=", value));
  command.push_back(conninfo);
  const end_to_end::Finished finished = end_to_end::RunProgram(command, {{"PGOPTIONS", "-c search_path=stock,public"}}, time + absl::Minutes(1));
  if (finished.exit_code != 0) {
    std::fprintf(stderr, "kubari-bench-ledger: pgbench failed:\n%s\n", finished.output.c_str());
    std::exit(1);
  }
  // "client transaction microseconds script seconds microseconds"
  std::vector<double> milliseconds;
  for (const auto& entry : fs::directory_iterator(logs)) {
    std::ifstream log(entry.path());
    for (std::string line; std::getline(log, line);) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ');
      double microseconds = 0;
      if (words.size() > 2 && absl::SimpleAtod(words[2], &microseconds)) milliseconds.push_back(microseconds / 1'000);
    }
  }
  std::error_code ignored;
  fs::remove_all(logs, ignored);
  Measured measured;
  measured.calls = static_cast<int64_t>(milliseconds.size());
  measured.calls_per_second = static_cast<double>(measured.calls) / absl::ToDoubleSeconds(time);
  measured.p50 = Percentile(milliseconds, 0.5);
  measured.p99 = Percentile(milliseconds, 0.99);
  return measured;
}

}  // namespace kubari::bench
