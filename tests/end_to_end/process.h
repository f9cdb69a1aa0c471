// Programs that tests start: one that is run to its end, and many that are kept running.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kubari::end_to_end {

using Environment = std::map<std::string, std::string>;

struct Finished {
  // 128 + N if signal N ended it; 124 if it was killed at the limit.
  int exit_code = 0;
  // stdout and stderr as they came.
  std::string output;
};

// Runs a program (found by PATH) with these variables added to this process's own, without input; kills it and its group at the limit.
Finished RunProgram(const std::vector<std::string>& command, const Environment& added = {}, absl::Duration limit = absl::Minutes(4));

// In front of a command that must not run as root, as PostgreSQL: changes to the user postgres. Empty if this is not root.
std::vector<std::string> AsUnprivileged();

// Keeps programs running: one that ends, however it ends, is started again a moment later. They end with this object and with this
// process.
class Supervisor {
 public:
  struct Program {
    std::string name;
    std::vector<std::string> command;
    Environment added;
    // stdout and stderr are added to this file.
    std::string log;
    // Asks it to end.
    int stop_signal = 15;
  };

  Supervisor();
  // Stops all, the last started first.
  ~Supervisor();

  void Start(Program program);
  // Sends SIGKILL, SIGSTOP, …; false if it is not running just now.
  bool Signal(const std::string& name, int signal);
  // How often it was started.
  int Starts(const std::string& name) const;

 private:
  struct Child {
    Program program;
    int pid = 0;
    int starts = 0;
    bool wanted = true;
    absl::Time not_before = absl::InfinitePast();
  };
  void Watch();
  // Both with the lock held.
  void Launch(Child& child);
  void Reap(Child& child);

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Child>> children_;
  bool ending_ = false;
  // Starts them all: the kernel ends a child when the thread that made it ends.
  std::thread watch_;
};

}  // namespace kubari::end_to_end
