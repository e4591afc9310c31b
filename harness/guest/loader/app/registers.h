// What the registers of a stopped thread say of the system call it makes. The kernel itself tells
// only since 5.3 (PTRACE_GET_SYSCALL_INFO); this serves from 4.18 on.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ids.h"

namespace bpfmatrix::guest {

struct SyscallRegisters {
  std::uint64_t number = 0;
  /// Meaningful when the call is entered: on aarch64 the result takes the first one's place.
  std::array<std::uint64_t, 6> arguments{};
  /// Meaningful when the call is left; a negative errno where it failed.
  std::int64_t result = 0;
};

/// `bytes` is the register set NT_PRSTATUS. Nothing for one of another size: a 32-bit process.
std::optional<SyscallRegisters> decode_registers(Arch arch, std::string_view bytes);

}  // namespace bpfmatrix::guest
