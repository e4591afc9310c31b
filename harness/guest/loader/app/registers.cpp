#include "guest/loader/app/registers.h"

#include <cstddef>
#include <cstring>

namespace bpfmatrix::guest {

namespace {

/// Indices into the register set, in words of 64 bits.
struct Layout {
  std::size_t words;
  std::size_t number;
  std::size_t result;
  std::array<std::size_t, 6> arguments;
};

// struct user_regs_struct: orig_rax, rax; rdi rsi rdx r10 r8 r9.
constexpr Layout kX86{27, 15, 10, {14, 13, 12, 7, 9, 8}};
// struct user_pt_regs: x8, x0; x0 to x5.
constexpr Layout kArm64{34, 8, 0, {0, 1, 2, 3, 4, 5}};

std::uint64_t word(std::string_view bytes, std::size_t index) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

}  // namespace

std::optional<SyscallRegisters> decode_registers(Arch arch, std::string_view bytes) {
  const Layout& layout = arch == Arch::x86_64 ? kX86 : kArm64;
  if (bytes.size() != layout.words * sizeof(std::uint64_t)) return std::nullopt;
  SyscallRegisters registers;
  registers.number = word(bytes, layout.number);
  registers.result = static_cast<std::int64_t>(word(bytes, layout.result));
  for (std::size_t i = 0; i < registers.arguments.size(); ++i) {
    registers.arguments[i] = word(bytes, layout.arguments[i]);
  }
  return registers;
}

}  // namespace bpfmatrix::guest
