#include "run/kernel_types.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "elf/bpf_compiler.h"
#include "elf/elf_file.h"

namespace bpfmatrix {
namespace {

TEST(KernelTypes, are_read_once_until_nobody_needs_them) {
  BpfCompiler compiler;
  const ElfFile kernel = *ElfFile::parse(bytes_of(compiler.object("core_target")));
  const auto file = compiler.write("kernel.btf", kernel.section(".BTF")->bytes);
  KernelTypes types;
  const std::shared_ptr<const Btf> first = *types.read(file);
  EXPECT_EQ(*types.read(file), first);
  types.forget();
  EXPECT_NE(*types.read(file), first);
  EXPECT_EQ(first->find("moved", BtfKind::struct_type).size(), 1U);
}

TEST(KernelTypes, what_is_no_btf_is_named) {
  BpfCompiler compiler;
  const auto file = compiler.write("kernel.btf", "no BTF");
  KernelTypes types;
  const auto read = types.read(file);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("kernel.btf"), std::string::npos) << read.error().message;
  EXPECT_FALSE(types.read(compiler.directory() / "missing"));
}

}  // namespace
}  // namespace bpfmatrix
