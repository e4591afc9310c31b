// What a child may do: everything, or no more than a service that runs with a few capabilities.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "guest/messages.h"

namespace bpfmatrix::guest {

struct ChildPrivileges {
  std::optional<std::uint64_t> memlock_bytes{};
  /// A bit for each capability that is left; nothing: root, with all of them.
  std::optional<std::uint64_t> capabilities{};
};

/// Error: an unknown capability.
Result<ChildPrivileges> child_privileges(const RunRequest& run);

/// In the child, between fork and exec: allocates nothing. False: errno says why not.
bool take_privileges(const ChildPrivileges& privileges);

/// Error: this kernel has no lockdown, or refuses. There is no way back but a reboot.
Result<> lock_kernel_down(const std::string& level);

/// Whether the memory of maps counts against RLIMIT_MEMLOCK (up to 5.10): found out by asking for a
/// map with a limit of 0. Nothing if it is not known.
std::optional<bool> memlock_is_counted();

}  // namespace bpfmatrix::guest
