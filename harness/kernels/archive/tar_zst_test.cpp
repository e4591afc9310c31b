#include "kernels/archive/tar_zst.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

std::string archive_of(const std::vector<std::pair<std::string, std::string>>& files) {
  TarZst tar;
  for (const auto& [path, bytes] : files) EXPECT_TRUE(tar.add(path, bytes));
  const Result<std::string> whole = tar.finish();
  EXPECT_TRUE(whole);
  return whole ? *whole : "";
}

TEST(TarZst, files_come_out_as_they_went_in) {
  const Result<TempDir> dir = TempDir::create();
  const std::string large(300'000, 'x');
  ASSERT_TRUE(write_file(dir->path() / "a.tar.zst", archive_of({{"a", "1"}, {"b/c/d", large}})));
  const auto place = [](std::string_view path) -> Result<std::optional<std::string>> {
    return std::optional<std::string>(path);
  };
  const Result<> done = unpack_tar_zst(dir->path() / "a.tar.zst", dir->path() / "into", place, {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(*read_file(dir->path() / "into/a", 10), "1");
  EXPECT_EQ(*read_file(dir->path() / "into/b/c/d", 1 << 20), large);
}

TEST(TarZst, nothing_but_names_and_contents_counts) {
  const std::vector<std::pair<std::string, std::string>> files = {{"a", "1"}, {"b", "2"}};
  EXPECT_EQ(archive_of(files), archive_of(files));
}

TEST(TarZst, a_path_without_room_in_a_header_is_an_error) {
  TarZst tar;
  EXPECT_FALSE(tar.add(std::string(300, 'a'), "x"));
}

}  // namespace
}  // namespace bpfmatrix
