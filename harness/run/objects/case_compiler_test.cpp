#include "run/objects/case_compiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/child_process.h"
#include "base/confinement.h"
#include "base/file.h"
#include "base/temp_dir.h"
#include "elf/elf_file.h"
#include "elf/object.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

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
  Result<fs::path> compile(Arch arch = Arch::x86_64,
                           const std::vector<std::string>& cflags = {}) const {
    return CaseCompiler(dir_->path() / "cache")
        .compile({.source = path("case/p.bpf.c"),
                  .folder = folder_,
                  .arch = arch,
                  .btf = path("btf"),
                  .cflags = cflags,
                  .include_dir = path("include")});
  }

  /// What compiling a source with these first lines says, and that no secret is in it.
  std::string error_with(const std::string& lines) {
    source(lines + std::string(kProgram));
    const auto object = compile();
    if (object) return "";
    EXPECT_THAT(object.error().message, Not(HasSubstr("secret")));
    return object.error().message + " " + object.error().hint;
  }
  /// A line that is no C, so that clang quotes it where it can.
  void add_secret() { ASSERT_TRUE(write_file(dir_->path() / "shadow", "root:secret:0:0\n")); }
  bool guards_files() const { return ChildCage(Confinement{}).guards_files(); }

  Result<TempDir> dir_ = TempDir::create();
  /// Of the case; empty: the source is nobody's.
  fs::path folder_{};
};

TEST_F(CaseCompilerTest, folders_of_include_flags_are_read_and_what_lies_there_counts) {
  fs::create_directory(dir_->path() / "include");
  const auto header = [&](const std::string& text) {
    ASSERT_TRUE(write_file(dir_->path() / "include" / "mine.h", text));
  };
  header("#define MINE 1\n");
  source("#include \"mine.h\"\nint mine = MINE;\n" + std::string(kProgram));
  const auto first = compile(Arch::x86_64, {"-I../include"});
  ASSERT_TRUE(first) << first.error().message;
  header("#define MINE 2\n");
  const auto second = compile(Arch::x86_64, {"-I../include"});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_NE(*first, *second);
}

TEST_F(CaseCompilerTest, headers_of_the_system_find_those_of_the_architecture) {
  source(
      "#include <linux/bpf.h>\nchar LICENSE[] __attribute__((section(\"license\"))) = \"GPL\";"
      "\n__attribute__((section(\"xdp\"), used)) int p(struct xdp_md *c) { return XDP_PASS; }\n");
  for (const Arch arch : {Arch::x86_64, Arch::aarch64}) {
    const auto object = compile(arch);
    EXPECT_TRUE(object) << object.error().message;
  }
}

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

TEST_F(CaseCompilerTest, headers_of_the_case_and_of_the_system_are_included) {
  fs::create_directories(dir_->path() / "case" / "include");
  fs::create_directories(dir_->path() / "include");
  ASSERT_TRUE(write_file(path("case/include/own.h"), "int own;\n"));
  ASSERT_TRUE(write_file(path("include/shared.h"), "int shared;\n"));
  EXPECT_EQ(error_with("#include \"include/own.h\"\n#include \"shared.h\"\n"
                       "#include <stddef.h>\n#include <bpf/bpf_endian.h>\n"),
            "");
}

TEST_F(CaseCompilerTest, a_header_below_the_case_that_changes_makes_another_object) {
  fs::create_directories(dir_->path() / "case" / "include");
  ASSERT_TRUE(write_file(path("case/include/own.h"), "int own;\n"));
  source("#include \"include/own.h\"\n" + std::string(kProgram));
  const fs::path first = *compile();
  ASSERT_TRUE(write_file(path("case/include/own.h"), "int other;\n"));
  EXPECT_NE(*compile(), first);
}

