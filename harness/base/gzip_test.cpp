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

TEST(Gunzip, gives_back_what_was_packed) {
  for (const std::string& text : {std::string(), std::string("a"), std::string(1 << 20, 'x')}) {
    const auto unpacked = gunzip(gzip(text), 1 << 20);
    ASSERT_TRUE(unpacked) << unpacked.error().message;
    EXPECT_EQ(*unpacked, text);
  }
}

TEST(Gunzip, a_text_over_the_limit_is_an_error) {
  const auto unpacked = gunzip(gzip(std::string(1 << 24, 'x')), 1000);
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().message, "more than 1000 bytes in it");
}

TEST(Gunzip, what_is_cut_short_or_no_gzip_is_an_error) {
  const std::string packed = gzip("some text");
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_FALSE(gunzip(std::string_view(packed).substr(0, size), 1000)) << size;
  }
  EXPECT_FALSE(gunzip("plain text", 1000));
}

}  // namespace
}  // namespace bpfmatrix
