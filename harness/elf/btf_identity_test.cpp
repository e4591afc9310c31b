#include "elf/btf_identity.h"

#include <gtest/gtest.h>

#include "elf/elf_file.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

Btf btf_of_source(const std::string& name, const std::string& source) {
  BpfCompiler compiler;
  const auto file = compiler.write(name + ".c", source);
  const auto object = compiler.directory() / (name + ".o");
  compiler.run(
      {"clang", "-g", "-O1", "-target", "bpf", "-c", file.string(), "-o", object.string()});
  const ElfFile elf = *ElfFile::parse(bytes_of(object));
  return *Btf::parse(std::string(elf.section(".BTF")->bytes));
}

TEST(BtfIdentity, registers_tell_the_architecture) {
  struct Row {
    const char* registers;
    std::optional<Arch> arch;
  };
  const Row rows[] = {{"unsigned long r15, r14, ip;", Arch::x86_64},
                      {"struct { unsigned long regs[31]; }; unsigned long orig_x0;", Arch::aarch64},
                      {"unsigned long gpr[32];", std::nullopt}};
  for (const Row& row : rows) {
    const std::string source =
        std::string("struct pt_regs { ") + row.registers + " }; struct pt_regs regs;";
    EXPECT_EQ(arch_of(btf_of_source("regs", source)), row.arch) << row.registers;
  }
  EXPECT_EQ(arch_of(btf_of_source("none", "int nothing;")), std::nullopt);
}

TEST(BtfIdentity, functions_are_counted_by_what_the_kernel_knows) {
  const Btf btf =
      btf_of_source("functions", "int one(void) { return 1; } int two(void) { return 2; }");
  const BtfShare share =
      share_of_functions(btf, [](std::string_view name) { return name == "one"; });
  EXPECT_EQ(share.compared, 2U);
  EXPECT_EQ(share.alike, 1U);
}

TEST(BtfIdentity, alike_is_99_in_100_and_nothing_compared_is_no_answer) {
  EXPECT_EQ(BtfShare().looks_alike(), std::nullopt);
  EXPECT_EQ((BtfShare{.compared = 100, .alike = 99}).looks_alike(), true);
  EXPECT_EQ((BtfShare{.compared = 101, .alike = 99}).looks_alike(), false);
  EXPECT_EQ((BtfShare{.compared = 1, .alike = 1}).looks_alike(), true);
}

}  // namespace
}  // namespace bpfmatrix
