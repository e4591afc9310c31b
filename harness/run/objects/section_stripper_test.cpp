#include "run/objects/section_stripper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/child_process.h"
#include "base/file.h"
#include "base/temp_dir.h"
#include "elf/object.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

TEST(SectionStripper, takes_out_what_is_named_and_keeps_the_program) {
  const Result<TempDir> dir = TempDir::create();
  const fs::path object = dir->path() / "o.o";
  ASSERT_TRUE(write_file(dir->path() / "o.c",
                         "__attribute__((section(\"xdp\"))) int prog(void *c) { return 2; }\n"
                         "char l[] __attribute__((section(\"license\"))) = \"GPL\";\n"));
  ASSERT_TRUE(run_command({.argv = {"clang", "-g", "-O2", "-target", "bpf", "-c",
                                    (dir->path() / "o.c").string(), "-o", object.string()}},
                          std::chrono::seconds(60)));
  ASSERT_TRUE(read_object(object)->btf);
  const SectionStripper stripper(dir->path() / "cache");
  const auto stripped = stripper.strip(object, {".BTF", ".BTF.ext"});
  ASSERT_TRUE(stripped) << stripped.error().message;
  const auto info = read_object(*stripped);
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_FALSE(info->btf);
  EXPECT_FALSE(info->btf_ext);
  EXPECT_EQ(info->programs.size(), 1U);
  EXPECT_EQ(*stripper.strip(object, {".BTF", ".BTF.ext"}), *stripped);
  EXPECT_NE(*stripper.strip(object, {".BTF.ext"}), *stripped);
}

TEST(SectionStripper, what_is_no_object_is_an_error_that_names_it) {
  const Result<TempDir> dir = TempDir::create();
  ASSERT_TRUE(write_file(dir->path() / "text", "no object"));
  const auto stripped =
      SectionStripper(dir->path() / "cache").strip(dir->path() / "text", {".BTF"});
  ASSERT_FALSE(stripped);
  EXPECT_THAT(stripped.error().message, ::testing::HasSubstr("text': llvm-objcopy: "));
}

}  // namespace
}  // namespace bpfmatrix
