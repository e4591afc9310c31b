#include "run/objects/case_compiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/child_process.h"
#include "base/file.h"
#include "base/temp_dir.h"
#include "elf/elf_file.h"
#include "elf/object.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::string_view kProgram = R"(#include "vmlinux.h"
#define SEC(name) __attribute__((section(name), used))
SEC("xdp") int prog(void *ctx) { return ((struct stands_for_a_kernel_type *)ctx)->field; }
char LICENSE[] SEC("license") = "GPL";
)";

/// A "kernel" of one type, whose BTF clang makes.
class CaseCompilerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        write_file(dir_->path() / "k.c", "struct stands_for_a_kernel_type { int field; } x;"));
    const auto clang = run_command(
        {.argv = {"clang", "-g", "-O2", "-target", "bpf", "-c", path("k.c"), "-o", path("k.o")}},
        std::chrono::seconds(60));
    ASSERT_TRUE(clang) << clang.error().message;
    const auto bytes = read_file(dir_->path() / "k.o", 1 << 20);
    const auto elf = ElfFile::parse(*bytes);
    ASSERT_TRUE(elf) << elf.error().message;
    ASSERT_TRUE(write_file(dir_->path() / "btf", elf->section(".BTF")->bytes));
    fs::create_directory(dir_->path() / "case");
    source(kProgram);
  }

  std::string path(const std::string& name) const { return (dir_->path() / name).string(); }
  void source(std::string_view text) {
    ASSERT_TRUE(write_file(dir_->path() / "case" / "p.bpf.c", text));
  }
  Result<fs::path> compile(Arch arch = Arch::x86_64) const {
    return CaseCompiler(dir_->path() / "cache")
        .compile({.source = path("case/p.bpf.c"),
                  .arch = arch,
                  .btf = path("btf"),
                  .include_dir = path("include")});
  }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(CaseCompilerTest, makes_an_object_with_the_types_of_the_kernel) {
  const auto object = compile();
  ASSERT_TRUE(object) << object.error().message;
  const auto info = read_object(*object);
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->programs.at(0).core_relocations, 1U);  // vmlinux.h preserves access indexes
}

TEST_F(CaseCompilerTest, compiles_again_only_when_something_that_goes_in_has_changed) {
  const fs::path first = *compile();
  const auto written = fs::last_write_time(first);
  EXPECT_EQ(*compile(), first);
  EXPECT_EQ(fs::last_write_time(first), written);
  EXPECT_NE(*compile(Arch::aarch64), first);
  source(std::string(kProgram) + "int more;\n");
  EXPECT_NE(*compile(), first);
}

TEST_F(CaseCompilerTest, an_error_quotes_clang_and_leaves_nothing_behind) {
  source("this is not C");
  const auto object = compile();
  ASSERT_FALSE(object);
  EXPECT_THAT(object.error().message, HasSubstr("p.bpf.c': clang: exit code 1\n"));
  EXPECT_THAT(object.error().message, HasSubstr("unknown type name 'this'"));
  EXPECT_TRUE(fs::is_empty(dir_->path() / "cache" / "objects"));
}

}  // namespace
}  // namespace bpfmatrix
