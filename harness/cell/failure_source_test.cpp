#include "cell/failure_source.h"

#include <gtest/gtest.h>

#include "base/child_process.h"
#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

constexpr std::string_view kProgramSource =
    "static __attribute__((noinline)) int helps(int *p) { return *p; }\n"
    "__attribute__((section(\"socket\"), used)) int on_packet(int *ctx) {\n"
    "  int n = ctx[0];\n"
    "  return n * helps(ctx);\n"
    "}\n";

class FailureSource : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(dir_);
    object_ = dir_->path() / "p.o";
    const std::string source = (dir_->path() / "p.bpf.c").string();
    ASSERT_TRUE(write_file(source, kProgramSource));
    const auto compiled = run_command(
        {.argv = {"clang", "-g", "-O2", "-target", "bpf", "-c", source, "-o", object_.string()}},
        std::chrono::seconds(60));
    ASSERT_TRUE(compiled && compiled->status.code == 0);
  }

  std::optional<SourceLine> source_of(std::string_view log) {
    const Result<SourceLines> lines = SourceLines::read(object_);
    EXPECT_TRUE(lines);
    return failure_source(*lines, "on_packet", log);
  }

  Result<TempDir> dir_ = TempDir::create();
  std::filesystem::path object_{};
};

// 4.18 takes no line information, so nothing of this is in its log.
TEST_F(FailureSource, is_the_line_of_the_last_instruction) {
  const auto source = source_of("0: (61) r6 = *(u32 *)(r1 +0)\nR1 invalid mem access 'inv'\n");
  ASSERT_TRUE(source);
  EXPECT_EQ(source->instruction, 0U);
  EXPECT_EQ(source->file, "p.bpf.c");
  EXPECT_EQ(source->line, 3U);
  EXPECT_EQ(source->text, "int n = ctx[0];");
}

TEST_F(FailureSource, is_the_line_of_the_instruction_that_the_reason_names) {
  const auto source = source_of("back-edge from insn 1 to 0\n");
  ASSERT_TRUE(source);
  EXPECT_EQ(source->instruction, 1U);
  EXPECT_EQ(source->line, 4U);
}

TEST_F(FailureSource, is_absent_in_a_function_behind_the_program) {
  EXPECT_FALSE(source_of("90: (61) r0 = *(u32 *)(r1 +0)\nR1 invalid mem access 'inv'\n"));
}

TEST_F(FailureSource, is_absent_without_a_rejection) {
  EXPECT_FALSE(source_of(""));
  EXPECT_FALSE(source_of("0: (61) r6 = *(u32 *)(r1 +0)\n"));
}

}  // namespace
}  // namespace bpfmatrix
