#include "base/gzip.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

TEST(Gzip, what_goes_in_comes_out_and_never_more_than_allowed) {
  const auto dir = TempDir::create(std::filesystem::temp_directory_path(), "gzip-");
  ASSERT_TRUE(dir);
  const std::filesystem::path file = dir->path() / "text.gz";
  const std::string text(300'000, 'x');
  ASSERT_TRUE(write_file(file, gzip(text)));
  const Result<std::string> read = read_gzip(file, text.size());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, text);
  EXPECT_FALSE(read_gzip(file, text.size() - 1));
}

TEST(Gzip, a_file_cut_short_is_damaged) {
  const auto dir = TempDir::create(std::filesystem::temp_directory_path(), "gzip-");
  ASSERT_TRUE(dir);
  const std::filesystem::path file = dir->path() / "text.gz";
  EXPECT_FALSE(read_gzip(file, 10));
  std::string bytes = gzip("a short text, and some more of it");
  bytes[12] = static_cast<char>(~bytes[12]);
  ASSERT_TRUE(write_file(file, bytes));
  EXPECT_FALSE(read_gzip(file, 1000));
}

}  // namespace
}  // namespace bpfmatrix
