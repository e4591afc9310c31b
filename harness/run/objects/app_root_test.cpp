#include "run/objects/app_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "elf/testing/bpf_compiler.h"
#include "run/objects/app_needs.h"
#include "run/objects/host_arch_test_support.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// A root with a dynamic program, and this machine's libraries where the program looks for them.
class RootOfOurs : public testing::Test {
 protected:
  RootOfOurs() {
    BpfCompiler tools;
    const fs::path source = tools.write("main.c", "int main(void) { return 0; }");
    program_ = tools.directory() / "main";
    tools.run({"clang", source.string(), "-o", program_.string(), "-Wl,--no-as-needed", "-lm"});
    put("/usr/bin/tool", bytes_of(program_));
    fs::permissions(root() / "usr/bin/tool", fs::perms(0755));
    fs::create_directory_symlink("usr/bin", root() / "bin");
    put("/etc/tool.conf", "data");
    const auto needs =
        find_app_needs({.name = "main", .path = program_.string()}, bytes_of(program_), kHere);
    EXPECT_TRUE(needs);
    for (const AppNeeds& one : *needs) {
      needs_.push_back(one.guest_path);
      put(one.guest_path, bytes_of(one.file));
    }
  }

  fs::path root() const { return dir_->path(); }
  void put(const std::string& path, const std::string& bytes) const {
    const fs::path file = root() / path.substr(1);
    fs::create_directories(file.parent_path());
    ASSERT_TRUE(write_file(file, bytes));
  }

  Result<AppFile> find(const std::string& program, Arch arch = kHere) const {
    LoaderApp app{.name = "tool", .path = program};
    app.own_object = OwnObject{.root = root().string()};
    return find_rooted_app(app, arch, {});
  }

  Result<TempDir> dir_ = TempDir::create();
  fs::path program_{};
  std::vector<std::string> needs_{};
};

std::vector<std::string> paths_of(const AppFile& app) {
  std::vector<std::string> paths;
  for (const AppNeeds& one : app.root->files) paths.push_back(one.guest_path);
  return paths;
}

TEST_F(RootOfOurs, a_program_is_found_by_its_name_and_brings_all_that_it_needs) {
  const auto app = find("tool");
  ASSERT_TRUE(app) << app.error().message;
  EXPECT_EQ(app->root->program, "/usr/bin/tool");
  EXPECT_EQ(app->file, root() / "usr/bin/tool");
  EXPECT_EQ(app->root->sha256.size(), 64U);
  const std::vector<std::string> paths = paths_of(*app);
  for (const std::string& needed : needs_) EXPECT_THAT(paths, Contains(needed));
  for (const char* path : {"/usr/bin/tool", "/bin", "/etc/tool.conf"})
    EXPECT_THAT(paths, Contains(path));
  EXPECT_EQ(app->app.environment.at("PATH").substr(0, 15), "/usr/local/sbin");
  EXPECT_TRUE(app->needs.empty());
}

TEST_F(RootOfOurs, by_an_absolute_path_it_is_started_by_that_path) {
  const auto app = find("/bin/tool");
  ASSERT_TRUE(app) << app.error().message;
  EXPECT_EQ(app->root->program, "/bin/tool");
}

TEST_F(RootOfOurs, whatever_changes_in_it_is_another_input) {
  const std::string before = find("tool")->root->sha256;
  EXPECT_EQ(find("tool")->root->sha256, before);
  put("/etc/tool.conf", "other");
  EXPECT_NE(find("tool")->root->sha256, before);
}

TEST_F(RootOfOurs, a_program_that_is_not_there_is_named_with_one_like_it) {
  const auto app = find("tol");
  ASSERT_FALSE(app);
  EXPECT_THAT(app.error().message, HasSubstr("application 'tol': not in its root '"));
  EXPECT_EQ(app.error().hint, "did you mean 'tool'?");
  EXPECT_FALSE(find("/usr/bin/../../etc/passwd"));
  EXPECT_THAT(find("./tool").error().message, HasSubstr("an absolute path, or a name"));
}

TEST_F(RootOfOurs, a_library_that_is_not_in_the_root_is_not_taken_from_this_machine) {
  for (const std::string& path : needs_) {
    if (path.find("libm.so") != std::string::npos) fs::remove(root() / path.substr(1));
  }
  const auto app = find("tool");
  ASSERT_FALSE(app);
  EXPECT_THAT(app.error().message, HasSubstr("library 'libm.so.6' for "));
  EXPECT_THAT(app.error().message, HasSubstr(", which '/usr/bin/tool' needs, is not in its root"));
}

TEST_F(RootOfOurs, a_program_for_another_architecture_is_one_error) {
  EXPECT_THAT(find("tool", kOther).error().message, HasSubstr(", but the kernel is for "));
}

TEST_F(RootOfOurs, a_script_brings_its_interpreter) {
  put("/usr/bin/script", "#!/bin/tool -x\n");
  EXPECT_TRUE(find("script"));
  put("/usr/bin/script", "#!/bin/gone\n");
  EXPECT_THAT(find("script").error().message, HasSubstr("application '/bin/gone': not in its"));
  put("/usr/bin/script", "neither\n");
  EXPECT_THAT(find("script").error().message, HasSubstr("not an executable ELF file"));
}

TEST_F(RootOfOurs, a_file_that_the_user_gives_stands_for_that_of_the_root) {
  LoaderApp app{.name = "tool", .path = "tool"};
  app.own_object = OwnObject{.files = {{(root() / "usr/bin/tool").string(), "/etc/tool.conf"}},
                             .root = root().string()};
  const auto found = find_rooted_app(app, kHere, {});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(paths_of(*found), Not(Contains("/etc/tool.conf")));
  ASSERT_EQ(found->needs.size(), 1U);
}

TEST(RootChoice, of_packages_only_what_is_wanted_or_needed_goes_into_the_guest) {
  const Result<TempDir> dir = TempDir::create();
  BpfCompiler tools;
  const fs::path source = tools.write("main.c", "int main(void) { return 0; }");
  const fs::path program = tools.directory() / "main";
  tools.run({"clang", source.string(), "-o", program.string(), "-static"});
  RootTree tree;
  tree.entries["usr/bin/tool"] = {.file = program, .executable = true, .wanted = true};
  tree.entries["usr/bin/other"] = {.file = program, .executable = true};
  tree.entries["usr/share/data"] = {.file = source};
  tree.entries["usr/lib/dead"] = {.kind = RootKind::link, .target = "../bin/other"};
  tree.entries["var/run"] = {.kind = RootKind::link, .target = "/run"};
  const auto root = choose_of_root(tree, {.name = "tool", .path = "tool"}, kHere);
  ASSERT_TRUE(root) << root.error().message;
  std::vector<std::string> paths;
  for (const AppNeeds& one : root->files) paths.push_back(one.guest_path);
  EXPECT_THAT(paths, ElementsAre("/usr/bin/tool", "/usr/share/data", "/var/run"));
}

TEST(DebRoot, is_named_by_its_packages) {
  const auto request = parse_deb_root("deb:bookworm/b,a,b", Arch::aarch64);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->suite, "bookworm");
  EXPECT_THAT(request->packages, ElementsAre("a", "b"));
  EXPECT_EQ(parse_deb_root("deb:bpftrace", Arch::x86_64)->suite, kUsualRootSuite);
  for (const char* bad : {"deb:", "deb:/a", "deb:a,", "deb:a/b/c", "deb:a b", "deb:../a", "a"})
    EXPECT_FALSE(parse_deb_root(bad, Arch::x86_64)) << bad;
}

}  // namespace
}  // namespace bpfmatrix
