#include "kernels/fetch/deb_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

using Kind = FakeEntry::Kind;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class DebRootTest : public testing::Test {
 protected:
  DebRootTest() {
    archive_.publish({tool_, libc_});
    options_.suites["bookworm"] = {"test.gpg", archive_.keys()};
  }

  Result<RootTree> fetch(const std::vector<std::string>& packages = {"tool"},
                         const std::string& suite = "bookworm") const {
    return fetch_deb_root({suite, Arch::x86_64, packages}, options_);
  }

  FakePackage tool_{
      .name = "tool",
      .version = "1",
      .depends = "libc6 (>= 2.36)",
      .entries = {{.path = "./usr/bin/tool", .body = "program"},
                  {.path = "./bin/alias", .body = "tool", .kind = Kind::symlink},
                  {.path = "./usr/share/doc/tool/copyright", .body = "text"},
                  {.path = "./usr/lib/libtool.a", .body = "static"},
                  {.path = "./usr/bin/same", .body = "./usr/bin/tool", .kind = Kind::hardlink}}};
  FakePackage libc_{.name = "libc6",
                    .version = "2.36-9",
                    .entries = {{.path = "./lib/", .kind = Kind::folder},
                                {.path = "./lib/x86_64-linux-gnu/libc.so.6", .body = "libc"},
                                {.path = "./lib64/ld.so",
                                 .body = "/lib/x86_64-linux-gnu/libc.so.6",
                                 .kind = Kind::symlink}}};
  FakeArchive archive_{};
  FetchOptions options_ = archive_.options();
};

TEST_F(DebRootTest, has_the_files_of_all_packages_where_a_system_has_them) {
  const auto tree = fetch();
  ASSERT_TRUE(tree) << tree.error().message;
  const RootEntry* program = tree->find_file("/bin/tool");
  ASSERT_NE(program, nullptr);
  EXPECT_EQ(*read_file(program->file, 100), "program");
  EXPECT_TRUE(program->wanted);
  const RootEntry* libc = tree->find_file("/lib64/ld.so");
  ASSERT_NE(libc, nullptr) << "a link of the package, by links of a merged /usr";
  EXPECT_EQ(*read_file(libc->file, 100), "libc");
  EXPECT_FALSE(libc->wanted);
  EXPECT_EQ(tree->find_file("/usr/bin/alias"), program);
  EXPECT_EQ(tree->find_file("/usr/bin/same")->file, program->file);
  EXPECT_EQ(tree->find_file("/usr/share/doc/tool/copyright"), nullptr);
  EXPECT_EQ(tree->find_file("/usr/lib/libtool.a"), nullptr);
  EXPECT_EQ(tree->entries.at("var/run").target, "/run");
}

TEST_F(DebRootTest, is_fetched_once_and_is_what_the_store_says) {
  ASSERT_TRUE(fetch());
  const auto asked = archive_.server().requests().size();
  EXPECT_TRUE(fetch());
  EXPECT_EQ(archive_.server().requests().size(), asked);
  const DebRootRequest request{"bookworm", Arch::x86_64, {"tool"}};
  const auto tree = options_.store.resolve(deb_root_link(request, options_.store));
  ASSERT_TRUE(tree);
  EXPECT_TRUE(options_.store.verify(*tree)->empty());
}

TEST_F(DebRootTest, errors_say_which_root_and_why) {
  const auto unknown = fetch({"tol"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message,
            "root 'deb:bookworm/tol' for amd64: package 'tol': the suite does not have it");
  EXPECT_EQ(unknown.error().hint, "did you mean 'tool'?");
  EXPECT_THAT(fetch({"tool"}, "lenny").error().message,
              HasSubstr("suite 'lenny': no key is known that may sign it"));
  EXPECT_FALSE(fetch({"../tool"}));
  EXPECT_FALSE(fetch({}));
  EXPECT_FALSE(fetch({std::string(300, 'a')}));
}

TEST_F(DebRootTest, a_dependency_that_is_not_there_is_named) {
  archive_.publish({tool_});
  EXPECT_THAT(fetch().error().message,
              HasSubstr("package 'tool' depends on 'libc6' (>= 2.36), which the suite"));
}

TEST_F(DebRootTest, a_tampered_package_is_refused_and_nothing_is_kept) {
  archive_.server().change(FakeArchive::pool_path(libc_),
                           [](FakePage& page) { page.body[100] ^= 1; });
  const auto tree = fetch();
  ASSERT_FALSE(tree);
  EXPECT_THAT(tree.error().message, HasSubstr("sha256 mismatch in '"));
  EXPECT_FALSE(
      options_.store.resolve(deb_root_link({"bookworm", Arch::x86_64, {"tool"}}, options_.store)));
}

TEST_F(DebRootTest, paths_that_leave_the_root_are_refused) {
  for (const char* path : {"./../evil", "/etc/evil"}) {
    tool_.entries = {{.path = path, .body = "x"}};
    archive_.publish({tool_, libc_});
    EXPECT_THAT(fetch().error().message, HasSubstr("a path that leaves the package")) << path;
  }
  tool_.entries = {{.path = "./a", .body = "./usr/gone", .kind = Kind::hardlink}};
  archive_.publish({tool_, libc_});
  EXPECT_THAT(fetch().error().message, StartsWith("root 'deb:bookworm/tool' for amd64: tool"));
}

}  // namespace
}  // namespace bpfmatrix
