#include "kernels/archive/deb_archive.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

using Kind = FakeEntry::Kind;

Result<std::optional<std::string>> take_all(std::string_view path) {
  return std::optional<std::string>(path);
}

class DebArchive : public testing::Test {
 protected:
  Result<> unpack(const std::string& deb, const UnpackRules& rules = {}) {
    std::filesystem::create_directories(into());
    EXPECT_TRUE(write_file(dir_->path() / "a.deb", deb));
    return unpack_deb(dir_->path() / "a.deb", into(), take_all, rules);
  }
  std::filesystem::path into() const { return dir_->path() / "into"; }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(DebArchive, unpacks_every_compression_debian_uses) {
  for (const Packing packing : {Packing::xz, Packing::gzip, Packing::zstd}) {
    std::filesystem::remove_all(into());
    const std::string body(300'000, 'x');
    const auto done = unpack(make_deb({{.path = "./a/b", .body = body}, {.path = "c"}}, packing));
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(*read_file(into() / "a" / "b", 1 << 20), body);
    EXPECT_TRUE(std::filesystem::exists(into() / "c"));
  }
}

TEST_F(DebArchive, refuses_paths_that_leave_the_folder) {
  for (const char* path : {"../evil", "/etc/evil", "./a/../../evil", "a/./b", "./../evil"}) {
    const auto done = unpack(make_deb({{.path = path, .body = "x"}}));
    ASSERT_FALSE(done) << path;
    EXPECT_NE(done.error().message.find("a path that leaves the package"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(dir_->path() / "evil"));
  }
}

TEST_F(DebArchive, makes_no_links_and_no_devices) {
  for (const Kind kind : {Kind::symlink, Kind::hardlink, Kind::device}) {
    const std::string deb = make_deb({{.path = "a", .body = "/etc/passwd", .kind = kind}});
    ASSERT_FALSE(unpack(deb));
    ASSERT_TRUE(unpack(deb, UnpackRules{.leave_out_links = true}));
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(into() / "a")));
  }
}

TEST_F(DebArchive, who_listens_hears_of_links_and_folders_and_none_is_made) {
  std::vector<std::string> heard;
  const NoteEntry note = [&](const EntryNote& entry) {
    heard.push_back(std::to_string(static_cast<int>(entry.kind)) + std::string(entry.path) + ">" +
                    std::string(entry.target));
    return Result<>();
  };
  const std::string deb = make_deb({{.path = "./d/", .kind = Kind::folder},
                                    {.path = "./d/f", .body = "x"},
                                    {.path = "./s", .body = "/etc/passwd", .kind = Kind::symlink},
                                    {.path = "./h", .body = "./d/f", .kind = Kind::hardlink},
                                    {.path = "./n", .kind = Kind::device}});
  ASSERT_TRUE(unpack(deb, UnpackRules{.note = &note}));
  EXPECT_EQ(heard, (std::vector<std::string>{"1d>", "0d/f>", "2s>/etc/passwd", "3h>d/f"}));
  EXPECT_EQ(*read_file(into() / "d" / "f", 10), "x");
  for (const char* link : {"s", "h", "n"})
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(into() / link))) << link;
}

TEST_F(DebArchive, a_link_followed_by_a_file_below_it_writes_nothing_outside) {
  const auto outside = dir_->path() / "outside";
  std::filesystem::create_directory(outside);
  const auto done = unpack(make_deb({{.path = "a", .body = outside.string(), .kind = Kind::symlink},
                                     {.path = "a/b", .body = "x"}}),
                           UnpackRules{.leave_out_links = true});
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_TRUE(std::filesystem::is_empty(outside));
}

TEST_F(DebArchive, a_file_that_comes_twice_is_an_error) {
  EXPECT_FALSE(unpack(make_deb({{.path = "a", .body = "1"}, {.path = "a", .body = "2"}})));
}

TEST_F(DebArchive, refuses_bombs) {
  const std::string deb =
      make_deb({{.path = "a", .body = std::string(1 << 20, '\0')}, {.path = "b"}});
  EXPECT_LT(deb.size(), 10'000U);
  EXPECT_TRUE(unpack(deb, UnpackRules{.max_bytes = 1 << 20}));
  std::filesystem::remove_all(into());
  EXPECT_FALSE(unpack(deb, UnpackRules{.max_bytes = (1 << 20) - 1}));
  std::filesystem::remove_all(into());
  EXPECT_FALSE(unpack(deb, UnpackRules{.max_entries = 1}));
}

TEST_F(DebArchive, refuses_what_is_no_package) {
  for (const std::string text : {"", "not an archive", "!<arch>\n"}) {
    EXPECT_FALSE(unpack(text)) << text;
  }
  const std::string deb = make_deb({{.path = "a", .body = std::string(100'000, 'x')}});
  for (std::size_t size = 0; size < deb.size(); size += 97) {
    std::filesystem::remove_all(into());
    EXPECT_FALSE(unpack(deb.substr(0, size))) << size << " of " << deb.size();
  }
}

}  // namespace
}  // namespace bpfmatrix
