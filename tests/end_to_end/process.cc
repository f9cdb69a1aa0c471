#include "tests/end_to_end/process.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

extern char** environ;

namespace kubari::end_to_end {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "end_to_end: %s\n", what.c_str());
  std::abort();
}

// argv and envp, made before fork: after it only what is safe in a process with threads.
class Prepared {
 public:
  Prepared(const std::vector<std::string>& command, const Environment& added) : command_(command) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string line = *entry;
      if (added.count(line.substr(0, line.find('='))) == 0) lines_.push_back(line);
    }
    for (const auto& [name, value] : added) lines_.push_back(absl::StrCat(name, "=", value));
    for (std::string& word : command_) argv_.push_back(word.data());
    for (std::string& line : lines_) envp_.push_back(line.data());
    argv_.push_back(nullptr);
    envp_.push_back(nullptr);
  }
  // A child in a process group of its own, which gets `death_signal` when the calling thread ends.
  int Spawn(int output, int death_signal) {
    const int parent = getpid();
    const int child = fork();
    if (child < 0) Die("fork failed");
    if (child > 0) return child;
    const int input = open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) _exit(126);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, death_signal);
    if (getppid() != parent) _exit(126);
    execvpe(argv_[0], argv_.data(), envp_.data());
    _exit(127);
  }

 private:
  std::vector<std::string> command_;
  std::vector<std::string> lines_;
  std::vector<char*> argv_, envp_;
};

int ExitCode(int state) { return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state); }

}  // namespace

Finished RunProgram(const std::vector<std::string>& command, const Environment& added, absl::Duration limit) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) Die("pipe failed");
  Prepared prepared(command, added);
  const int child = prepared.Spawn(ends[1], SIGKILL);
  close(ends[1]);
  Finished finished;
  const absl::Time give_up = absl::Now() + limit;
  bool killed = false;
  for (;;) {
    pollfd readable{.fd = ends[0], .events = POLLIN};
    const int count = poll(&readable, 1, 100);
    if (count > 0) {
      char buffer[4096];
      const ssize_t read_now = read(ends[0], buffer, sizeof(buffer));
      if (read_now <= 0) break;
      finished.output.append(buffer, read_now);
    }
    if (!killed && absl::Now() > give_up) {
      kill(-child, SIGKILL);
      killed = true;
      finished.output += absl::StrCat("\n(killed after ", absl::FormatDuration(limit), ")\n");
    }
  }
  close(ends[0]);
  int state = 0;
  waitpid(child, &state, 0);
  finished.exit_code = killed ? 124 : ExitCode(state);
  return finished;
}

std::vector<std::string> AsUnprivileged() {
  if (geteuid() != 0) return {};
  return {"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig=QUIT", "--"};
}

Supervisor::Supervisor() : watch_([this] { Watch(); }) {}

Supervisor::~Supervisor() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  watch_.join();
}

void Supervisor::Start(Program program) {
  const std::lock_guard lock(mutex_);
  children_.push_back(std::make_unique<Child>(Child{.program = std::move(program)}));
}

bool Supervisor::Signal(const std::string& name, int signal) {
  const std::lock_guard lock(mutex_);
  for (const auto& child : children_) {
    // It was not reaped yet, so the number is still its own.
    if (child->program.name == name && child->pid != 0) return kill(child->pid, signal) == 0;
  }
  return false;
}

int Supervisor::Starts(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  for (const auto& child : children_) {
    if (child->program.name == name) return child->starts;
  }
  Die("no program is named " + name);
}

void Supervisor::Launch(Child& child) {
  const int log = open(child.program.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) Die("cannot write " + child.program.log);
  child.pid = Prepared(child.program.command, child.program.added).Spawn(log, SIGKILL);
  ++child.starts;
  close(log);
}

void Supervisor::Reap(Child& child) {
  int state = 0;
  if (child.pid == 0 || waitpid(child.pid, &state, WNOHANG) != child.pid) return;
  child.pid = 0;
  child.not_before = absl::Now() + absl::Milliseconds(200);
}

void Supervisor::Watch() {
  for (;; absl::SleepFor(absl::Milliseconds(10))) {
    const std::lock_guard lock(mutex_);
    if (ending_) break;
    for (const auto& child : children_) {
      Reap(*child);
      if (child->pid == 0 && absl::Now() >= child->not_before) Launch(*child);
    }
  }
  const std::lock_guard lock(mutex_);
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
    if ((*child)->pid != 0) kill((*child)->pid, SIGCONT), kill((*child)->pid, (*child)->program.stop_signal);
    for (int i = 0; (*child)->pid != 0; ++i) {
      Reap(**child);
      if (i == 1'000) kill((*child)->pid, SIGKILL);
      if ((*child)->pid != 0) absl::SleepFor(absl::Milliseconds(10));
    }
  }
}

}  // namespace kubari::end_to_end
