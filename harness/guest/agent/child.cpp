#include "guest/agent/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "guest/agent/child_wait.h"
#include "guest/agent/privileges.h"
#include "guest/common/system.h"

namespace bpfmatrix::guest {

namespace {

constexpr const char* kBtfDirectory = "/sys/kernel/btf";
constexpr std::int64_t kDeathMs = 2000;

struct Pipe {
  Fd read{};
  Fd write{};
};

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return Error{system_note("pipe")};
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

/// The child's streams are sockets: unlike pipes these cannot be opened again through /proc/PID/fd
/// by some other process, to write into the record.
constexpr int kSocketBytes = 32 << 10;

/// A pipe in all other respects. The kernel doubles what it is asked to hold.
Result<Pipe> make_socket_pipe() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return Error{system_note("socketpair")};
  }
  ::setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof kSocketBytes);
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

/// Where libbpf looks when sysfs has no BTF (libbpf 1.4, btf__load_vmlinux_btf). Nothing of this is
/// in an initramfs of ours; a cell that relies on it must not trust that blindly.
std::vector<std::string> other_btf_places() {
  utsname name{};
  ::uname(&name);
  const std::string release = name.release;
  return {"/boot/vmlinux-" + release,
          "/lib/modules/" + release + "/vmlinux-" + release,
          "/lib/modules/" + release + "/build/vmlinux",
          "/usr/lib/modules/" + release + "/kernel/vmlinux",
          "/usr/lib/debug/boot/vmlinux-" + release,
          "/usr/lib/debug/boot/vmlinux-" + release + ".debug",
          "/usr/lib/debug/lib/modules/" + release + "/vmlinux"};
}

Result<> check_no_other_btf() {
  for (const std::string& place : other_btf_places()) {
    if (::access(place.c_str(), F_OK) == 0) {
      return Error{fmt::format("cannot hide BTF: '{}' exists", place)};
    }
  }
  return {};
}

/// In the child. An empty file system over the folder, in a mount namespace of its own.
bool hide_btf() {
  if (::access(kBtfDirectory, F_OK) != 0) return errno == ENOENT;
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("none", kBtfDirectory, "tmpfs", MS_RDONLY, nullptr) == 0;
}

struct ExecPlan {
  std::vector<char*> argv{};
  std::vector<char*> environment{};
  std::vector<std::string> texts{};
  bool hide_btf = false;
  ChildPrivileges privileges{};
  int streams[3] = {-1, -1, -1};
  int failure = -1;
};

/// What may allocate happens before the fork.
ExecPlan plan_exec(const RunRequest& run) {
  ExecPlan plan;
  plan.hide_btf = run.hide_btf;
  plan.texts = run.argv;
  for (const auto& [name, value] : run.environment) plan.texts.push_back(name + "=" + value);
  for (std::size_t i = 0; i < plan.texts.size(); ++i) {
    (i < run.argv.size() ? plan.argv : plan.environment).push_back(plan.texts[i].data());
  }
  plan.argv.push_back(nullptr);
  plan.environment.push_back(nullptr);
  return plan;
}

[[noreturn]] void become(const ExecPlan& plan) {
  ::setsid();
  bool ready = true;
  for (int i = 0; i < 3; ++i) ready = ready && ::dup2(plan.streams[i], i) == i;
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  if (ready && (!plan.hide_btf || hide_btf()) && take_privileges(plan.privileges)) {
    ::execve(plan.argv[0], plan.argv.data(), plan.environment.data());
  }
  const int error = errno;
  (void)!::write(plan.failure, &error, sizeof error);
  ::_exit(127);
}

void make_nonblocking(const Fd& fd) { ::fcntl(fd.get(), F_SETFL, O_NONBLOCK); }

}  // namespace

Result<Child> start_child(const RunRequest& run) {
  if (run.argv.empty()) return Error{"nothing to run: argv is empty"};
  Result<ChildPrivileges> privileges = child_privileges(run);
  if (!privileges) return std::move(privileges).error();
  if (run.hide_btf) {
    if (Result<> hidden = check_no_other_btf(); !hidden) return std::move(hidden).error();
  }
  Result<Pipe> in = make_socket_pipe();
  Result<Pipe> out = make_socket_pipe();
  Result<Pipe> err = make_socket_pipe();
  Result<Pipe> failure = make_pipe();
  if (!in || !out || !err || !failure) return Error{"no pipes"};
  ExecPlan plan = plan_exec(run);
  plan.privileges = *privileges;
  plan.streams[0] = in->read.get();
  plan.streams[1] = out->write.get();
  plan.streams[2] = err->write.get();
  plan.failure = failure->write.get();

  const pid_t pid = ::fork();
  if (pid < 0) return Error{system_note("fork")};
  if (pid == 0) become(plan);
  failure->write.reset();
  int error = 0;
  if (::read(failure->read.get(), &error, sizeof error) == sizeof error) {
    ::waitpid(pid, nullptr, 0);
    return Error{fmt::format("cannot run '{}': {}", run.argv[0], std::strerror(error))};
  }
  make_nonblocking(in->write);
  make_nonblocking(out->read);
  make_nonblocking(err->read);
  return Child{pid, std::move(in->write), std::move(out->read), std::move(err->read)};
}

bool kill_everything() {
  // From pid 1 this reaches every process there is, whatever session it fled to.
  ::kill(-1, SIGKILL);
  return wait_until(uptime_ms() + kDeathMs, [] {
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    return pid < 0 && errno == ECHILD;
  });
}

}  // namespace bpfmatrix::guest
