// The application, traced: every system call of every one of its threads and children is shown when
// it has been made. Nothing of the application is changed by that but its speed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "guest/loader/app/registers.h"
#include "guest/loader/app/tracee.h"

namespace bpfmatrix::guest {

struct SystemCall {
  Tracee tracee;
  /// The process (thread group) that the thread belongs to: it is what has descriptors.
  pid_t process = 0;
  std::uint64_t number = 0;
  std::array<std::uint64_t, 6> arguments{};
  std::int64_t result = 0;

  int error() const { return result < 0 ? static_cast<int>(-result) : 0; }
};

struct AppLine {
  std::vector<std::string> argv{};
  /// NAME=VALUE
  std::vector<std::string> environment{};
};

class Tracer {
 public:
  using OnCall = std::function<void(const SystemCall&)>;

  /// Starts the application in a process group of its own, `output` as its standard output and
  /// error, `input` as its standard input. Error: it could not be started, or not traced.
  static Result<Tracer> start(const AppLine& application, int input, int output, OnCall on_call);

  /// Takes every stop there is, without waiting for one. Call it whenever SIGCHLD came.
  void take_stops();
  /// The last process of the application is about to end by itself, and stands still until
  /// let_end(): what it has attached is attached yet.
  bool about_to_end() const { return held_ != 0; }
  /// From now on it may end.
  void let_end();
  /// Every thread has been in the same system call for so long.
  bool all_waiting(std::chrono::milliseconds at_least) const;
  bool alive() const { return !threads_.empty(); }
  std::set<pid_t> processes() const;
  /// To all of the application's own process group.
  void send(int signal) const;
  /// To each process of it, wherever it went.
  void kill_all() const;
  /// As waitpid() has it; once the process that was started has ended.
  std::optional<int> status() const { return status_; }

 private:
  struct Thread {
    pid_t process = 0;
    std::optional<SyscallRegisters> entered{};
    std::chrono::steady_clock::time_point entered_at{};
  };

  Tracer(pid_t main, OnCall on_call) : main_(main), on_call_(std::move(on_call)) {}
  Thread& thread(pid_t id);
  void take_stop(pid_t id, int status);
  void take_end(pid_t id, int status);
  void take_exec(pid_t id);
  /// False: it is to stand still.
  bool take_syscall(pid_t id);
  bool ends_app(const Thread& thread) const;
  static void resume(pid_t id, int signal);

  pid_t main_;
  OnCall on_call_;
  std::map<pid_t, Thread> threads_{};
  std::optional<int> status_{};
  bool may_end_ = false;
  pid_t held_ = 0;
};

}  // namespace bpfmatrix::guest
