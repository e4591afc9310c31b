#include "guest/loader/app/registers.h"

#include <gtest/gtest.h>

#include <string>

namespace bpfmatrix::guest {
namespace {

/// Registers that hold their own index times 1000.
std::string numbered(std::size_t words) {
  std::string bytes;
  for (std::uint64_t i = 0; i < words; ++i) {
    const std::uint64_t value = i * 1000;
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return bytes;
}

TEST(Registers, of_x86_64_as_struct_user_regs_struct_has_them) {
  const auto registers = decode_registers(Arch::x86_64, numbered(27));
  ASSERT_TRUE(registers);
  EXPECT_EQ(registers->number, 15000U);  // orig_rax
  EXPECT_EQ(registers->result, 10000);   // rax
  const std::array<std::uint64_t, 6> expected{14000, 13000, 12000, 7000, 9000, 8000};
  EXPECT_EQ(registers->arguments, expected);
}

TEST(Registers, of_aarch64_as_struct_user_pt_regs_has_them) {
  const auto registers = decode_registers(Arch::aarch64, numbered(34));
  ASSERT_TRUE(registers);
  EXPECT_EQ(registers->number, 8000U);
  EXPECT_EQ(registers->result, 0);
  const std::array<std::uint64_t, 6> expected{0, 1000, 2000, 3000, 4000, 5000};
  EXPECT_EQ(registers->arguments, expected);
}

TEST(Registers, of_a_32_bit_process_are_not_read) {
  for (const Arch arch : kArches) {
    EXPECT_FALSE(decode_registers(arch, numbered(17)));
    EXPECT_FALSE(decode_registers(arch, ""));
  }
}

}  // namespace
}  // namespace bpfmatrix::guest
