// What `repro` says where there is nothing to boot: to a file that is no pack, to a run or cell
// that is not there, and of machines that nobody can be near to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"
#include "cli/exit_code.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

class ReproCommand : public testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& bytes) const {
    const std::string file = (dir_->path() / name).string();
    EXPECT_TRUE(write_file(file, bytes));
    return file;
  }
  void expect_wrong(const std::vector<std::string>& arguments, const std::string& problem) const {
    const Said said = bpfmatrix_says(arguments, std::chrono::seconds(60),
                                     {{"XDG_CACHE_HOME", (dir_->path() / "cache").string()}});
    EXPECT_EQ(said.exit_code, wrong_command) << said.out;
    EXPECT_THAT(said.err, HasSubstr("error: " + problem));
    EXPECT_EQ(said.out, "");
  }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(ReproCommand, a_file_that_is_no_pack_is_a_wrong_command) {
  const std::string file = put("x.bpfrepro", "hello\n");
  for (const char* command : {"run", "bisect"}) {
    std::vector<std::string> arguments{"repro", command, file};
    if (command == std::string("bisect")) arguments.insert(arguments.end(), {"--kernels", "*"});
    expect_wrong(arguments, "'" + file + "': not packed with zstd\n");
  }
}

TEST_F(ReproCommand, what_is_not_there_cannot_be_packed) {
  expect_wrong({"repro", "pack", dir_->path().string(), "*"}, "'");
}

TEST_F(ReproCommand, a_machine_elsewhere_must_be_named_by_its_kernel) {
  const std::string object = put("x.o", "no object");
  expect_wrong({"repro", "new", "--uname", "a box", "--object", object},
               "--uname 'a box': no release of a kernel in it\n");
}

}  // namespace
}  // namespace bpfmatrix
