#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

TEST(File, reads_back_what_was_written) {
  const Result<TempDir> dir = TempDir::create();
  ASSERT_TRUE(dir);
  const auto path = dir->path() / "a";
  ASSERT_TRUE(write_file(path, std::string_view("x\0y", 3)));
  EXPECT_EQ(*read_file(path, 3), std::string("x\0y", 3));
}

TEST(File, refuses_more_than_the_limit) {
  const Result<TempDir> dir = TempDir::create();
  ASSERT_TRUE(write_file(dir->path() / "a", "1234"));
  const Result<std::string> read = read_file(dir->path() / "a", 3);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message,
            "'" + (dir->path() / "a").string() + "': larger than the limit of 3 bytes");
}

TEST(File, refuses_what_is_no_regular_file_without_blocking) {
  const Result<TempDir> dir = TempDir::create();
  const auto fifo = dir->path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(read_file(fifo, 10));
  EXPECT_FALSE(read_file(dir->path(), 10));
  EXPECT_FALSE(read_file(dir->path() / "missing", 10));
}

TEST(File, a_failed_write_leaves_the_old_file_and_no_other) {
  const Result<TempDir> dir = TempDir::create();
  const auto occupied = dir->path() / "taken";
  std::filesystem::create_directory(occupied);
  EXPECT_FALSE(write_file(occupied, "new"));
  EXPECT_TRUE(std::filesystem::is_directory(occupied));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir->path()), {}), 1);
}

}  // namespace
}  // namespace bpfmatrix
