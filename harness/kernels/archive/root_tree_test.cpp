#include "kernels/archive/root_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

RootEntry link_to(const std::string& target) { return {.kind = RootKind::link, .target = target}; }

RootTree a_tree() {
  RootTree tree;
  tree.entries["bin"] = link_to("usr/bin");
  tree.entries["usr/bin/tool"] = {.file = "/host/tool", .executable = true, .wanted = true};
  tree.entries["usr/bin/alias"] = link_to("/bin/tool");
  tree.entries["usr/bin/up"] = link_to("../../../../usr/./bin/alias");
  tree.entries["usr/bin/a"] = link_to("b");
  tree.entries["usr/bin/b"] = link_to("a");
  tree.entries["usr/bin/out"] = link_to("/etc/passwd");
  tree.entries["var/empty"] = {.kind = RootKind::folder};
  return tree;
}

TEST(RootTree, a_path_is_followed_within_the_root) {
  const RootTree tree = a_tree();
  for (const char* path : {"usr/bin/tool", "/bin/tool", "/bin/alias", "/bin/up", "//bin/./tool",
                           "/../bin/../bin/tool"})
    EXPECT_EQ(tree.resolve(path), "usr/bin/tool") << path;
  EXPECT_EQ(tree.resolve("/bin"), "usr/bin");
  EXPECT_EQ(tree.find_file("/bin/up")->file, "/host/tool");
  EXPECT_EQ(tree.find_file("/bin"), nullptr);
  EXPECT_TRUE(tree.is_folder("usr"));
  EXPECT_TRUE(tree.is_folder("var/empty"));
}

TEST(RootTree, what_leads_nowhere_or_in_a_circle_is_nothing) {
  const RootTree tree = a_tree();
  for (const char* path : {"/bin/a", "/bin/out", "/usr/bin/tool/x", "/gone", "/us"})
    EXPECT_EQ(tree.resolve(path), std::nullopt) << path;
}

TEST(RootTree, a_folder_is_read_with_its_links_and_without_what_a_guest_has_itself) {
  const Result<TempDir> dir = TempDir::create();
  const fs::path root = dir->path();
  fs::create_directories(root / "usr/bin");
  fs::create_directories(root / "proc/1");
  fs::create_directories(root / "usr/share/doc/tool");
  ASSERT_TRUE(write_file(root / "usr/bin/tool", "x"));
  ASSERT_TRUE(write_file(root / "proc/1/status", "x"));
  ASSERT_TRUE(write_file(root / "usr/share/doc/tool/README", "x"));
  fs::permissions(root / "usr/bin/tool", fs::perms(0755));
  fs::create_directory_symlink("/etc", root / "bin");
  const Result<RootTree> tree = read_root_folder(root);
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_TRUE(tree->entries.at("usr/bin/tool").executable);
  EXPECT_TRUE(tree->entries.at("usr/bin/tool").wanted);
  EXPECT_EQ(tree->entries.at("bin").target, "/etc");
  EXPECT_FALSE(tree->is_folder("proc"));
  EXPECT_EQ(tree->find_file("usr/share/doc/tool/README"), nullptr);
  EXPECT_FALSE(read_root_folder(root / "gone"));
}

TEST(RootTree, comes_back_as_it_was_written) {
  const Result<TempDir> dir = TempDir::create();
  RootTree tree = a_tree();
  tree.entries["usr/bin/tool"].file = dir->path() / "0/usr/bin/tool";
  ASSERT_TRUE(write_root(tree, dir->path()));
  const Result<RootTree> read = read_root(dir->path());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->entries.size(), tree.entries.size());
  EXPECT_EQ(read->find_file("/bin/up")->file, dir->path() / "0/usr/bin/tool");
  EXPECT_TRUE(read->find_file("/bin/up")->executable);
}

TEST(RootTree, a_record_that_somebody_changed_leads_nowhere_else) {
  const Result<TempDir> dir = TempDir::create();
  const auto entry = [](const std::string& path, const std::string& file) {
    return R"({"schema": 1, "entries": [{"path": ")" + path + R"(", "kind": "file", "file": ")" +
           file + R"(", "target": "", "executable": false, "wanted": false}]})";
  };
  for (const auto& [path, file] :
       {std::pair("a", "../../etc/passwd"), std::pair("a", "/etc/passwd"), std::pair("../a", "b"),
        std::pair("a", "")}) {
    ASSERT_TRUE(write_file(dir->path() / "root.json", entry(path, file)));
    const Result<RootTree> read = read_root(dir->path());
    ASSERT_FALSE(read) << path << " " << file;
    EXPECT_THAT(read.error().message, HasSubstr("not a path in the"));
  }
}

}  // namespace
}  // namespace bpfmatrix
