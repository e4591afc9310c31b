#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

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
  const fs::path fifo = dir->path() / "fifo";
  const fs::path link = dir->path() / "link";
  const fs::path socket = dir->path() / "socket";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  ASSERT_EQ(::mknod(socket.c_str(), S_IFSOCK | 0600, 0), 0);
  fs::create_symlink(fifo, link);
  for (const fs::path& path : {fifo, link, socket, dir->path(), fs::path("/dev/zero")}) {
    const std::string error = "'" + path.string() + "': not a regular file";
    EXPECT_EQ(read_file(path, 10).error().message, error);
    EXPECT_EQ(open_file(path, 10).error().message, error);
  }
  EXPECT_FALSE(read_file(dir->path() / "missing", 10));
}

TEST(File, a_large_file_of_holes_is_refused_before_it_is_read) {
  const Result<TempDir> dir = TempDir::create();
  const fs::path sparse = dir->path() / "sparse";
  ASSERT_TRUE(write_file(sparse, ""));
  fs::resize_file(sparse, std::uint64_t{100} << 30);
  const std::string error = "'" + sparse.string() + "': larger than the limit of 1000 bytes";
  EXPECT_EQ(read_file(sparse, 1000).error().message, error);
  EXPECT_EQ(open_file(sparse, 1000).error().message, error);
}

TEST(File, files_of_the_kernel_are_read_whatever_size_they_say) {
  EXPECT_FALSE(read_file("/proc/self/status", 1 << 20)->empty());
  EXPECT_FALSE(read_file("/sys/kernel/mm/transparent_hugepage/enabled", 1 << 20)->empty());
}

TEST(File, what_is_below_a_folder_is_told_with_all_links_followed) {
  const Result<TempDir> dir = TempDir::create();
  const fs::path folder = dir->path() / "a";
  fs::create_directories(folder / "b");
  fs::create_directories(dir->path() / "ab");
  fs::create_symlink("/etc", folder / "out");
  fs::create_symlink("b", folder / "in");
  for (const char* name : {"", ".", "b", "b/..", "in", "in/x", "missing/x"}) {
    EXPECT_TRUE(is_below(folder / name, folder)) << name;
  }
  for (const char* name : {"..", "../ab", "out", "out/passwd", "b/../../ab", "in/../.."}) {
    EXPECT_FALSE(is_below(folder / name, folder)) << name;
  }
}

TEST(File, a_failed_write_leaves_the_old_file_and_no_other) {
  const Result<TempDir> dir = TempDir::create();
  const auto occupied = dir->path() / "taken";
  std::filesystem::create_directory(occupied);
  EXPECT_FALSE(write_file(occupied, "new"));
  EXPECT_TRUE(std::filesystem::is_directory(occupied));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir->path()), {}), 1);
}

TEST(WriteFile, what_is_no_file_is_not_replaced) {
  const TempDir dir = *TempDir::create();
  const std::filesystem::path fifo = dir.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(write_file(fifo, "text"));
  EXPECT_TRUE(std::filesystem::is_fifo(fifo));
}

}  // namespace
}  // namespace bpfmatrix
