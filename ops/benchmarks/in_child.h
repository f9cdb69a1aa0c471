// A measurement in a process of its own, with an end to its processor time and its own peak of memory.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <type_traits>

namespace kubari::bench {

template <typename Result>
struct Measured {
  std::optional<Result> result;  // none: the time was up
  long megabytes = 0;            // the largest resident set
};

// `measure` runs in a fork and returns plain numbers.
template <typename Measure, typename Result = std::invoke_result_t<Measure>>
Measured<Result> InChild(int most_seconds, const Measure& measure) {
  static_assert(std::is_trivially_copyable_v<Result>);
  Measured<Result> measured;
  int ends[2];
  if (pipe(ends) != 0) return measured;
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit{static_cast<rlim_t>(most_seconds), static_cast<rlim_t>(most_seconds)};
    setrlimit(RLIMIT_CPU, &limit);
    const Result result = measure();
    const bool written = write(ends[1], &result, sizeof result) == sizeof result;
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  if (child > 0) {
    Result result;
    if (read(ends[0], &result, sizeof result) == sizeof result) measured.result = result;
    rusage usage;
    wait4(child, nullptr, 0, &usage);
    measured.megabytes = usage.ru_maxrss / 1024;
  }
  close(ends[0]);
  return measured;
}

}  // namespace kubari::bench
