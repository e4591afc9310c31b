#include "images/guest_tools.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

void fill(const fs::path& folder, std::initializer_list<const char*> files) {
  fs::create_directories(folder);
  for (const char* file : files) ASSERT_TRUE(write_file(folder / file, file));
}

TEST(FindGuestTools, takes_the_first_folder_with_an_agent_and_names_the_loaders) {
  const Result<TempDir> dir = TempDir::create();
  fill(dir->path() / "empty", {"loader-libbpf"});
  fill(dir->path() / "full",
       {"loader-zz", "agent", "loader-libbpf", "loader-", "app-own", "notes.txt"});
  const Result<GuestTools> tools = find_guest_tools({dir->path() / "empty", dir->path() / "full"});
  ASSERT_TRUE(tools) << tools.error().message;
  EXPECT_EQ(tools->agent, dir->path() / "full/agent");
  ASSERT_EQ(tools->loaders.size(), 2U);
  EXPECT_EQ(tools->loaders[0].name, "libbpf");
  EXPECT_EQ(tools->loaders[0].file, dir->path() / "full/loader-libbpf");
  EXPECT_EQ(tools->loaders[1].name, "zz");
  ASSERT_EQ(tools->commands.size(), 1U);
  EXPECT_EQ(tools->commands[0].name, "own");
  EXPECT_EQ(tools->commands[0].file, dir->path() / "full/app-own");
}

TEST(FindGuestTools, the_environment_comes_before_the_place_of_the_binary) {
  const Result<TempDir> dir = TempDir::create();
  fill(dir->path() / "aarch64", {"agent"});
  ::setenv("BPFMATRIX_GUEST_DIR", dir->path().c_str(), 1);
  const Result<GuestTools> tools = find_guest_tools(Arch::aarch64);
  const Result<GuestTools> none = find_guest_tools(Arch::x86_64);
  ::unsetenv("BPFMATRIX_GUEST_DIR");
  ASSERT_TRUE(tools) << tools.error().message;
  EXPECT_EQ(tools->agent, dir->path() / "aarch64/agent");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "guest tools for x86_64: no guest agent");
  EXPECT_EQ(none.error().hint, "looked for '" + (dir->path() / "x86_64/agent").string() +
                                   "'; build the target 'guest' or set BPFMATRIX_GUEST_DIR");
}

}  // namespace
}  // namespace bpfmatrix
