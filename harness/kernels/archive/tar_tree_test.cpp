#include "kernels/archive/tar_tree.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

class TarTree : public testing::Test {
 protected:
  Result<> unpack_bytes(const std::string& bytes, const TarLimits& limits = {}) {
    EXPECT_TRUE(write_file(tarball_, bytes));
    return unpack_tree(tarball_, dir_->path() / "tree", limits);
  }
  Result<> unpack(const std::vector<FakeEntry>& entries, const TarLimits& limits = {}) {
    return unpack_bytes(make_tar(entries), limits);
  }
  void expect_refused(const std::vector<FakeEntry>& entries, const std::string& problem) {
    const auto unpacked = unpack(entries);
    ASSERT_FALSE(unpacked) << problem;
    EXPECT_EQ(unpacked.error().message, "'" + tarball_.string() + "': " + problem);
  }

  Result<TempDir> dir_ = TempDir::create();
  fs::path tarball_ = dir_->path() / "linux.tar.xz";
};

TEST_F(TarTree, what_lies_below_the_top_folder_is_unpacked) {
  ASSERT_TRUE(unpack(
      {{.path = "linux-5.4/Makefile", .body = "all:\n"},
       {.path = "linux-5.4/a/b.c", .body = "int b;\n"},
       {.path = "linux-5.4/a/link", .body = "../Makefile", .kind = FakeEntry::Kind::symlink}}));
  EXPECT_EQ(*read_file(dir_->path() / "tree/a/b.c", 100), "int b;\n");
  EXPECT_EQ(*read_file(dir_->path() / "tree/a/link", 100), "all:\n");
  EXPECT_FALSE(fs::exists(dir_->path() / "tree/linux-5.4"));
}

TEST_F(TarTree, nothing_leaves_the_tree) {
  expect_refused({{.path = "l/../../x", .body = "x"}}, "'../../x': a path that leaves the tree");
  for (const char* target : {"/etc/passwd", "../../x", "", ".."}) {
    if (*target == '\0') continue;  // no tar has an empty link
    expect_refused({{.path = "l/link", .body = target, .kind = FakeEntry::Kind::symlink}},
                   "'link': a link that leaves the tree");
  }
  expect_refused({{.path = "l/a", .body = "x"},
                  {.path = "l/b", .body = "l/a", .kind = FakeEntry::Kind::hardlink}},
                 "'b': a hard link or a device");
  expect_refused({{.path = "l/dev", .kind = FakeEntry::Kind::device}},
                 "'dev': a hard link or a device");
}

TEST_F(TarTree, nothing_is_written_through_a_link) {
  const auto unpacked = unpack({{.path = "l/in/x", .body = "x"},
                                {.path = "l/d", .body = "in", .kind = FakeEntry::Kind::symlink},
                                {.path = "l/d/x2", .body = "y"}});
  EXPECT_FALSE(unpacked);
  EXPECT_FALSE(fs::exists(dir_->path() / "tree/in/x2"));
}

TEST_F(TarTree, is_bounded) {
  const std::vector<FakeEntry> two{{.path = "l/a", .body = std::string(1000, 'a')},
                                   {.path = "l/b", .body = "b"}};
  EXPECT_EQ(unpack(two, {.max_bytes = 999}).error().message,
            "'" + tarball_.string() + "': 'a': more than 999 bytes");
  fs::remove_all(dir_->path() / "tree");
  EXPECT_EQ(unpack(two, {.max_entries = 1}).error().message,
            "'" + tarball_.string() + "': more than 1 files");
}

TEST_F(TarTree, what_is_damaged_or_none_is_an_error) {
  EXPECT_FALSE(unpack_bytes("hello"));
  const std::string whole =
      make_tar({{.path = "l/a", .body = std::string(100'000, 'a')}}, Packing::none);
  EXPECT_FALSE(unpack_bytes(whole.substr(0, 5000)));
  EXPECT_FALSE(unpack_tree(dir_->path() / "missing", dir_->path() / "tree2"));
}

}  // namespace
}  // namespace bpfmatrix
