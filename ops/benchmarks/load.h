// Callers and what they see.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <functional>
#include <string>
#include <vector>

namespace kubari::bench {

struct Measured {
  double calls_per_second = 0;
  // Milliseconds from send to answer, as the caller sees it. At a given rate: from the moment it was to be sent, so a
  // caller that is late because of the call before counts its waiting too.
  double p50 = 0;
  double p99 = 0;
  int64_t calls = 0;
  // Not counted above.
  int64_t failed = 0;
  std::string first_failure;
};

// One caller's call; made once for each caller, on its own thread.
using Call = std::function<absl::Status()>;
using MakeCall = std::function<Call(int caller)>;

// `callers` threads for half a second of warming up and then `time`. rate 0: a closed loop, each sends its next call
// when the last one is answered; else they send so many calls a second together, evenly.
Measured Load(int callers, absl::Duration time, const MakeCall& make_call, double rate = 0);

// p in 0…1 of values in any order; 0 if there are none.
double Percentile(std::vector<double>& values, double p);

}  // namespace kubari::bench
