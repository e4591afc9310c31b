#include "guest/loader/app/guard.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <vector>

namespace bpfmatrix::guest {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArch = AUDIT_ARCH_AARCH64;
#endif

/// Which argument of a system call names a process.
struct Reach {
  std::uint32_t call;
  int argument;
};
constexpr Reach kReaches[] = {
    {SYS_kill, 0},
    {SYS_tkill, 0},
    {SYS_tgkill, 0},
    {SYS_tgkill, 1},
    {SYS_rt_sigqueueinfo, 0},
    {SYS_rt_tgsigqueueinfo, 0},
    {SYS_ptrace, 1},
    {SYS_process_vm_writev, 0},
    {SYS_pidfd_open, 0},
};

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t refuse(std::uint32_t error) { return SECCOMP_RET_ERRNO | error; }

sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter end(std::uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
/// Skips so many instructions unless the loaded word is `value`.
sock_filter unless(std::uint32_t value, std::uint8_t skipped) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped);
}

/// Little-endian: the low half is what the kernel takes a pid from.
std::size_t argument(int number) {
  return offsetof(seccomp_data, args) + sizeof(std::uint64_t) * static_cast<std::size_t>(number);
}

std::vector<sock_filter> filter(pid_t watcher) {
  const std::uint32_t pid = static_cast<std::uint32_t>(watcher);
  // Processes and, for kill(2), groups; -1 is everybody.
  const std::uint32_t out_of_reach[] = {pid, 0U - pid, 1, 0U - 1U};
  std::vector<sock_filter> code{load(offsetof(seccomp_data, arch)), unless(kArch, 1)};
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0));
  code.push_back(end(kAllow));
  code.push_back(load(offsetof(seccomp_data, nr)));
  code.push_back(unless(SYS_pidfd_send_signal, 1));
  code.push_back(end(refuse(ENOSYS)));
  for (const Reach& reach : kReaches) {
    constexpr std::uint8_t kBlock = 2 + 2 * std::size(out_of_reach);
    code.push_back(unless(reach.call, kBlock));
    code.push_back(load(argument(reach.argument)));
    for (const std::uint32_t who : out_of_reach) {
      code.push_back(unless(who, 1));
      code.push_back(end(refuse(EPERM)));
    }
    code.push_back(load(offsetof(seccomp_data, nr)));
  }
  code.push_back(end(kAllow));
  return code;
}

}  // namespace

void guard(pid_t watcher) {
  std::vector<sock_filter> code = filter(watcher);
  sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 || errno != EACCES) return;
  // Without CAP_SYS_ADMIN only who gives up set-user-ID programs may have a filter.
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

}  // namespace bpfmatrix::guest
