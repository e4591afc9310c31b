#include "kernels/find/btf_collection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;

const std::string kRelease = "4.15.0-20-generic";
const std::string kFile = kRelease + ".btf";

class BtfCollection : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return dir_->path() / name; }
  fs::path put(const std::string& name, const std::string& bytes) {
    fs::create_directories(path(name).parent_path());
    EXPECT_TRUE(write_file(path(name), bytes));
    return path(name);
  }
  /// ARCH/RELEASE.btf.tar.xz below `folder`.
  fs::path collect(const std::string& folder, const std::string& btf,
                   const std::string& arch = "x86_64") {
    return put("hub/" + folder + "/" + arch + "/" + kFile + ".tar.xz",
               make_tar({{.path = kFile, .body = btf}}));
  }
  Result<CollectedBtf> find(const std::string& below = "", Arch arch = Arch::x86_64) {
    return find_collected_btf(path("hub/" + below), kRelease, arch);
  }
  /// What is wrong with an archive, or nothing.
  std::string problem(const std::string& archive, std::uint64_t max_bytes = 1 << 20) {
    const auto read = read_btf_archive(put("x.tar.xz", archive), kFile, max_bytes);
    return read ? "" : read.error().message;
  }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(BtfCollection, is_looked_through_by_release_and_architecture) {
  collect("ubuntu/18.04", "of x86");
  collect("ubuntu/18.04", "of arm", "arm64");
  put("hub/debian/9/x86_64/4.9.0.btf.tar.xz", "no archive, and none of ours");
  put("hub/README.md", "not a folder");
  for (const char* below : {"", "ubuntu", "ubuntu/18.04"}) {
    const auto found = find(below);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->bytes, "of x86");
    EXPECT_THAT(found->archive.string(), EndsWith("hub/ubuntu/18.04/x86_64/" + kFile + ".tar.xz"));
  }
  EXPECT_EQ(find("", Arch::aarch64)->bytes, "of arm");
}

TEST_F(BtfCollection, without_that_kernel_says_where_it_would_lie) {
  collect("ubuntu/18.04", "of arm", "arm64");
  const auto found = find();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "BTF collection '" + path("hub/").string() +
                                       "': no BTF of '4.15.0-20-generic' for x86_64");
  EXPECT_EQ(found.error().hint,
            "looked for: DISTRIBUTION/VERSION/x86_64/4.15.0-20-generic.btf.tar.xz");
  EXPECT_THAT(find("gone").error().message, EndsWith("hub/gone': No such file or directory"));
}

TEST_F(BtfCollection, a_release_is_no_path) {
  collect("ubuntu/18.04", "of x86");
  for (const std::string& release : {"../x86_64/" + kRelease, std::string(".."), std::string()}) {
    const auto found = find_collected_btf(path("hub"), release, Arch::x86_64);
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message, EndsWith("'" + release + "': not a kernel release"));
  }
}

TEST_F(BtfCollection, several_of_a_release_must_be_the_same) {
  collect("ubuntu/16.04", "one");
  collect("ubuntu/18.04", "one");
  EXPECT_EQ(find()->bytes, "one");
  collect("mint/19", "another");
  const auto found = find();
  ASSERT_FALSE(found);
  const std::string name = "/x86_64/" + kFile + ".tar.xz'";
  EXPECT_THAT(found.error().message, EndsWith("several files that differ: 'mint/19" + name +
                                              ", 'ubuntu/16.04" + name + ", 'ubuntu/18.04" + name));
  EXPECT_EQ(found.error().hint,
            "choose a folder of one version: " + fs::canonical(path("hub/mint/19")).string());
  EXPECT_EQ(find("ubuntu")->bytes, "one");
}

