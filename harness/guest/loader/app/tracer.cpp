#include "guest/loader/app/tracer.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/file.h"
#include "guest/loader/app/guard.h"

namespace bpfmatrix::guest {

namespace {

#if defined(__x86_64__)
constexpr Arch kThisArch = Arch::x86_64;
#elif defined(__aarch64__)
constexpr Arch kThisArch = Arch::aarch64;
#endif

constexpr int kSyscallStop = SIGTRAP | 0x80;
constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                          PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
constexpr std::size_t kMaxRegisterBytes = 512;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

/// In the child: waits until it is traced, then becomes the application.
[[noreturn]] void become(char* const* argv, char* const* environment, int input, int output,
                         int gate) {
  ::setpgid(0, 0);
  char go = 0;
  if (::read(gate, &go, 1) != 1) ::_exit(127);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  guard(::getppid());
  if (::dup2(input, 0) == 0 && ::dup2(output, 1) == 1 && ::dup2(output, 2) == 2) {
    ::execve(argv[0], argv, environment);
  }
  const std::string_view why = std::strerror(errno);
  (void)!::write(2, why.data(), why.size());
  ::_exit(127);
}

std::optional<SyscallRegisters> registers_of(pid_t id) {
  char bytes[kMaxRegisterBytes];
  iovec vector{bytes, sizeof bytes};
  if (::ptrace(PTRACE_GETREGSET, id, NT_PRSTATUS, &vector) != 0) return std::nullopt;
  return decode_registers(kThisArch, std::string_view(bytes, vector.iov_len));
}

/// A thread's own number where /proc does not tell: it is gone already.
pid_t process_of(pid_t thread) {
  const Fd fd(::open(fmt::format("/proc/{}/status", thread).c_str(), O_RDONLY | O_CLOEXEC));
  char text[512] = {};
  (void)!::read(fd.get(), text, sizeof text - 1);
  const char* line = std::strstr(text, "\nTgid:\t");
  return line != nullptr ? std::atoi(line + std::strlen("\nTgid:\t")) : thread;
}

/// Stops it for the first time, so that it can be made to stop at system calls.
bool seize(pid_t id) {
  int status = 0;
  return ::ptrace(PTRACE_SEIZE, id, nullptr, kOptions) == 0 &&
         ::ptrace(PTRACE_INTERRUPT, id, nullptr, nullptr) == 0 &&
         ::waitpid(id, &status, __WALL) == id && WIFSTOPPED(status) &&
         ::ptrace(PTRACE_SYSCALL, id, nullptr, nullptr) == 0;
}

}  // namespace

Result<Tracer> Tracer::start(const AppLine& application, int input, int output, OnCall on_call) {
  AppLine texts = application;
  const std::vector<char*> argv = pointers(texts.argv);
  const std::vector<char*> environment = pointers(texts.environment);
  int gate[2];
  if (::pipe2(gate, O_CLOEXEC) != 0) return Error{"no pipe"};
  const Fd wait(gate[0]);
  const Fd open(gate[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return Error{fmt::format("fork: {}", std::strerror(errno))};
  if (pid == 0) become(argv.data(), environment.data(), input, output, wait.get());
  if (!seize(pid)) {
    const int error = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, __WALL);
    return Error{fmt::format("cannot trace the application: {}", std::strerror(error))};
  }
  Tracer tracer(pid, std::move(on_call));
  tracer.threads_[pid].process = pid;
  (void)!::write(open.get(), "", 1);
  return tracer;
}

void Tracer::take_stops() {
  int status = 0;
  for (pid_t id = 0; (id = ::waitpid(-1, &status, __WALL | WNOHANG)) > 0;) {
    if (WIFSTOPPED(status)) {
      take_stop(id, status);
    } else {
      take_end(id, status);
    }
  }
}

Tracer::Thread& Tracer::thread(pid_t id) {
  const auto [entry, fresh] = threads_.try_emplace(id);
  if (fresh) entry->second.process = process_of(id);
  return entry->second;
}

void Tracer::take_end(pid_t id, int status) {
  threads_.erase(id);
  if (held_ == id) held_ = 0;
  if (id == main_) status_ = status;
}

void Tracer::take_stop(pid_t id, int status) {
  // A new thread's first stop may come before its parent's word of it.
  thread(id);
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  if (signal == kSyscallStop) {
    if (take_syscall(id)) resume(id, 0);
  } else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
    // Stopped as a job is: it stays so until SIGCONT, as it would without us.
    ::ptrace(PTRACE_LISTEN, id, nullptr, nullptr);
  } else {
    if (event == PTRACE_EVENT_EXEC) take_exec(id);
    resume(id, event != 0 ? 0 : signal);
  }
}

/// A thread that calls execve() takes the number of its process, and all others of it are gone.
void Tracer::take_exec(pid_t id) {
  unsigned long former = 0;
  ::ptrace(PTRACE_GETEVENTMSG, id, nullptr, &former);
  std::optional<SyscallRegisters> entered;
  const auto caller = threads_.find(static_cast<pid_t>(former));
  if (caller != threads_.end()) entered = caller->second.entered;
  std::erase_if(threads_, [&](const auto& entry) { return entry.second.process == id; });
  threads_[id] = {id, entered, std::chrono::steady_clock::now()};
}

bool Tracer::take_syscall(pid_t id) {
  const std::optional<SyscallRegisters> registers = registers_of(id);
  Thread& thread = threads_[id];
  if (!registers) {
    thread.entered.reset();
    return true;
  }
  if (!thread.entered) {
    thread.entered = registers;
    thread.entered_at = std::chrono::steady_clock::now();
    const bool ends = registers->number == SYS_exit_group || registers->number == SYS_exit;
    if (!ends || may_end_ || held_ != 0 || !ends_app(thread)) return true;
    held_ = id;
    return false;
  }
  const SyscallRegisters entered = *std::exchange(thread.entered, std::nullopt);
  on_call_({Tracee(id), thread.process, entered.number, entered.arguments, registers->result});
  return true;
}

/// exit_group() of the last process, exit() of the last thread.
bool Tracer::ends_app(const Thread& thread) const {
  const bool whole_process = thread.entered->number == SYS_exit_group;
  return std::all_of(threads_.begin(), threads_.end(), [&](const auto& entry) {
    return whole_process ? entry.second.process == thread.process : &entry.second == &thread;
  });
}

void Tracer::let_end() {
  may_end_ = true;
  if (held_ != 0) resume(std::exchange(held_, 0), 0);
}

bool Tracer::all_waiting(std::chrono::milliseconds at_least) const {
  const auto since = std::chrono::steady_clock::now() - at_least;
  return std::all_of(threads_.begin(), threads_.end(), [&](const auto& entry) {
    return entry.second.entered && entry.second.entered_at <= since;
  });
}

std::set<pid_t> Tracer::processes() const {
  std::set<pid_t> processes;
  for (const auto& [id, thread] : threads_) processes.insert(thread.process);
  return processes;
}

void Tracer::send(int signal) const { ::kill(-main_, signal); }

void Tracer::kill_all() const {
  for (const pid_t process : processes()) ::kill(process, SIGKILL);
}

void Tracer::resume(pid_t id, int signal) {
  ::ptrace(PTRACE_SYSCALL, id, nullptr, static_cast<long>(signal));
}

}  // namespace bpfmatrix::guest
