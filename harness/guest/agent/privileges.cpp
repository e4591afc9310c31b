#include "guest/agent/privileges.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/capability.h"
#include "base/fd.h"
#include "guest/agent/small_map.h"
#include "guest/common/system.h"

namespace bpfmatrix::guest {

namespace {

constexpr const char* kLockdown = "/sys/kernel/security/lockdown";
constexpr uid_t kNobody = 65534;
constexpr int kCapabilityBits = 64;

bool has(std::uint64_t mask, int capability) { return (mask >> capability & 1) != 0; }

/// What the kernel does not know yet cannot be dropped, and need not be.
void bound(std::uint64_t mask) {
  for (int c = 0; c < kCapabilityBits; ++c) {
    if (!has(mask, c)) ::prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
  }
}

bool become_nobody() {
  return ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && ::setgroups(0, nullptr) == 0 &&
         ::setresgid(kNobody, kNobody, kNobody) == 0 && ::setresuid(kNobody, kNobody, kNobody) == 0;
}

/// The kernel takes bits it does not know for none.
bool keep(std::uint64_t mask) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  for (int half = 0; half < 2; ++half) {
    const auto bits = static_cast<std::uint32_t>(mask >> (32 * half));
    data[half] = {bits, bits, bits};
  }
  return ::syscall(SYS_capset, &header, data) == 0;
}

/// Ambient capabilities (4.3) outlive an exec by an ordinary user.
void take_along(std::uint64_t mask) {
  for (int c = 0; c < kCapabilityBits; ++c) {
    if (has(mask, c)) ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0);
  }
}

bool limit_memlock(std::uint64_t bytes) {
  const rlimit limit{bytes, bytes};
  return ::setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}

/// 0 or an errno.
int create_small_map() {
  const Fd map = make_small_map();
  return map.valid() ? 0 : errno;
}

}  // namespace

Result<ChildPrivileges> child_privileges(const RunRequest& run) {
  ChildPrivileges privileges;
  if (run.memlock_bytes) privileges.memlock_bytes = static_cast<std::uint64_t>(*run.memlock_bytes);
  if (!run.limit_capabilities) return privileges;
  std::uint64_t mask = 0;
  for (const std::string& name : run.capabilities) {
    const std::optional<int> number = capability_number(name);
    if (!number) return Error{fmt::format("unknown capability '{}'", name)};
    mask |= std::uint64_t{1} << *number;
  }
  privileges.capabilities = mask;
  return privileges;
}

bool take_privileges(const ChildPrivileges& privileges) {
  if (privileges.memlock_bytes && !limit_memlock(*privileges.memlock_bytes)) return false;
  if (!privileges.capabilities) return true;
  const std::uint64_t mask = *privileges.capabilities;
  bound(mask);
  if (!become_nobody() || !keep(mask)) return false;
  take_along(mask);
  return true;
}

Result<> lock_kernel_down(const std::string& level) {
  const Fd fd(::open(kLockdown, O_WRONLY | O_CLOEXEC));
  if (!fd.valid() ||
      ::write(fd.get(), level.data(), level.size()) != static_cast<ssize_t>(level.size())) {
    return Error{system_note(fmt::format("cannot lock the kernel down: {}", kLockdown))};
  }
  return {};
}

std::optional<bool> memlock_is_counted() {
  rlimit before{};
  if (::getrlimit(RLIMIT_MEMLOCK, &before) != 0) return std::nullopt;
  const rlimit none{0, before.rlim_max};
  if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) return std::nullopt;
  const int error = create_small_map();
  if (::setrlimit(RLIMIT_MEMLOCK, &before) != 0) return std::nullopt;
  if (error == 0) return false;
  return error == EPERM ? std::optional<bool>(true) : std::nullopt;
}

}  // namespace bpfmatrix::guest
