#include "base/unfinished.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

class Unfinished : public ::testing::Test {
 protected:
  fs::path path(const std::string& name) const { return dir_->path() / name; }
  void leave(const std::string& name) const { std::ofstream(path(name)) << "half"; }
  /// When nothing here counts as new any more.
  static std::time_t later() { return std::time(nullptr) + 3; }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(Unfinished, what_the_dead_left_is_removed_and_nothing_else) {
  leave("outcome.log.unfinished-aB3xYz");
  fs::create_directory(path("tree.unfinished-123456"));
  leave("tree.unfinished-123456/file");
  leave("outcome.log");
  leave("my.unfinished-work");
  Result<TempDir> maker = TempDir::create(dir_->path(), "busy.unfinished-");
  ASSERT_TRUE(maker);
  EXPECT_EQ(remove_unfinished(dir_->path(), Others::may_work_here, later()), 2);
  EXPECT_TRUE(fs::exists(path("outcome.log")));
  EXPECT_TRUE(fs::exists(path("my.unfinished-work")));
  EXPECT_TRUE(fs::exists(maker->path()));
}

TEST_F(Unfinished, what_is_young_may_be_about_to_get_its_lock) {
  leave("new.unfinished-abcdef");
  EXPECT_EQ(remove_unfinished(dir_->path()), 0);
  EXPECT_TRUE(fs::exists(path("new.unfinished-abcdef")));
}

TEST_F(Unfinished, where_others_are_locked_out_what_is_young_is_removed_too) {
  leave("new.unfinished-abcdef");
  const Result<TempDir> maker = TempDir::create(dir_->path(), "busy.unfinished-");
  ASSERT_TRUE(maker);
  EXPECT_EQ(remove_unfinished(dir_->path(), Others::are_locked_out), 1);
  EXPECT_FALSE(fs::exists(path("new.unfinished-abcdef")));
  EXPECT_TRUE(fs::exists(maker->path()));
}

TEST_F(Unfinished, a_folder_that_is_not_there_is_empty) {
  EXPECT_EQ(remove_unfinished(path("nowhere")), 0);
}

TEST_F(Unfinished, a_link_is_not_followed) {
  leave("precious");
  fs::create_symlink(path("precious"), path("x.unfinished-abcdef"));
  remove_unfinished(dir_->path(), Others::may_work_here, later());
  EXPECT_TRUE(fs::exists(path("precious")));
}

}  // namespace
}  // namespace bpfmatrix