TEST_F(BtfCollection, links_are_followed_inside_and_refused_where_they_lead_out) {
  collect("ubuntu/18.04", "one");
  fs::create_directory_symlink("18.04", path("hub/ubuntu/bionic"));
  fs::create_directory_symlink("ubuntu", path("hub/again"));
  EXPECT_EQ(find()->bytes, "one") << "one archive, by three ways";
  EXPECT_EQ(find("ubuntu/bionic")->bytes, "one");
  put("outside/x86_64/" + kFile + ".tar.xz", "secret");
  fs::create_directory_symlink(path("outside"), path("hub/ubuntu/evil"));
  EXPECT_EQ(find()->bytes, "one") << "what lies elsewhere is no part of it";
  fs::create_directories(path("hub/ubuntu/20.04"));
  fs::create_directory_symlink(path("outside/x86_64"), path("hub/ubuntu/20.04/x86_64"));
  EXPECT_THAT(find().error().message, EndsWith("hub/ubuntu/20.04/x86_64/" + kFile +
                                               ".tar.xz': a link that leaves the collection"));
  fs::remove(path("hub/ubuntu/20.04/x86_64"));
  fs::create_directories(path("hub/ubuntu/20.04/x86_64"));
  const fs::path loop = path("hub/ubuntu/20.04/x86_64/" + kFile + ".tar.xz");
  fs::create_symlink(loop, loop);
  EXPECT_THAT(find().error().message, EndsWith("Too many levels of symbolic links"));
}

TEST_F(BtfCollection, an_archive_holds_the_one_file_and_nothing_else) {
  using EntryKind = FakeEntry::Kind;
  const FakeEntry file{.path = kFile, .body = "types"};
  const std::string one = make_tar({file});
  EXPECT_EQ(problem(one), "");
  EXPECT_EQ(problem(make_tar({{.path = "./" + kFile, .body = "types"}}, Packing::gzip)), "");
  const auto named = [&](const std::string& text) {
    return "'" + path("x.tar.xz").string() + "': " + text;
  };
  const std::string wanted = " in it; wanted only the file '" + kFile + "'";
  EXPECT_EQ(problem(make_tar({file, {.path = "more", .body = ""}})), named("'more'" + wanted));
  EXPECT_EQ(problem(make_tar({file, file})), named("'" + kFile + "'" + wanted));
  EXPECT_EQ(problem(make_tar({{.path = "../" + kFile, .body = "x"}})),
            named("'../" + kFile + "'" + wanted));
  for (const EntryKind kind : {EntryKind::symlink, EntryKind::hardlink, EntryKind::device}) {
    EXPECT_EQ(problem(make_tar({{.path = kFile, .body = "/etc/passwd", .kind = kind}})),
              named("'" + kFile + "'" + wanted));
  }
  EXPECT_EQ(problem(make_tar({})), named("nothing in it"));
}

TEST_F(BtfCollection, an_archive_that_is_damaged_or_too_large_is_refused) {
  const std::string bomb = make_tar({{.path = kFile, .body = std::string(1 << 20, '\0')}});
  EXPECT_LT(bomb.size(), 10'000U);
  EXPECT_EQ(problem(bomb, 1 << 20), "");
  EXPECT_THAT(problem(bomb, (1 << 20) - 1), EndsWith("unpacks to more than 1048575 bytes"));
  std::string noise;
  for (std::uint32_t i = 0, x = 1; i < 100'000; ++i)
    noise += static_cast<char>((x = x * 69069 + 1) >> 24);
  const std::string whole = make_tar({{.path = kFile, .body = noise}});
  for (const std::size_t cut :
       {std::size_t{0}, std::size_t{7}, std::size_t{100}, whole.size() / 2, whole.size() - 40}) {
    EXPECT_THAT(problem(whole.substr(0, cut)), HasSubstr("x.tar.xz': ")) << cut;
  }
  EXPECT_THAT(problem("hello"), HasSubstr("x.tar.xz': "));
  const auto folder = read_btf_archive(dir_->path(), kFile);
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, EndsWith("not a regular file"));
}

}  // namespace
}  // namespace bpfmatrix
