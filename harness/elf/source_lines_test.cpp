#include "elf/source_lines.h"

#include <gtest/gtest.h>

#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

SourceLines lines_of(const std::filesystem::path& object) {
  Result<SourceLines> lines = SourceLines::read(object);
  EXPECT_TRUE(lines) << (lines ? "" : lines.error().message);
  return lines ? *std::move(lines) : SourceLines{};
}

TEST(SourceLines, of_two_programs_in_one_section_are_told_apart) {
  BpfCompiler compiler;
  const SourceLines lines = lines_of(compiler.object("lines"));
  const auto read = lines.find("first", 0);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->file, "lines.bpf.c");
  EXPECT_EQ(read->line, 10U);
  EXPECT_EQ(read->text, "int n = ctx[0];");
  EXPECT_EQ(lines.find("first", 1)->line, 11U);
  EXPECT_EQ(lines.find("second", 0)->text, "return helps(ctx);");
}

TEST(SourceLines, end_with_the_program) {
  BpfCompiler compiler;
  const SourceLines lines = lines_of(compiler.object("lines"));
  // Behind it, a loader puts `helps`.
  EXPECT_TRUE(lines.find("second", 1));
  EXPECT_FALSE(lines.find("second", 2));
  EXPECT_FALSE(lines.find("helps", 0));
  EXPECT_FALSE(lines.find("third", 0));
}

TEST(SourceLines, need_line_information) {
  BpfCompiler compiler;
  EXPECT_FALSE(SourceLines::read(compiler.object("lines", {"-g0"})));
  EXPECT_FALSE(SourceLines::read(compiler.write("text.o", "no object\n")));
  EXPECT_FALSE(SourceLines::read("/nonexistent"));
}

// hostile_object_test.cpp has the long version: this is one more reader of the same views.
TEST(SourceLines, of_a_damaged_object_are_bounded) {
  BpfCompiler compiler;
  const std::string whole = bytes_of(compiler.object("lines"));
  for (std::size_t at = 0; at < whole.size(); at += 5) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    const Result<SourceLines> lines = SourceLines::read(compiler.write("damaged.o", damaged));
    if (lines) (void)lines->find("first", 0);
  }
}

}  // namespace
}  // namespace bpfmatrix
