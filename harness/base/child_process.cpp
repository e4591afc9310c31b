#include "base/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/env.hpp>
#include <boost/process/environment.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "base/deadline.h"
#include "base/fd.h"

namespace bpfmatrix {

namespace bp = boost::process;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int kFirstFreeFd = 200;  // above every number a Command asks for

/// Runs between fork and exec: async-signal-safe calls only. Moves every descriptor out of the way
/// first, because the number one is wanted under may be another one's source.
bool place_descriptors(std::vector<std::pair<int, int>>& fds) {
  for (auto& [target, source] : fds) {
    source = ::fcntl(source, F_DUPFD_CLOEXEC, kFirstFreeFd);
    if (source < 0) return false;
  }
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int standard = 0; standard <= 2; ++standard) {
    if (::dup2(null, standard) < 0) return false;
  }
  for (const auto& [target, source] : fds) {
    if (::dup2(source, target) < 0) return false;  // dup2 clears close-on-exec
  }
  return true;
}

/// Everything not handed over on purpose is closed at exec, whoever opened it without O_CLOEXEC.
void close_the_rest_on_exec(const std::vector<std::pair<int, int>>& fds) {
  constexpr unsigned kCloexec = 1U << 2;  // CLOSE_RANGE_CLOEXEC, v5.11
  ::syscall(SYS_close_range, 3U, ~0U, kCloexec);
  for (const auto& [target, source] : fds) {
    if (target > 2) ::fcntl(target, F_SETFD, 0);
  }
}

ExitStatus decode(int status) {
  if (WIFSIGNALED(status)) return ExitStatus{std::nullopt, WTERMSIG(status)};
  return ExitStatus{WEXITSTATUS(status), std::nullopt};
}

}  // namespace

std::string shell_quote(const std::vector<std::string>& argv) {
  const auto quoted = [](const std::string& word) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
  };
  std::vector<std::string> words;
  std::transform(argv.begin(), argv.end(), std::back_inserter(words), quoted);
  return fmt::format("{}", fmt::join(words, " "));
}

std::string to_string(const ExitStatus& status) {
  if (status.signal)
    return fmt::format("signal {} ({})", *status.signal, ::strsignal(*status.signal));
  return fmt::format("exit code {}", status.code.value_or(-1));
}

struct ChildProcess::State {
  bp::child child{};
  Fd pidfd{};
  std::optional<ExitStatus> ended{};

  void reap() {
    int status = 0;
    while (::waitpid(child.id(), &status, 0) < 0 && errno == EINTR) {
    }
    ended = decode(status);
    child.detach();  // reaped here, with its signal; Boost would only know a code
  }
};

ChildProcess::ChildProcess(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChildProcess::ChildProcess(ChildProcess&&) noexcept = default;
ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    if (state_ && !state_->ended) stop(std::chrono::milliseconds(0));
    state_ = std::move(other.state_);
  }
  return *this;
}

ChildProcess::~ChildProcess() {
  if (state_ && !state_->ended) stop(std::chrono::milliseconds(0));
}

pid_t ChildProcess::pid() const { return state_->child.id(); }

Result<ChildProcess> ChildProcess::start(const Command& command) {
  assert(!command.argv.empty());
  const std::string& name = command.argv.front();
  const auto program = name.find('/') == std::string::npos
                           ? find_program(name)
                           : std::optional<std::filesystem::path>(name);
  if (!program) return Error{fmt::format("'{}': no such program in PATH", name)};

  bp::environment environment = boost::this_process::environment();
  for (const auto& [key, value] : command.environment) environment[key] = value;
  std::vector<std::pair<int, int>> fds = command.fds;
  const pid_t parent = ::getpid();
  std::optional<ChildCage> cage;
  if (command.confined) cage.emplace(*command.confined);
  const auto setup = [&fds, &cage, &command, parent](auto& executor) {
    // Boost would go on to exec all the same.
    const auto give_up = [&executor](const char* what) {
      executor.set_error(std::error_code(errno, std::system_category()), what);
      ::_exit(127);
    };
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // the parent went before prctl could see it
    ::setpgid(0, 0);                          // ctrl-c is for us; we end our children ourselves
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (!command.directory.empty() && ::chdir(command.directory.c_str()) != 0) give_up("directory");
    if (!place_descriptors(fds)) give_up("descriptors");
    if (cage && !cage->enter()) give_up("confinement");
    close_the_rest_on_exec(fds);
  };

  auto state = std::make_unique<State>();
  std::error_code error;
  state->child = bp::child(bp::exe = program->string(),
                           bp::args = std::vector(command.argv.begin() + 1, command.argv.end()),
                           environment, error, bp::extend::on_exec_setup = setup);
  if (error) return Error{fmt::format("'{}': {}", name, error.message())};
  state->pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, state->child.id(), 0)));
  if (!state->pidfd.valid()) {
    const int reason = errno;
    ::kill(state->child.id(), SIGKILL);
    state->reap();
    return Error{fmt::format("pidfd_open: {}", ::strerror(reason))};
  }
  return ChildProcess(std::move(state));
}