TEST_F(CaseCompilerTest, a_file_outside_of_the_case_is_neither_included_nor_quoted) {
  add_secret();
  fs::create_symlink(dir_->path() / "shadow", dir_->path() / "case" / "link.h");
  for (const std::string& name :
       {path("shadow"), std::string("../shadow"), std::string("link.h")}) {
    EXPECT_THAT(error_with("#include \"" + name + "\"\n"),
                HasSubstr("a case may include files of its own folder"))
        << name;
  }
  EXPECT_TRUE(fs::is_empty(dir_->path() / "cache" / "objects"));
}

TEST_F(CaseCompilerTest, a_file_of_the_case_may_be_included_by_any_name) {
  folder_ = path("case");
  ASSERT_TRUE(write_file(path("case/own.inc"), "int own;\n"));
  source("#include \"own.inc\"\n" + std::string(kProgram));
  const fs::path first = *compile();
  ASSERT_TRUE(write_file(path("case/own.inc"), "int other;\n"));
  EXPECT_NE(*compile(), first) << "what it holds decides what comes out";
  fs::remove(path("case/own.inc"));
  ASSERT_EQ(::mkfifo(path("case/own.inc").c_str(), 0600), 0);
  EXPECT_EQ(compile().error().message, "'" + path("case/own.inc") + "': not a regular file");
}

TEST_F(CaseCompilerTest, a_source_or_header_that_is_no_file_is_not_waited_for) {
  ASSERT_EQ(::mkfifo(path("case/pipe.h").c_str(), 0600), 0);
  EXPECT_EQ(compile().error().message, "'" + path("case/pipe.h") + "': not a regular file");
  fs::remove(path("case/pipe.h"));
  fs::remove(path("case/p.bpf.c"));
  ASSERT_EQ(::mkfifo(path("case/p.bpf.c").c_str(), 0600), 0);
  EXPECT_EQ(compile().error().message, "'" + path("case/p.bpf.c") + "': not a regular file");
}

TEST_F(CaseCompilerTest, a_source_cannot_say_that_its_lines_are_another_files) {
  add_secret();
  EXPECT_THAT(error_with("#line 1 \"" + path("shadow") + "\"\n"),
              HasSubstr("has lines of '" + path("shadow") + "', which is outside of the case's"));
  EXPECT_THAT(error_with("#line 1 \"../shadow\"\n"), HasSubstr("has lines of './../shadow'"));
}

TEST_F(CaseCompilerTest, the_assembler_reads_no_file_where_the_kernel_has_landlock) {
  if (!guards_files()) return;
  add_secret();
  EXPECT_THAT(error_with("asm(\".incbin \\\"" + path("shadow") + "\\\"\");\n"),
              HasSubstr("Could not find incbin file"));
  EXPECT_THAT(error_with("asm(\".include \\\"" + path("shadow") + "\\\"\");\n"),
              HasSubstr("Could not find include file"));
}

TEST_F(CaseCompilerTest, a_plugin_does_not_run_even_where_its_flag_gets_through) {
  if (!guards_files()) return;
  ASSERT_TRUE(write_file(path("plug.c"), R"(#include <stdio.h>
__attribute__((constructor)) static void go(void) { fclose(fopen("proof", "w")); })"));
  ASSERT_TRUE(
      run_command({.argv = {"cc", "-shared", "-fPIC", "-o", path("evil.so"), path("plug.c")}},
                  std::chrono::seconds(60))
          ->status.success());
  const auto object = CaseCompiler(dir_->path() / "cache")
                          .compile({.source = path("case/p.bpf.c"),
                                    .btf = path("btf"),
                                    .cflags = {"-fplugin=" + path("evil.so")},
                                    .include_dir = path("include")});
  EXPECT_THAT(object.error().message, HasSubstr("evil.so"));
  EXPECT_FALSE(fs::exists(path("case/proof")));
}

TEST_F(CaseCompilerTest, what_clang_says_is_quoted_to_a_bound) {
  std::string many;
  for (int i = 0; i < 20; ++i) many += "int x" + std::string(2000, 'y') + " = " + "z;\n";
  const std::string error = error_with(many);
  EXPECT_LT(error.size(), 20000U);
  EXPECT_THAT(error, HasSubstr(" bytes more)"));
}

}  // namespace
}  // namespace bpfmatrix
