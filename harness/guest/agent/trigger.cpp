#include "guest/agent/trigger.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>

#include "base/fd.h"
#include "guest/agent/child_wait.h"
#include "guest/agent/trigger_scene.h"
#include "guest/common/system.h"

namespace bpfmatrix::guest {

namespace {

constexpr std::int64_t kTriggerMs = 5000;
// On loopback the handshake is over when connect() returns, unless somebody drops its packets.
constexpr int kConnectMs = 100;
constexpr long kTimerNs = 5'000'000;
constexpr const char* kExecutable = "/init";

class SharedScene {
 public:
  SharedScene()
      : memory_(::mmap(nullptr, sizeof(Scene), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                       -1, 0)) {}
  SharedScene(const SharedScene&) = delete;
  SharedScene& operator=(const SharedScene&) = delete;
  ~SharedScene() {
    if (valid()) ::munmap(memory_, sizeof(Scene));
  }
  bool valid() const { return memory_ != MAP_FAILED; }
  volatile Scene& get() const { return *static_cast<volatile Scene*>(memory_); }

 private:
  void* memory_;
};

std::int64_t or_errno(std::int64_t result) { return result < 0 ? -errno : result; }

sockaddr_in loopback_address(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(kAddress);
  return address;
}

/// A socket of this type at this port of loopback.
Fd bound_socket(int type, std::uint16_t port) {
  Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback_address(port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fd.reset();
  }
  return fd;
}

/// Where the connection and the datagram end up when nothing drops their packets.
struct Listeners {
  Fd stream = bound_socket(SOCK_STREAM, kPort);
  Fd datagram = bound_socket(SOCK_DGRAM, kPort);
  Listeners() { ::listen(stream.get(), 1); }
};

/// What became of a connect() that does not block; that it took too long is -ETIMEDOUT.
std::int64_t connection_result(int fd) {
  pollfd wait{fd, POLLOUT, 0};
  if (::poll(&wait, 1, kConnectMs) <= 0) return -ETIMEDOUT;
  int error = 0;
  socklen_t bytes = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
  return -error;
}

void touch_file(volatile Scene& scene) {
  const long fd = ::syscall(SYS_openat, AT_FDCWD, kFile, kFlags, kMode);
  record(scene, "openat", or_errno(fd));
  if (fd >= 0) record(scene, "close", or_errno(::close(static_cast<int>(fd))));
#ifdef SYS_unlink
  // x86_64 has both calls; whichever a program looks at, it is made. arm64 has the second only.
  record(scene, "unlink", or_errno(::syscall(SYS_unlink, kFile)));
#endif
  record(scene, "unlinkat", or_errno(::syscall(SYS_unlinkat, AT_FDCWD, kFile, 0)));
}

void make_connection(volatile Scene& scene) {
  const Fd low(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const Fd fd(::fcntl(low.get(), F_DUPFD_CLOEXEC, kFirstDescriptor));
  const sockaddr_in address = loopback_address(kPort);
  scene.fd = fd.get();
  const std::int64_t ret =
      or_errno(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  scene.ret = ret;
  record(scene, "connect", ret);
  record(scene, "connected", connection_result(fd.get()));
}

void send_datagram(volatile Scene& scene) {
  const Fd fd = bound_socket(SOCK_DGRAM, kSourcePort);
  const sockaddr_in address = loopback_address(kPort);
  const ssize_t sent = ::sendto(fd.get(), kPayload.data(), kPayload.size(), 0,
                                reinterpret_cast<const sockaddr*>(&address), sizeof address);
  record(scene, "sendto", or_errno(sent));
}

/// Long enough for a timer that was started by a call above, and for a tick of the clock that the
/// loader attaches perf_event programs to (4 ms).
void let_timers_pass(volatile Scene& scene) {
  const timespec time{0, kTimerNs};
  record(scene, "nanosleep", or_errno(::nanosleep(&time, nullptr)));
}

/// The standard streams of what is executed lead nowhere: the agent's are the console. In the
/// parent, so that the process that is observed opens one file only.
void close_streams() {
  const int null = ::open("/dev/null", O_RDWR);
  for (int standard = 0; standard <= 2; ++standard) ::dup2(null, standard);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// argv, filled in before the fork: what allocates happens there.
struct Ending {
  std::vector<std::string> words{};
  std::vector<char*> argv{};

  explicit Ending(const std::vector<std::string>& command) : words(command) {
    if (words.empty()) words = {kExecutable, std::string(kEndAtOnce)};
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
  }
};

/// After a fork the pages of the parent are there and, on processors that leave the note of an
/// access to the kernel (arm64 before 8.1), out of reach for a program that must not fault. Who
/// executes something has looked at its name.
void touch(const Ending& ending) {
  for (const volatile char* word : ending.argv) {
    while (word != nullptr && *word != '\0') ++word;
  }
}

/// The process whose values are the truth.
[[noreturn]] void act(volatile Scene& scene, const Ending& ending) {
  ::prctl(PR_SET_NAME, kComm.data());
  record(scene, "getpid", ::syscall(SYS_getpid));
  touch_file(scene);
  make_connection(scene);
  send_datagram(scene);
  let_timers_pass(scene);
  touch(ending);
  char* const environment[] = {nullptr};
  const unsigned at = scene.done;
  // Before it is made: who succeeds in it does not come back.
  record(scene, "execve", 0);
  ::execve(ending.argv[0], ending.argv.data(), environment);
  scene.operations[at].ret = -errno;
  ::_exit(1);
}

std::int64_t join_cgroup() {
  if (::mkdir(kCellCgroup, 0755) != 0 && errno != EEXIST) return -errno;
  const std::string file = std::string(kCellCgroup) + "/cgroup.procs";
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  return fd.valid() && ::write(fd.get(), "0", 1) == 1 ? 0 : -errno;
}

/// A parent of its own, so that the parent's id is no number that is right by chance, as 1 is.
[[noreturn]] void be_parent(volatile Scene& scene, const Ending& ending) {
  ::setsid();
  close_streams();
  record(scene, "join_cgroup", join_cgroup());
  const pid_t child = ::fork();
  if (child == 0) act(scene, ending);
  scene.pid = child;
  int status = 0;
  if (child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status)) {
    record(scene, "exit", WEXITSTATUS(status));
  }
  ::_exit(0);
}

void wait_for(pid_t parent) {
  if (wait_until(uptime_ms() + kTriggerMs, [&] { return ::waitpid(parent, nullptr, WNOHANG); })) {
    return;
  }
  // The process that hangs is of the same group; who waits for the end of the cell reaps it.
  ::kill(-parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
}

}  // namespace

Result<Triggered> pull_trigger(const std::vector<std::string>& command) {
  const SharedScene scene;
  if (!scene.valid()) return Error{system_note("trigger: mmap")};
  const Ending ending(command);
  const Listeners listeners;
  const pid_t parent = ::fork();
  if (parent < 0) return Error{system_note("trigger: fork")};
  if (parent == 0) be_parent(scene.get(), ending);
  wait_for(parent);
  if (scene.get().pid <= 0) return Error{"trigger: its process could not be started"};
  return truth_of(scene.get(), parent, ending.words[0]);
}

}  // namespace bpfmatrix::guest
