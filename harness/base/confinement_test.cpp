#include "base/confinement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/child_process.h"
#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A shell that may read one folder and write another, and a secret that it may not read.
class ConfinementTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"in", "out", "elsewhere"}) fs::create_directory(dir_->path() / name);
    ASSERT_TRUE(write_file(dir_->path() / "in" / "file", "readable\n"));
    ASSERT_TRUE(write_file(dir_->path() / "elsewhere" / "secret", "secret\n"));
    fs::create_symlink("../elsewhere/secret", dir_->path() / "in" / "link");
  }
  bool guards_files() const { return ChildCage(confinement_).guards_files(); }
  CommandOutput run(const std::string& script) const {
    Result<CommandOutput> output = run_command(
        {.argv = {"sh", "-c", script}, .directory = dir_->path(), .confined = confinement_}, 20s);
    EXPECT_TRUE(output) << output.error().message;
    return output ? *std::move(output) : CommandOutput{};
  }

  Result<TempDir> dir_ = TempDir::create();
  Confinement confinement_{.readable = {dir_->path() / "in", dir_->path() / "missing"},
                           .writable = {dir_->path() / "out"}};
};

TEST_F(ConfinementTest, what_it_is_for_works) {
  const CommandOutput output =
      run("cat in/file && echo text > out/a && mv out/a out/b && cat out/b && echo more > out/b && "
          "rm out/b");
  EXPECT_TRUE(output.status.success()) << output.err;
  EXPECT_EQ(output.out, "readable\ntext\n");
}

TEST_F(ConfinementTest, other_files_are_neither_read_nor_written_where_the_kernel_has_landlock) {
  if (!guards_files()) return;
  for (const char* script :
       {"cat elsewhere/secret", "cat in/link", "ls elsewhere", "echo x > elsewhere/new",
        "echo x > in/file", "rm elsewhere/secret", "echo x >> elsewhere/secret", "mkdir new",
        "ln -s /etc/passwd out/link", "mkfifo out/fifo", "cat /etc/passwd"}) {
    const CommandOutput output = run(script);
    EXPECT_FALSE(output.status.success()) << script;
    EXPECT_EQ(output.out, "") << script;
  }
  EXPECT_EQ(*read_file(dir_->path() / "elsewhere" / "secret", 100), "secret\n");
}

TEST_F(ConfinementTest, there_is_no_network) {
  const CommandOutput output =
      run("perl -MSocket -e 'socket(my $s, PF_INET, SOCK_STREAM, 0) or print \"$!\\n\"; "
          "socket($s, PF_UNIX, SOCK_STREAM, 0) or print \"$!\\n\"'");
  EXPECT_EQ(output.out, "Permission denied\nPermission denied\n") << output.err;
}

TEST_F(ConfinementTest, a_file_time_and_memory_have_limits) {
  confinement_.limits = {.cpu_seconds = 1, .memory_bytes = 64 << 20, .file_bytes = 1000};
  EXPECT_THAT(to_string(run("exec head -c 5000 /usr/bin/env > out/big").status),
              HasSubstr("File size limit"));
  EXPECT_EQ(fs::file_size(dir_->path() / "out" / "big"), 1000U);
  EXPECT_THAT(run("ulimit -t").out, HasSubstr("1"));
  EXPECT_THAT(run("ulimit -v").out, HasSubstr("65536"));
  EXPECT_THAT(run("ulimit -c").out, HasSubstr("0"));
}

}  // namespace
}  // namespace bpfmatrix
