#include "vm/vm.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "base/child_process.h"
#include "base/deadline.h"
#include "base/fd.h"
#include "vm/console_buffer.h"

namespace bpfmatrix {

using std::chrono::milliseconds;

namespace {

/// How long a guest that has closed its channel may take to finish its panic, reset and be gone.
constexpr milliseconds kLastWords{1500};
constexpr milliseconds kGrace{500};
constexpr std::size_t kMaxStderr = 16 << 10;

/// Reads console and QEMU's standard error to their ends on a thread of its own: a guest whose
/// console is not read stops.
class Listener {
 public:
  Listener(Fd console, Fd qemu_stderr, ConsoleLog log)
      : console_(std::move(console)), errors_(std::move(qemu_stderr)), log_(std::move(log)) {}
  /// QEMU must be gone, else this waits for it.
  ~Listener() { join(); }

  /// Not in the constructor: the thread holds on to `this`.
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  std::string console() const {
    const std::lock_guard lock(mutex_);
    return buffer_.text();
  }
  /// All that QEMU has sent by now, of which the thread may not know yet.
  std::string console_since(std::uint64_t bytes) {
    while (take_console()) {
    }
    const std::lock_guard lock(mutex_);
    return buffer_.text_since(bytes);
  }
  std::uint64_t console_bytes() const {
    const std::lock_guard lock(mutex_);
    return buffer_.total_bytes();
  }
  void show_on(int fd) { shown_on_ = fd; }
  std::string qemu_stderr() const {
    const std::lock_guard lock(mutex_);
    return error_text_;
  }

 private:
  void run() {
    while (console_.valid() || errors_.valid()) {
      std::array<pollfd, 2> fds{{{console_.get(), POLLIN, 0}, {errors_.get(), POLLIN, 0}}};
      if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
      if (fds[0].revents != 0) take_console();
      if (fds[1].revents != 0) take_stderr();
    }
  }

  /// False: there is nothing to read now, or ever. Any thread may call it.
  bool take_console() {
    const std::lock_guard lock(mutex_);
    const std::string_view bytes = read_some(console_);
    show(bytes);
    buffer_.append(bytes);
    log_.append(bytes);
    return !bytes.empty();
  }

