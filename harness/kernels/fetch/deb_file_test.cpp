#include "kernels/fetch/deb_file.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

class DebFileTest : public testing::Test {
 protected:
  DebFileTest() {
    archive_.publish({package_});
    options_.suites["bookworm"] = {"test.gpg", archive_.keys()};
  }

  Result<DebFile> fetch(const std::string& path, const std::string& package = "libxdp1") const {
    return fetch_deb_file({"bookworm", Arch::x86_64, package, path}, options_);
  }

  FakePackage package_{.name = "libxdp1",
                       .version = "1.3.1-1",
                       .depends = "libc6",
                       .entries = {{.path = "./usr/lib/bpf/a.o", .body = "object"},
                                   {.path = "./usr/lib/bpf/b.o", .body = "other"},
                                   {.path = "./usr/lib/libxdp.so",
                                    .body = "libxdp.so.1",
                                    .kind = FakeEntry::Kind::symlink}}};
  FakeArchive archive_{};
  FetchOptions options_ = archive_.options();
};

TEST_F(DebFileTest, gives_the_file_and_what_vouches_for_it) {
  const auto file = fetch("/usr/lib/bpf/a.o");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(*read_file(file->path, 100), "object");
  EXPECT_EQ(file->path.filename(), "a.o");
  EXPECT_EQ(file->origin.package, "libxdp1");
  EXPECT_EQ(file->origin.version, "1.3.1-1");
  ASSERT_EQ(file->origin.chain.size(), 3U);
  EXPECT_EQ(file->origin.chain[2], "libxdp1_1.3.1-1_amd64.deb: sha256 " + file->origin.sha256);
}

TEST_F(DebFileTest, the_package_is_fetched_once_for_all_its_files) {
  ASSERT_TRUE(fetch("usr/lib/bpf/a.o"));
  const auto asked = archive_.server().requests().size();
  EXPECT_TRUE(fetch("usr/lib/bpf/b.o"));
  EXPECT_EQ(archive_.server().requests().size(), asked);
}

TEST_F(DebFileTest, a_file_it_has_not_lists_its_like) {
  const auto file = fetch("/usr/lib/bpf/c.o");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message, "package 'libxdp1': no file '/usr/lib/bpf/c.o' in it");
  EXPECT_NE(file.error().hint.find("/usr/lib/bpf/a.o"), std::string::npos);
}

TEST_F(DebFileTest, links_and_ways_out_are_no_files) {
  EXPECT_FALSE(fetch("usr/lib/libxdp.so"));
  EXPECT_FALSE(fetch("../package.json"));
  EXPECT_FALSE(fetch(""));
  EXPECT_FALSE(fetch("a", "../libxdp1"));
}

TEST_F(DebFileTest, a_package_the_suite_has_not_is_named) {
  EXPECT_EQ(fetch("a", "libxdp2").error().message,
            "package 'libxdp2': not in 'bookworm' for amd64");
}

TEST_F(DebFileTest, a_suite_that_nobody_is_known_to_sign_is_an_error_that_names_those_of_others) {
  const auto file = fetch_deb_file({"lenny", Arch::x86_64, "libxdp1", "a"}, options_);
  EXPECT_EQ(file.error().message,
            "package 'libxdp1': suite 'lenny': no key is known that may sign it");
  EXPECT_EQ(file.error().hint, "kernels/catalog.json names keys of: bookworm");
}

TEST_F(DebFileTest, a_tampered_package_is_refused) {
  archive_.server().change(FakeArchive::pool_path(package_),
                           [](FakePage& page) { page.body[100] ^= 1; });
  const auto file = fetch("usr/lib/bpf/a.o");
  ASSERT_FALSE(file);
  EXPECT_TRUE(file.error().message.starts_with("package 'libxdp1': sha256 mismatch in '"));
}

}  // namespace
}  // namespace bpfmatrix
