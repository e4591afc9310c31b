#include "cli/output_file.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

TEST(OutputFile, a_link_of_the_users_leads_to_what_is_written) {
  const Result<TempDir> dir = TempDir::create();
  const fs::path folder = dir->path() / "elsewhere";
  fs::create_directory(folder);
  fs::create_symlink("elsewhere/file",
                     dir->path() / "relative");  // of a file that is not there yet
  fs::create_symlink(dir->path() / "relative", dir->path() / "absolute");
  for (const char* link : {"relative", "absolute"}) {
    ASSERT_TRUE(write_output(dir->path() / link, link));
    EXPECT_TRUE(fs::is_symlink(dir->path() / link));
    EXPECT_EQ(*read_file(folder / "file", 100), link);
  }
  ASSERT_TRUE(write_output(dir->path() / "plain", "text"));
  EXPECT_EQ(*read_file(dir->path() / "plain", 100), "text");
}

TEST(OutputFile, links_that_lead_nowhere_are_an_error) {
  const Result<TempDir> dir = TempDir::create();
  fs::create_symlink("b", dir->path() / "a");
  fs::create_symlink("a", dir->path() / "b");
  fs::create_symlink("no/such/folder", dir->path() / "c");
  for (const char* link : {"a", "b", "c"}) {
    EXPECT_FALSE(write_output(dir->path() / link, "x"));
    EXPECT_TRUE(fs::is_symlink(dir->path() / link));
  }
}

TEST(OutputFile, a_file_that_is_there_keeps_its_mode) {
  const Result<TempDir> dir = TempDir::create();
  const fs::path file = dir->path() / "file";
  ASSERT_TRUE(write_output(file, "old"));
  fs::permissions(file, static_cast<fs::perms>(0660));
  ASSERT_TRUE(write_output(file, "new"));
  EXPECT_EQ(fs::status(file).permissions(), static_cast<fs::perms>(0660));
}

}  // namespace
}  // namespace bpfmatrix
