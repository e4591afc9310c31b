#include "analysis/compare/baseline.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/hostile_test_support.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

class BaselineFile : public ::testing::Test {
 protected:
  Result<Baseline> read(const std::string& text) {
    EXPECT_TRUE(write_file(file_, text));
    return read_baseline(file_);
  }
  std::string error_of(const std::string& text) {
    const Result<Baseline> baseline = read(text);
    EXPECT_FALSE(baseline) << text;
    return baseline ? "" : baseline.error().message;
  }

  Result<TempDir> dir_ = TempDir::create();
  std::filesystem::path file_ = dir_->path() / "baseline";
  std::string name_ = "'" + file_.string();
};

const std::string kHead = "# bpfmatrix baseline 1\n";

TEST_F(BaselineFile, is_a_sorted_line_for_each_cell_and_program) {
  const Baseline baseline{{"k2/c/kernel/libbpf",
                           {{.program = "b", .sign = Sign::failed, .cause = "helper_unknown"},
                            {.program = "a",
                             .sign = Sign::attached,
                             .symbol = "__x64_sys_connect",
                             .poisoned = 1,
                             .insns = 812,
                             .stack = 64,
                             .size = 120}}},
                          {"k1/c/kernel/libbpf", {{.sign = Sign::failed, .cause = "not_bpf"}}},
                          {"k1/d/kernel/libbpf",
                           {{.program = "p", .sign = Sign::wrong_reads, .wrong = {"fd", "port"}}}}};
  EXPECT_EQ(to_text(baseline),
            kHead +
                "k1/c/kernel/libbpf - failed cause=not_bpf\n"
                "k1/d/kernel/libbpf p wrong_reads wrong=fd,port\n"
                "k2/c/kernel/libbpf a attached symbol=__x64_sys_connect poisoned=1 insns=812 "
                "stack=64 size=120\n"
                "k2/c/kernel/libbpf b failed cause=helper_unknown\n");
}

TEST_F(BaselineFile, that_is_cut_short_is_an_error_and_never_a_smaller_baseline) {
  const std::string text = kHead + "k/c/kernel/libbpf a attached\nk/d/kernel/libbpf b attached";
  EXPECT_EQ(error_of(text), name_ + "': its last line has no end");
  EXPECT_EQ(error_of(text.substr(0, kHead.size() + 9)), name_ + "': its last line has no end");
  EXPECT_TRUE(read(text + "\n"));
}

TEST_F(BaselineFile, comes_back_whatever_its_names_are) {
  Baseline baseline;
  for (const std::string& name :
       {std::string("plain"), std::string("two words"), std::string(kHostile),
        std::string("a=b\\x20"), std::string("#"), std::string("-"), std::string("p\u00e4,q")}) {
    baseline[name + "/c/kernel/libbpf"] = {{.program = name,
                                            .sign = Sign::wrong_reads,
                                            .cause = name,
                                            .symbol = name,
                                            .wrong = {name, "x"},
                                            .splats = std::vector<std::string>()}};
  }
  const std::string text = to_text(baseline);
  expect_printable(text);
  const Result<Baseline> back = read(text);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, baseline);
}

TEST_F(BaselineFile, comments_and_empty_lines_are_the_users) {
  EXPECT_EQ(read(kHead + "\n# why\nk/c/b/l p attached\n")->size(), 1U);
}

TEST_F(BaselineFile, comments_stay_with_their_lines_when_it_is_rewritten) {
  ASSERT_TRUE(write_file(file_, kHead + "# who reviews this\n\n"
                                        "k/b/b/l p attached\n"
                                        "# waits for the new helper\n"
                                        "k/c/b/l p failed cause=helper_unknown\n"
                                        "# gone with its line\n"
                                        "k/d/b/l p attached\n"
                                        "# the end\n"));
  const Baseline now{{"k/a/b/l", {{.program = "p", .sign = Sign::attached}}},
                     {"k/b/b/l", {{.program = "p", .sign = Sign::attached}}},
                     {"k/c/b/l", {{.program = "p", .sign = Sign::attached}}},
                     {"k/e/b/l", {{.program = "p", .sign = Sign::attached}}}};
  const Result<std::string> text = text_with_comments_of(file_, to_text(now));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, kHead +
                       "# who reviews this\n\n"
                       "k/a/b/l p attached\n"
                       "k/b/b/l p attached\n"
                       "# waits for the new helper\n"
                       "k/c/b/l p attached\n"
                       "k/e/b/l p attached\n"
                       "# the end\n");
  EXPECT_EQ(read(*text)->size(), 4U);
  EXPECT_EQ(*text_with_comments_of(file_.string() + "-not-there", "a\n"), "a\n");
}

TEST_F(BaselineFile, the_kernels_complaints_come_back) {
  const Baseline baseline{
      {"k/c/b/l",
       {{.program = "p", .sign = Sign::attached, .splats = {{"WARNING: at a/b.c f", "x, y"}}}}}};
  const Result<Baseline> back = read(to_text(baseline));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, baseline);
}

TEST_F(BaselineFile, what_is_wrong_with_it_is_said_with_its_line) {
  EXPECT_EQ(error_of(""), name_ + "': empty, and no baseline");
  EXPECT_EQ(error_of("x\n"), name_ + ":1': wanted '# bpfmatrix baseline 1', got 'x'");
  EXPECT_EQ(error_of(kHead + "k/c/b/l p\n"), name_ + ":2': wanted a cell, a program and a sign");
  EXPECT_EQ(error_of(kHead + "k/c/b/l p great\n"), name_ + ":2': unknown sign 'great'");
  EXPECT_EQ(error_of(kHead + "k/c/b/l p failed because=x\n"),
            name_ + ":2': unknown fact 'because=x'");
  EXPECT_EQ(error_of(kHead + "k/c/b/l p failed insns=many\n"),
            name_ + ":2': unknown fact 'insns=many'");
  EXPECT_EQ(error_of(kHead + "k/c/b/l p failed\nk/c/b/l p failed\n"),
            name_ + ":3': this program of this cell stands twice");
  EXPECT_EQ(error_of(kHead + std::string(70'000, 'x') + "\n").substr(0, name_.size() + 3),
            name_ + ":2'");
}

}  // namespace
}  // namespace bpfmatrix
