#include "guest/agent/tools.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix::guest {
namespace {

class GuestTools : public ::testing::Test {
 protected:
  GuestTools() {
    EXPECT_TRUE(write_file(loader_, "the loader"));
    tools_ = Tools::read(dir_->path());
  }

  Result<TempDir> dir_ = TempDir::create();
  std::string loader_ = dir_->path() / "libbpf";
  Tools tools_{};
};

TEST_F(GuestTools, are_used_while_they_are_what_they_were) {
  EXPECT_TRUE(tools_.check(loader_));
  EXPECT_TRUE(tools_.check("/run/bpfmatrix/cell/commands/x")) << "none of ours";
}

TEST_F(GuestTools, one_that_was_replaced_is_refused) {
  ASSERT_TRUE(write_file(loader_, "the_loader"));
  const Result<> checked = tools_.check(loader_);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message, "'" + loader_ + "': was changed in this guest");
}

TEST_F(GuestTools, one_that_is_new_or_gone_is_refused) {
  const std::string other = dir_->path() / "other";
  ASSERT_TRUE(write_file(other, "x"));
  EXPECT_FALSE(tools_.check(other));
  ASSERT_TRUE(std::filesystem::remove(loader_));
  EXPECT_FALSE(tools_.check(loader_));
}

}  // namespace
}  // namespace bpfmatrix::guest