std::optional<ExitStatus> ChildProcess::wait(std::chrono::milliseconds timeout) {
  if (state_->ended) return state_->ended;
  const Clock::time_point deadline = Clock::now() + timeout;
  pollfd poll_fd{state_->pidfd.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&poll_fd, 1, milliseconds_until(deadline));
  } while (ready < 0 && errno == EINTR);
  if (ready > 0) state_->reap();
  return state_->ended;
}

void ChildProcess::kill() {
  if (!state_->ended) ::kill(pid(), SIGKILL);
}

ExitStatus ChildProcess::stop(std::chrono::milliseconds grace) {
  if (state_->ended) return *state_->ended;
  if (grace.count() > 0) {
    ::kill(pid(), SIGTERM);
    if (const auto status = wait(grace)) return *status;
  }
  kill();
  state_->reap();
  return *state_->ended;
}

namespace {

/// One end of a pipe, read to its end into a bounded string.
struct Capture {
  Fd read_end{};
  Fd write_end{};
  std::string bytes{};

  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = Fd(ends[0]);
    write_end = Fd(ends[1]);
    return true;
  }

  /// Takes what is there; closes at the end.
  void take() {
    char block[64 * 1024];
    const ssize_t n = ::read(read_end.get(), block, sizeof block);
    if (n > 0) bytes.append(block, static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) read_end.reset();
  }
};

}  // namespace

Result<CommandOutput> run_command(const Command& command, std::chrono::milliseconds timeout,
                                  std::size_t max_bytes) {
  const Clock::time_point deadline = Clock::now() + timeout;
  Capture captures[2];
  if (!captures[0].open() || !captures[1].open()) {
    return Error{fmt::format("pipe: {}", ::strerror(errno))};
  }
  Command piped = command;
  piped.fds.emplace_back(1, captures[0].write_end.get());
  piped.fds.emplace_back(2, captures[1].write_end.get());
  Result<ChildProcess> child = ChildProcess::start(piped);
  if (!child) return std::move(child).error();
  for (Capture& capture : captures) capture.write_end.reset();

  while (captures[0].read_end.valid() || captures[1].read_end.valid()) {
    pollfd fds[2];
    for (int i = 0; i < 2; ++i) fds[i] = {captures[i].read_end.get(), POLLIN, 0};
    const int ready = ::poll(fds, 2, milliseconds_until(deadline));
    if (ready == 0) break;
    for (int i = 0; ready > 0 && i < 2; ++i) {
      if (fds[i].revents != 0) captures[i].take();
      if (captures[i].bytes.size() > max_bytes) {
        return Error{
            fmt::format("'{}': wrote more than {} bytes", command.argv.front(), max_bytes)};
      }
    }
  }
  const auto status = child->wait(std::chrono::milliseconds(milliseconds_until(deadline)));
  if (!status) {
    return Error{
        fmt::format("'{}': did not end within {} ms", command.argv.front(), timeout.count())};
  }
  return CommandOutput{*status, std::move(captures[0].bytes), std::move(captures[1].bytes)};
}

std::optional<std::filesystem::path> find_program(const std::string& name) {
  // Not boost::process::search_path: that one needs the compiled Boost.Filesystem library.
  const char* path = ::getenv("PATH");
  std::stringstream folders(std::string(path != nullptr ? path : "/usr/bin:/bin") +
                            ":/usr/sbin:/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::filesystem::path candidate = std::filesystem::path(folder) / name;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(candidate, ignored) &&
        ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return std::nullopt;
}

}  // namespace bpfmatrix
