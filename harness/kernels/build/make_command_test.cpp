#include "kernels/build/make_command.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bpfmatrix {
namespace {

const BuildTools kTools{.prefix = "aarch64-linux-gnu-",
                        .compiler = "aarch64-linux-gnu-gcc-12",
                        .host_compiler = "gcc-12",
                        .ccache = true,
                        .compiler_version = "gcc 12.2.0",
                        .linker_version = "ld 2.40",
                        .pahole_version = "v1.24"};
const BuildFolders kFolders{"/b/source", "/b/out", "/b/fragments"};

BuildSource source() {
  return {.config = {"base", "bpf"},
          .gcc = "12",
          .kcflags = {"-fcommon", "-g"},
          .hostcflags = {"-O2", "-fcommon"},
          .pahole_flags = {"--skip_encoding_btf_vars"}};
}

bool has(const std::vector<std::string>& argv, std::string_view word) {
  return std::find(argv.begin(), argv.end(), word) != argv.end();
}

TEST(MakeCommand, every_word_is_one_argument) {
  const auto argv = make_command(source(), kTools, {Arch::aarch64, kFolders, true, 2}, "Image");
  for (const char* word :
       {"make", "/b/source", "-j2", "O=/b/out", "ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-",
        "CC=ccache aarch64-linux-gnu-gcc-12", "HOSTCC=ccache gcc-12", "HOSTCFLAGS=-O2 -fcommon",
        "PAHOLE=pahole --skip_encoding_btf_vars", "KCONFIG_ALLCONFIG=/b/fragments",
        "KAFLAGS=-ffile-prefix-map=/b/source=. -ffile-prefix-map=/b/out=.",
        "KCFLAGS=-fcommon -g -ffile-prefix-map=/b/source=. -ffile-prefix-map=/b/out=."}) {
    EXPECT_TRUE(has(argv, word)) << word;
  }
  EXPECT_EQ(argv.back(), "Image");
}

TEST(MakeCommand, what_is_not_there_is_left_out) {
  BuildTools tools = kTools;
  tools.ccache = false;
  const auto argv = make_command({}, tools, {Arch::x86_64, kFolders, false, 1}, "bzImage");
  EXPECT_TRUE(has(argv, "CC=aarch64-linux-gnu-gcc-12"));
  for (const char* variable : {"HOSTCFLAGS=", "PAHOLE="}) {
    EXPECT_FALSE(std::any_of(argv.begin(), argv.end(), [&](const std::string& word) {
      return word.starts_with(variable);
    })) << variable;
  }
}

TEST(MakeCommand, the_place_of_the_build_does_not_show_in_its_key) {
  const auto links = build_links(source(), Arch::aarch64, kTools, "aa", "CONFIG_A=y\n");
  ASSERT_EQ(links.size(), 6U);
  EXPECT_EQ(links[1], "compiler: gcc 12.2.0");
  EXPECT_EQ(links[3], "flags: '-fcommon -g', for the build's own programs '-O2 -fcommon'");
  EXPECT_TRUE(links[5].starts_with("build key: "));
}

TEST(MakeCommand, the_key_changes_with_all_that_decides_what_comes_out) {
  const auto key = [](const BuildSource& from, Arch arch, const BuildTools& tools,
                      std::string_view sha256, std::string_view fragments) {
    return build_links(from, arch, tools, sha256, fragments).back();
  };
  const std::string usual = key(source(), Arch::aarch64, kTools, "aa", "A");
  EXPECT_EQ(usual, key(source(), Arch::aarch64, kTools, "aa", "A"));
  EXPECT_NE(usual, key(source(), Arch::x86_64, kTools, "aa", "A"));
  EXPECT_NE(usual, key(source(), Arch::aarch64, kTools, "ab", "A"));
  EXPECT_NE(usual, key(source(), Arch::aarch64, kTools, "aa", "B"));
  BuildSource flags = source();
  flags.kcflags.pop_back();
  EXPECT_NE(usual, key(flags, Arch::aarch64, kTools, "aa", "A"));
  BuildTools tools = kTools;
  tools.compiler_version = "gcc 13";
  EXPECT_NE(usual, key(source(), Arch::aarch64, tools, "aa", "A"));
}

TEST(MakeCommand, pahole_writes_beside_the_kernel) {
  EXPECT_EQ(pahole_command(source().pahole_flags, "/b/out/vmlinux", "/t/x.btf"),
            (std::vector<std::string>{"pahole", "--skip_encoding_btf_vars",
                                      "--btf_encode_detached=/t/x.btf", "/b/out/vmlinux"}));
}

}  // namespace
}  // namespace bpfmatrix
