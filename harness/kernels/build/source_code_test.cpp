#include "kernels/build/source_code.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sha256.h"
#include "kernels/testing/fake_tree.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

class SourceCodes : public testing::Test {
 protected:
  SourceCodes() {
    options_.fetch = archive_.options();
    options_.kernel_mirror = archive_.server().url() + "/kernel";
    EXPECT_TRUE(options_.fetch.store.prepare());
  }
  Result<SourceCode> find(const BuildSource& source) const {
    return find_source_code({"own", Arch::x86_64, source}, source, options_);
  }
  BuildSource pinned(std::string sha256) const {
    return {.code = TarballSource{"v5.x/linux-5.4.1.tar.xz", std::move(sha256)}};
  }
  /// The tree arrives whole in an empty folder.
  void expect_unpacks(const SourceCode& code) {
    const fs::path into = dir_->path() / "into";
    fs::create_directories(into);
    const Result<> unpacked = code.unpack(into);
    ASSERT_TRUE(unpacked) << unpacked.error().message;
    EXPECT_EQ(*read_file(into / "vmlinux.c", 1000), fake_tree()[1].body);
  }

  FakeArchive archive_{};
  BuildOptions options_{};
  Result<TempDir> dir_ = TempDir::create();
  std::string tarball_ = tar_tree(fake_tree());
};

TEST_F(SourceCodes, a_pinned_tarball_is_known_before_it_is_fetched) {
  archive_.server().put("/kernel/v5.x/linux-5.4.1.tar.xz", tarball_);
  const auto code = find(pinned(sha256_hex(tarball_)));
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_TRUE(archive_.server().requests().empty());
  EXPECT_EQ(code->origin.kind, "source");
  EXPECT_EQ(code->origin.package, "linux-5.4.1.tar.xz");
  EXPECT_EQ(code->origin.chain.back(), "linux-5.4.1.tar.xz: sha256 " + sha256_hex(tarball_));
  expect_unpacks(*code);
}

TEST_F(SourceCodes, another_tarball_than_the_pinned_one_is_refused) {
  archive_.server().put("/kernel/v5.x/linux-5.4.1.tar.xz", tarball_);
  const auto code = find(pinned(sha256_hex("another")));
  ASSERT_TRUE(code) << code.error().message;
  const auto unpacked = code->unpack(dir_->path());
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().message, "sha256 mismatch in '" + options_.kernel_mirror +
                                          "/v5.x/linux-5.4.1.tar.xz': want " +
                                          sha256_hex("another") + ", got " + sha256_hex(tarball_));
}

TEST_F(SourceCodes, a_tarball_that_is_gone_is_named) {
  const auto code = find(pinned(sha256_hex(tarball_)));
  ASSERT_TRUE(code) << code.error().message;
  const auto unpacked = code->unpack(dir_->path());
  ASSERT_FALSE(unpacked);
  EXPECT_NE(unpacked.error().message.find("/v5.x/linux-5.4.1.tar.xz': The requested URL"),
            std::string::npos)
      << unpacked.error().message;
}

TEST_F(SourceCodes, a_tarball_given_must_be_the_pinned_one) {
  options_.given = dir_->path() / "linux.tar.xz";
  ASSERT_TRUE(write_file(*options_.given, tarball_));
  const auto right = find(pinned(sha256_hex(tarball_)));
  ASSERT_TRUE(right) << right.error().message;
  expect_unpacks(*right);
  const auto wrong = find(pinned(sha256_hex("another")));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().hint, "another version's tree: unpack it and give it with --source");
}

TEST_F(SourceCodes, a_package_is_checked_from_the_signature_down) {
  archive_.publish({{.name = "linux-source-5.4",
                     .version = "5.4.1-1",
                     .entries = {{.path = "./usr/src/linux-source-5.4.tar.xz", .body = tarball_},
                                 {.path = "./usr/share/doc/x", .body = "text"}}}});
  const BuildSource source{
      .code = DebSource{"bookworm", "linux-source-5.4", "test.gpg", "", archive_.keys()}};
  const auto code = find(source);
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(code->origin.version, "5.4.1-1");
  EXPECT_EQ(code->origin.signed_by.size(), 40U);
  ASSERT_EQ(code->origin.chain.size(), 3U);
  EXPECT_EQ(code->origin.chain[2],
            "linux-source-5.4_5.4.1-1_amd64.deb: sha256 " + code->origin.sha256);
  expect_unpacks(*code);
}

TEST_F(SourceCodes, a_package_without_a_tree_is_named) {
  archive_.publish({{.name = "linux-source-5.4",
                     .version = "5.4.1-1",
                     .entries = {{.path = "./usr/share/doc/x", .body = "text"}}}});
  const BuildSource source{
      .code = DebSource{"bookworm", "linux-source-5.4", "test.gpg", "", archive_.keys()}};
  const auto code = find(source);
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(code->unpack(dir_->path()).error().message,
            "package 'linux-source-5.4' has no 'usr/src/linux-source-5.4.tar.*'");
  const BuildSource other{
      .code = DebSource{"bookworm", "linux-source-9", "test.gpg", "", archive_.keys()}};
  EXPECT_EQ(find(other).error().message, "package 'linux-source-9': not in the suite's index");
}

TEST_F(SourceCodes, a_folder_is_what_its_files_are) {
  const fs::path folder = dir_->path() / "tree";
  write_tree(fake_tree(), folder);
  const auto hash = hash_folder(folder);
  ASSERT_TRUE(hash) << hash.error().message;
  EXPECT_EQ(*hash, *hash_folder(folder));
  ASSERT_TRUE(write_file(folder / "vmlinux.c", "int x;"));
  const auto edited = hash_folder(folder);
  EXPECT_NE(*hash, *edited);
  fs::remove(folder / "link");
  fs::create_symlink("Makefile", folder / "link");
  EXPECT_NE(*edited, *hash_folder(folder));
  EXPECT_FALSE(hash_folder(dir_->path() / "missing"));
}

TEST_F(SourceCodes, a_folder_given_stays_where_it_is) {
  options_.given = dir_->path() / "tree";
  write_tree(fake_tree(), *options_.given);
  const auto code = find(pinned(sha256_hex("any")));
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(code->folder, fs::canonical(*options_.given));
  EXPECT_EQ(code->origin.package, "tree/");
  options_.given = dir_->path() / "missing";
  EXPECT_FALSE(find(pinned(sha256_hex("any"))));
}

}  // namespace
}  // namespace bpfmatrix
