#include "cli/talk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace bpfmatrix {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::CaptureStdout;
using ::testing::internal::GetCapturedStderr;
using ::testing::internal::GetCapturedStdout;

TEST(Talk, an_error_is_printable_and_its_further_lines_are_indented) {
  CaptureStderr();
  say_error({"'\x1b[2J\u202e': bad\nhint: run evil\n  as it is", "first\n  second"});
  EXPECT_EQ(GetCapturedStderr(),
            "error: '\\x1b[2J\\u{202e}': bad\n  hint: run evil\n  as it is\n"
            "hint: first\n  second\n");
}

TEST(Talk, a_notice_is_printable) {
  CaptureStderr();
  say("a\u009bb\rc\xff\nerror: d");
  EXPECT_EQ(GetCapturedStderr(), "a\\u{9b}b\\x0dc\\xff\n  error: d\n");
}

TEST(Talk, a_row_is_as_wide_as_what_is_seen_and_stays_one_line) {
  CaptureStdout();
  print("{:<12}|{:>4}|{}\n", std::string("a\x1b\n"), 7, "µ");
  print("{:<12}|{:>4}|{}\n", "µ", 7, std::string_view("\xff"));
  EXPECT_EQ(GetCapturedStdout(), "a\\x1b\\x0a   |   7|µ\nµ           |   7|\\xff\n");
}

TEST(Talk, no_other_file_of_this_folder_prints) {
  namespace fs = std::filesystem;
  for (const fs::path& file : fs::directory_iterator(BPFMATRIX_SOURCE_DIR "/harness/cli")) {
    if (file.extension() != ".cpp" || file.stem().string().ends_with("_test")) continue;
    const Result<std::string> source = read_file(file, 1 << 20);
    ASSERT_TRUE(source) << source.error().message;
    for (const char* way : {"fmt::print", "printf(", "std::cout", "std::cerr", "puts("}) {
      EXPECT_EQ(source->find(way), std::string::npos) << file << ": " << way;
    }
  }
}

TEST(Talk, a_text_with_lines_keeps_them) {
  CaptureStdout();
  print_text("one\n\ttwo\x07\n");
  EXPECT_EQ(GetCapturedStdout(), "one\n\ttwo\\x07\n");
}

}  // namespace
}  // namespace bpfmatrix
