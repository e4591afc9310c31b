#include "elf/vmlinux_h.h"

#include <gtest/gtest.h>

#include "elf/elf_file.h"
#include "elf/object.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

/// The BTF of an object stands in for a kernel's where the running kernel has none.
fs::path some_btf(BpfCompiler& compiler) {
  const Result<ElfFile> elf = ElfFile::parse(bytes_of(compiler.object("everything")));
  return compiler.write("types.btf", elf->section(".BTF")->bytes);
}

TEST(VmlinuxH, is_what_bpftool_prints) {
  BpfCompiler compiler;
  const fs::path btf = some_btf(compiler);
  const Result<std::string> header = vmlinux_header(btf);
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(*header, compiler.run({"bpftool", "btf", "dump", "file", btf.string(), "format", "c"}));
}

TEST(VmlinuxH, a_core_program_compiles_against_a_kernels) {
  const fs::path kernel = "/sys/kernel/btf/vmlinux";
  if (!fs::exists(kernel)) GTEST_SKIP() << "this kernel has no BTF of its own";
  BpfCompiler compiler;
  const Result<std::string> header = vmlinux_header(kernel);
  ASSERT_TRUE(header) << header.error().message;
  compiler.write("vmlinux.h", *header);
  const Result<ObjectInfo> info = read_object(compiler.object("uses_vmlinux"));
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->relocations.core_total(), 1U);
}

TEST(VmlinuxH, refuses_what_is_no_btf) {
  BpfCompiler compiler;
  const fs::path path = compiler.write("x.btf", std::string(100, 'x'));
  const Result<std::string> header = vmlinux_header(path);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().message, "'" + path.string() + "': BTF: wrong magic number: 0x7878");
}

TEST(VmlinuxH, small_btf_does_not_become_a_text_without_end) {
  const fs::path path = testdata("findings/vmlinux_h/long-declarations.btf");
  const Result<std::string> header = vmlinux_header(path);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().message,
            "'" + path.string() + "': more than 33554432 bytes of declarations");
}

}  // namespace
}  // namespace bpfmatrix
