#include "base/temp_dir.h"

#include <gtest/gtest.h>

#include <fstream>

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

TEST(TempDir, goes_with_its_owner_and_all_that_is_in_it) {
  fs::path path;
  {
    Result<TempDir> dir = TempDir::create();
    ASSERT_TRUE(dir);
    path = dir->path();
    fs::create_directory(path / "d");
    std::ofstream(path / "d" / "f") << "x";
    const TempDir moved = *std::move(dir);
    EXPECT_TRUE(fs::exists(path / "d" / "f"));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(TempDir, release_lets_it_stay) {
  Result<TempDir> dir = TempDir::create();
  const fs::path path = dir->release();
  EXPECT_TRUE(fs::exists(path));
  fs::remove(path);
}

TEST(TempDir, a_missing_parent_is_an_error_that_names_it) {
  const Result<TempDir> dir = TempDir::create("/nowhere", "x-");
  ASSERT_FALSE(dir);
  EXPECT_EQ(dir.error().message, "temporary directory in '/nowhere': No such file or directory");
}

}  // namespace
}  // namespace bpfmatrix
