#include "guest/agent/trigger.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string>

#include "base/fd.h"
#include "guest/agent/cell.h"
#include "guest/agent/system.h"

namespace bpfmatrix {

namespace {

constexpr std::int64_t kTriggerMs = 5000;
constexpr int kConnectMs = 500;

constexpr std::string_view kComm = "bpfmatrix-trig";
constexpr const char* kFile = "/run/bpfmatrix/cell/trigger";
constexpr const char* kExecutable = "/init";
// No value that a wrong read is likely to come up with: the port's bytes differ, so that a byte
// order shows, and the descriptor is none that every process has.
constexpr std::uint16_t kPort = 28531;  // 0x6f73
constexpr std::uint32_t kAddress = INADDR_LOOPBACK;
constexpr int kFirstDescriptor = 100;

/// Shared by the three processes, so that what a process did is known even if it does not come
/// back from it. `done` counts the operations; the one at `done` may have begun.
struct Scene {
  struct Entry {
    char name[16];
    std::int64_t ret;
  };
  pid_t pid;
  int fd;
  std::int64_t ret;
  unsigned done;
  Entry operations[16];
};

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

void record(volatile Scene& scene, std::string_view name, std::int64_t ret) {
  volatile Scene::Entry& entry = scene.operations[scene.done];
  for (std::size_t i = 0; i < name.size(); ++i) entry.name[i] = name[i];
  entry.ret = ret;
  scene.done = scene.done + 1;
}

sockaddr_in loopback_address() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  address.sin_addr.s_addr = htonl(kAddress);
  return address;
}

/// Where the trigger's connect() ends up when nothing drops its packets.
Fd listen_on_loopback() {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback_address();
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 1) != 0) {
    fd.reset();
  }
  return fd;
}

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
  const int fd = ::open(kFile, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  record(scene, "openat", or_errno(fd));
  if (fd >= 0) record(scene, "close", or_errno(::close(fd)));
  record(scene, "unlink", or_errno(::unlink(kFile)));
}

void make_connection(volatile Scene& scene) {
  const Fd low(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const Fd fd(::fcntl(low.get(), F_DUPFD_CLOEXEC, kFirstDescriptor));
  const sockaddr_in address = loopback_address();
  scene.fd = fd.get();
  const std::int64_t ret =
      or_errno(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  scene.ret = ret;
  record(scene, "connect", ret);
  record(scene, "connected", connection_result(fd.get()));
}

void send_datagram(volatile Scene& scene) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_in address = loopback_address();
  const ssize_t sent = ::sendto(fd.get(), kComm.data(), kComm.size(), 0,
                                reinterpret_cast<const sockaddr*>(&address), sizeof address);
  record(scene, "sendto", or_errno(sent));
}

/// The process whose values are the truth.
[[noreturn]] void act(volatile Scene& scene) {
  ::prctl(PR_SET_NAME, kComm.data());
  record(scene, "getpid", ::syscall(SYS_getpid));
  touch_file(scene);
  make_connection(scene);
  send_datagram(scene);
  char name[] = "init";
  char argument[] = "--end-at-once";
  char* const argv[] = {name, argument, nullptr};
  char* const environment[] = {nullptr};
  const unsigned at = scene.done;
  // Before it is made: who succeeds in it does not come back.
  record(scene, "execve", 0);
  ::execve(kExecutable, argv, environment);
  scene.operations[at].ret = -errno;
  ::_exit(1);
}

void join_cgroup() {
  const std::string file = std::string(kCellCgroup) + "/cgroup.procs";
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd.valid()) (void)!::write(fd.get(), "0", 1);
}

/// A parent of its own, so that the parent's id is no number that is right by chance, as 1 is.
[[noreturn]] void be_parent(volatile Scene& scene) {
  ::setsid();
  join_cgroup();
  const pid_t child = ::fork();
  if (child == 0) act(scene);
  scene.pid = child;
  int status = 0;
  if (child > 0) ::waitpid(child, &status, 0);
  ::_exit(0);
}

void wait_for(pid_t parent) {
  for (const std::int64_t end = uptime_ms() + kTriggerMs; uptime_ms() < end; ::usleep(1000)) {
    if (::waitpid(parent, nullptr, WNOHANG) != 0) return;
  }
  // The process that hangs is of the same group; who waits for the end of the cell reaps it.
  ::kill(-parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
}

Triggered truth_of(const volatile Scene& scene, pid_t parent) {
  Triggered truth{scene.pid, parent, std::string(kComm), scene.fd, kPort, kAddress, scene.ret};
  for (unsigned i = 0; i < scene.done && i < std::size(scene.operations); ++i) {
    Operation operation{{}, scene.operations[i].ret};
    for (const volatile char& c : scene.operations[i].name) {
      if (c != '\0') operation.name.push_back(c);
    }
    truth.performed.push_back(std::move(operation));
  }
  return truth;
}

}  // namespace

Result<Triggered> pull_trigger() {
  const SharedScene scene;
  if (!scene.valid()) return Error{system_note("trigger: mmap")};
  const Fd listener = listen_on_loopback();
  const pid_t parent = ::fork();
  if (parent < 0) return Error{system_note("trigger: fork")};
  if (parent == 0) be_parent(scene.get());
  wait_for(parent);
  if (scene.get().pid <= 0) return Error{"trigger: its process could not be started"};
  return truth_of(scene.get(), parent);
}

}  // namespace bpfmatrix