  void show(std::string_view bytes) const {
    const int fd = shown_on_;
    while (fd >= 0 && !bytes.empty()) {
      const ssize_t n = ::write(fd, bytes.data(), bytes.size());
      if (n < 0 && errno != EINTR) return;
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  void take_stderr() {
    const std::lock_guard lock(mutex_);
    const std::string_view bytes = read_some(errors_);
    error_text_ += bytes.substr(0, kMaxStderr - error_text_.size());
  }

  std::string_view read_some(Fd& fd) {
    const ssize_t n = ::recv(fd.get(), block_.data(), block_.size(), MSG_DONTWAIT);
    if (n > 0) return {block_.data(), static_cast<std::size_t>(n)};
    if (n == 0 || (errno != EINTR && errno != EAGAIN)) fd.reset();
    return {};
  }

  Fd console_;
  Fd errors_;
  ConsoleLog log_;
  std::array<char, 32 << 10> block_{};
  mutable std::mutex mutex_{};
  ConsoleBuffer buffer_{};
  std::string error_text_{};
  std::atomic<int> shown_on_ = -1;
  std::thread thread_{};
};

/// False at the end of the stream, which poll also calls readable.
bool has_bytes(int fd) {
  char byte = 0;
  return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

/// The connections, our ends and QEMU's.
struct Sockets {
  std::pair<Fd, Fd> console = socket_pair();
  std::pair<Fd, Fd> virtio = socket_pair();
  std::pair<Fd, Fd> serial = socket_pair();
  std::pair<Fd, Fd> errors = socket_pair();
  std::pair<Fd, Fd> monitor = socket_pair();

  bool valid() const {
    return console.first.valid() && virtio.first.valid() && serial.first.valid() &&
           errors.first.valid() && monitor.first.valid();
  }
};

}  // namespace

struct Vm::State {
  // Destroyed from the bottom up: QEMU first, then the listener, which waits for QEMU's end.
  Listener listener;
  ChildProcess qemu;
  FdChannel virtio;
  FdChannel serial;
  Qmp monitor;
  /// The console's other direction; the listener has the socket for itself.
  Fd keyboard;
  Clock::time_point started;
  /// The kernel in it had booted before this machine began, and need not say a word.
  bool booted_before;
  std::optional<ChannelKind> connected{};
  milliseconds ready_after{};

  FdChannel& channel(ChannelKind kind) {
    switch (kind) {
      case ChannelKind::virtio:
        return virtio;
      case ChannelKind::serial:
        return serial;
    }
    return serial;
  }
};

Vm::Vm(std::unique_ptr<State> state) : state_(std::move(state)) {}
Vm::Vm(Vm&&) noexcept = default;
Vm& Vm::operator=(Vm&&) noexcept = default;
Vm::~Vm() = default;

Result<Vm> Vm::start(const VmSpec& spec) { return start(spec, Fd()); }

Result<Vm> Vm::start(const VmSpec& spec, const Fd& ram) {
  assert(spec.wiring == Wiring::sockets);
  assert(ram.valid() == (spec.ram != Ram::own));
  ConsoleLog log;
  if (!spec.console_log.empty()) {
    Result<ConsoleLog> opened = ConsoleLog::open(spec.console_log);
    if (!opened) return std::move(opened).error();
    log = *std::move(opened);
  }
  Sockets sockets;
  if (!sockets.valid()) return Error{fmt::format("socketpair: {}", ::strerror(errno))};
  const Clock::time_point started = Clock::now();
  Command command{.argv = qemu_argv(spec),
                  .fds = {{2, sockets.errors.second.get()},
                          {kConsoleFd, sockets.console.second.get()},
                          {kVirtioFd, sockets.virtio.second.get()},
                          {kSerialFd, sockets.serial.second.get()}}};
  if (spec.ram != Ram::own) {
    command.fds.emplace_back(kMonitorFd, sockets.monitor.second.get());
    command.fds.emplace_back(kRamFd, ram.get());
  }
  Result<ChildProcess> qemu = ChildProcess::start(command);
  if (!qemu) {
    Error error = std::move(qemu).error();
    error.hint = fmt::format("install the package that holds '{}'", qemu_program(spec.arch));
    return error;
  }
  Fd keyboard(::fcntl(sockets.console.first.get(), F_DUPFD_CLOEXEC, 0));
  auto state = std::unique_ptr<State>(new State{
      Listener(std::move(sockets.console.first), std::move(sockets.errors.first), std::move(log)),
      *std::move(qemu), FdChannel(std::move(sockets.virtio.first)),
      FdChannel(std::move(sockets.serial.first)), Qmp(std::move(sockets.monitor.first)),
      std::move(keyboard), started, spec.ram == Ram::clone});
  state->listener.start();
  return Vm(std::move(state));  // QEMU's ends close here: from now on its end is ours to see
}

Result<Channel*> Vm::connect(Clock::time_point deadline) {
  std::array<pollfd, 2> fds{{{state_->virtio.fd(), POLLIN, 0}, {state_->serial.fd(), POLLIN, 0}}};
  constexpr std::array kKinds{ChannelKind::virtio, ChannelKind::serial};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    const int ready = ::poll(fds.data(), fds.size(), milliseconds_until(deadline));
    if (ready == 0) return Error{"the agent did not speak before the deadline"};
    if (ready < 0 && errno != EINTR) return Error{fmt::format("poll: {}", ::strerror(errno))};
    for (std::size_t i = 0; ready > 0 && i < fds.size(); ++i) {
      if ((fds[i].revents & POLLIN) != 0 && has_bytes(fds[i].fd)) {
        state_->connected = kKinds[i];
        state_->ready_after =
            std::chrono::duration_cast<milliseconds>(Clock::now() - state_->started);
        return static_cast<Channel*>(&state_->channel(kKinds[i]));
      }
      if (fds[i].revents != 0) fds[i].fd = -1;  // closed; poll passes over it
    }
  }
  return Error{"the machine ended before the agent spoke"};
}

ChannelKind Vm::channel_kind() const {
  assert(state_->connected);
  return *state_->connected;
}

Channel& Vm::channel(ChannelKind kind) { return state_->channel(kind); }
Qmp& Vm::monitor() { return state_->monitor; }
pid_t Vm::qemu_pid() const { return state_->qemu.pid(); }
milliseconds Vm::ready_after() const { return state_->ready_after; }
std::string Vm::console() const { return state_->listener.console(); }
std::string Vm::console_since(std::uint64_t bytes) const {
  return state_->listener.console_since(bytes);
}
std::uint64_t Vm::console_bytes() const { return state_->listener.console_bytes(); }

void Vm::kill() { state_->qemu.kill(); }

void Vm::show_console(int fd) { state_->listener.show_on(fd); }

bool Vm::type(std::string_view keys) {
  while (!keys.empty()) {
    const ssize_t n = ::send(state_->keyboard.get(), keys.data(), keys.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) keys.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

VmExit Vm::stop(Stop why, std::string detail) { return classify_exit(end(why, std::move(detail))); }

ExitFacts Vm::end(Stop why, std::string detail) {
  ExitFacts facts{.stop = why, .detail = std::move(detail)};
  facts.qemu = state_->qemu.wait(why == Stop::channel_lost ? kLastWords : milliseconds(0));
  if (!facts.qemu) state_->qemu.stop(kGrace);
  state_->listener.join();
  facts.console = state_->listener.console();
  facts.booted_before = state_->booted_before;
  facts.qemu_stderr = state_->listener.qemu_stderr();
  return facts;
}

}  // namespace bpfmatrix
