#include "run/objects/app_needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "run/objects/host_arch_test_support.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// This test is a dynamic program of this machine.
const std::string& self() {
  static const std::string bytes = *read_file("/proc/self/exe", kMaxAppBytes);
  return bytes;
}

std::vector<std::string> names_of(const std::vector<AppNeeds>& needs) {
  std::vector<std::string> names;
  for (const AppNeeds& one : needs) names.push_back(fs::path(one.guest_path).filename().string());
  return names;
}

TEST(AppNeeds, of_a_dynamic_program_are_its_interpreter_and_all_its_libraries) {
  const auto needs = find_app_needs({.name = "self", .path = "/proc/self/exe"}, self(), kHere);
  ASSERT_TRUE(needs) << needs.error().message;
  const std::vector<std::string> names = names_of(*needs);
  EXPECT_THAT(names.front(), HasSubstr("ld-linux"));
  EXPECT_TRUE(needs->front().executable);
  EXPECT_THAT(names, ::testing::IsSupersetOf({"libc.so.6", "libstdc++.so.6", "libm.so.6"}));
  EXPECT_THAT(library_path(*needs), HasSubstr("/lib"));
}

TEST(AppNeeds, what_its_user_names_comes_with_it) {
  const Result<TempDir> dir = TempDir::create();
  ASSERT_TRUE(write_file(dir->path() / "conf", "x"));
  LoaderApp app{.name = "self", .path = "self"};
  app.own_object = OwnObject{.files = {{(dir->path() / "conf").string(), "/etc/conf"}}};
  const auto needs = find_app_needs(app, self(), kHere);
  ASSERT_TRUE(needs) << needs.error().message;
  EXPECT_EQ(needs->front().guest_path, "/etc/conf");
  EXPECT_EQ(needs->front().sha256.size(), 64U);
  app.own_object->files[0].path += "-gone";
  EXPECT_FALSE(find_app_needs(app, self(), kHere));
}

TEST(AppNeeds, no_other_file_of_this_machine_is_taken_for_a_name) {
  const std::string interpreter =
      find_app_needs({.name = "a", .path = "a"}, self(), kHere)->front().guest_path;
  std::string other = self();
  std::string secret = "/etc/passwd";
  secret.resize(interpreter.size(), '\0');
  for (std::size_t at; (at = other.find(interpreter)) != other.npos;)
    other.replace(at, secret.size(), secret);
  const auto needs = find_app_needs({.name = "a", .path = "a"}, other, kHere);
  ASSERT_FALSE(needs);
  EXPECT_THAT(needs.error().message, HasSubstr("its interpreter '/etc/passwd' is no ELF file"));
  other = self();
  secret = "/etc/passwd";
  secret.resize(std::string("libstdc++.so.6").size(), '\0');
  other.replace(other.find("libstdc++.so.6"), secret.size(), secret);
  EXPECT_FALSE(find_app_needs({.name = "a", .path = "a"}, other, kHere));
}

TEST(AppNeeds, a_library_that_is_not_here_is_an_error) {
  std::string other = self();
  other.replace(other.find("libstdc++.so.6"), 14, "libnothere.so1");
  const auto needs = find_app_needs({.name = "a", .path = "a"}, other, kHere);
  ASSERT_FALSE(needs);
  EXPECT_THAT(needs.error().message, HasSubstr("library 'libnothere.so1' for"));
  EXPECT_FALSE(find_app_needs({.name = "a", .path = "a"}, self(), kOther));
  EXPECT_THAT(library_path({}), IsEmpty());
}

}  // namespace
}  // namespace bpfmatrix
