#include "kernels/build/logged_command.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

class LoggedCommand : public testing::Test {
 protected:
  Result<> run(const std::string& script, std::chrono::seconds timeout = std::chrono::seconds(60)) {
    return run_logged(
        {"sh", "-c", script}, log_, [this](std::string_view line) { lines_.emplace_back(line); },
        timeout);
  }

  Result<TempDir> dir_ = TempDir::create();
  std::filesystem::path log_ = dir_->path() / "log";
  std::vector<std::string> lines_{};
};

TEST_F(LoggedCommand, both_streams_are_heard_and_kept) {
  ASSERT_TRUE(run("echo one; echo two >&2"));
  EXPECT_EQ(lines_, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(*read_file(log_, 1000), "$ sh -c 'echo one; echo two >&2'\none\ntwo\n");
}

TEST_F(LoggedCommand, a_second_command_is_appended) {
  ASSERT_TRUE(run("echo one"));
  ASSERT_TRUE(run("echo two"));
  EXPECT_EQ(*read_file(log_, 1000), "$ sh -c 'echo one'\none\n$ sh -c 'echo two'\ntwo\n");
}

TEST_F(LoggedCommand, a_failure_shows_the_lines_that_look_like_one) {
  const auto ran = run("echo fine; echo 'a.c:1: error: no'; echo 'also fine'; exit 2");
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().message, "'sh': exit code 2\n  a.c:1: error: no");
  EXPECT_EQ(ran.error().hint, "the whole log: " + log_.string());
}

TEST_F(LoggedCommand, or_else_the_last_lines) {
  const auto ran = run("for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; done; kill -9 $$");
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().message,
            "'sh': signal 9 (Killed)\n  3\n  4\n  5\n  6\n  7\n  8\n  9\n  10");
}

TEST_F(LoggedCommand, ends_what_does_not_end) {
  const auto ran = run("echo begun; exec sleep 600", std::chrono::seconds(1));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().message, "'sh': did not end in time");
  EXPECT_EQ(lines_.back(), "begun");
}

TEST_F(LoggedCommand, what_is_not_there_is_named) {
  const auto ran = run_logged({"bpfmatrix-no-such-program"}, log_, {}, std::chrono::seconds(1));
  ASSERT_FALSE(ran);
  EXPECT_NE(ran.error().message.find("bpfmatrix-no-such-program"), std::string::npos);
}

}  // namespace
}  // namespace bpfmatrix
