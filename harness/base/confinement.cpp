#include "base/confinement.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRead =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWrite = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                 LANDLOCK_ACCESS_FS_MAKE_DIR;
/// Granted nowhere.
constexpr std::uint64_t kNever = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                                 LANDLOCK_ACCESS_FS_MAKE_SYM;
/// LANDLOCK_ACCESS_FS_TRUNCATE, v6.2; headers are older.
constexpr std::uint64_t kTruncate = 1ULL << 14;
constexpr int kTruncateAbi = 3;
/// What makes sense for a path that is no folder.
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                                   LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;

void allow(const Fd& rules, const fs::path& path, std::uint64_t access) {
  const Fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat info {};
  if (!place.valid() || ::fstat(place.get(), &info) != 0) return;
  if (!S_ISDIR(info.st_mode)) access &= kOfFiles;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access;
  rule.parent_fd = place.get();
  ::syscall(SYS_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0U);
}

/// Out of the way of the descriptors that a child is given (base/child_process.cpp).
Fd at_a_high_number(const Fd& fd) {
  constexpr int kHigh = 200;
  return Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kHigh));
}

Fd landlock_rules(const Confinement& confinement) {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, std::size_t{0},
                             LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return Fd();
  const std::uint64_t write = abi >= kTruncateAbi ? kWrite | kTruncate : kWrite;
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = kRead | write | kNever;
  const Fd rules(static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled.handled_access_fs, 0U)));
  if (!rules.valid()) return Fd();
  for (const fs::path& folder : system_folders()) allow(rules, folder, kRead);
  allow(rules, "/dev/null", kRead | write);
  for (const fs::path& folder : confinement.readable) allow(rules, folder, kRead);
  for (const fs::path& folder : confinement.writable) allow(rules, folder, kRead | write);
  return at_a_high_number(rules);
}

bool limit(__rlimit_resource what, std::uint64_t most) {
  const rlimit bounds{most, most};
  rlimit now{};
  // Lower already: an ordinary user could not raise it, and need not.
  if (::getrlimit(what, &now) == 0 && now.rlim_max <= most) return true;
  return ::setrlimit(what, &bounds) == 0;
}

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
/// Numbers from here on are the x32 ABI's: the same calls once more.
constexpr std::uint32_t kOtherAbi = 0x40000000;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kOtherAbi = 0xFFFFFFFF;
#else
#error "which architecture's system calls is seccomp to look at?"
#endif

/// No socket can be made, and none was inherited: no network. Everything else goes on.
bool close_the_network() {
  constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EACCES;
  std::array<sock_filter, 9> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 0, 6),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kOtherAbi, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, kRefuse),
  }};
  const sock_fprog filter{program.size(), program.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0) return true;
  // This kernel has no filters, or whoever runs us does not let us set one.
  return errno == EINVAL || errno == ENOSYS || errno == EPERM;
}

}  // namespace

const std::vector<fs::path>& system_folders() {
  static const std::vector<fs::path> folders{"/usr",       "/bin",       "/lib",
                                             "/lib64",     "/opt",       "/nix/store",
                                             "/gnu/store", "/etc/clang", "/etc/ld.so.cache"};
  return folders;
}

ChildCage::ChildCage(const Confinement& confinement)
    : limits_(confinement.limits), rules_(landlock_rules(confinement)) {}

bool ChildCage::enter() const {
  if (!limit(RLIMIT_CPU, limits_.cpu_seconds) || !limit(RLIMIT_AS, limits_.memory_bytes) ||
      !limit(RLIMIT_FSIZE, limits_.file_bytes) || !limit(RLIMIT_CORE, 0)) {
    return false;
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (rules_.valid() && ::syscall(SYS_landlock_restrict_self, rules_.get(), 0U) != 0) return false;
  return close_the_network();
}

}  // namespace bpfmatrix
