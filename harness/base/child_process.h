// Another program, run as our child: it dies with us, and with the object that owns it.
// The one place that knows Boost.Process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/confinement.h"
#include "base/result.h"

namespace bpfmatrix {

struct Command {
  /// argv[0] is looked up in PATH unless it holds a slash.
  std::vector<std::string> argv{};
  /// (number in the child, our descriptor). What is not listed is closed in the child; 0, 1 and 2
  /// are /dev/null unless they are listed here.
  std::vector<std::pair<int, int>> fds{};
  /// NAME=VALUE, in place of our own value of NAME.
  std::vector<std::pair<std::string, std::string>> environment{};
  /// Where it runs; empty: where we do.
  std::filesystem::path directory{};
  /// Nothing: it may do what we may.
  std::optional<Confinement> confined{};
};

/// The command as a person would paste it into a shell.
std::string shell_quote(const std::vector<std::string>& argv);

struct ExitStatus {
  /// Exactly one of the two: the code it exited with, or the signal that ended it.
  std::optional<int> code{};
  std::optional<int> signal{};

  bool success() const { return code == 0; }
};
/// "exit code 1", "signal 9 (Killed)".
std::string to_string(const ExitStatus& status);

class ChildProcess {
 public:
  /// Does not block. The child is sent SIGKILL when the *thread* that called this ends
  /// (prctl(2), PR_SET_PDEATHSIG), so call it from one that outlives the child.
  /// Error: the program is not there or may not be run.
  static Result<ChildProcess> start(const Command& command);

  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) noexcept;
  /// Kills a child that still runs, and reaps it.
  ~ChildProcess();

  pid_t pid() const;
  /// Blocks until the child has ended, at most `timeout`; nothing if it still runs then.
  std::optional<ExitStatus> wait(std::chrono::milliseconds timeout);
  /// Does not wait for its end; the destructor does.
  void kill();
  /// Asks with SIGTERM, waits `grace`, then kills. Blocks until the child is gone.
  ExitStatus stop(std::chrono::milliseconds grace);

 private:
  struct State;
  explicit ChildProcess(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

struct CommandOutput {
  ExitStatus status{};
  std::string out{};
  std::string err{};
};

/// Runs `command` to its end with nothing on standard input. Blocks at most `timeout`.
/// Error: it did not start, did not end in time, or wrote more than `max_bytes` to one stream.
Result<CommandOutput> run_command(const Command& command, std::chrono::milliseconds timeout,
                                  std::size_t max_bytes = 16 << 20);

/// Where PATH has this program, or else /usr/sbin or /sbin, which an ordinary user's PATH leaves
/// out though what is there (bpftool, say) serves anybody; nothing if it is nowhere.
std::optional<std::filesystem::path> find_program(const std::string& name);

}  // namespace bpfmatrix
