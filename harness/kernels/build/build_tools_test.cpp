#include "kernels/build/build_tools.h"

#include <gtest/gtest.h>

#include <set>

namespace bpfmatrix {
namespace {

std::string packages(Arch target, Arch host) {
  std::string text;
  for (const NeededTool& tool : needed_tools(target, host, "12")) text += tool.package + " ";
  return text;
}

TEST(BuildTools, a_foreign_kernel_needs_the_cross_compiler) {
  EXPECT_EQ(packages(Arch::x86_64, Arch::x86_64),
            "make flex bison bc perl pahole gcc-12 gcc-12 binutils ");
  EXPECT_EQ(packages(Arch::aarch64, Arch::x86_64),
            "make flex bison bc perl pahole gcc-12 gcc-12-aarch64-linux-gnu "
            "binutils-aarch64-linux-gnu ");
  EXPECT_EQ(packages(Arch::x86_64, Arch::aarch64),
            "make flex bison bc perl pahole gcc-12 gcc-12-x86-64-linux-gnu "
            "binutils-x86-64-linux-gnu ");
}

TEST(BuildTools, all_that_is_missing_is_one_error_with_the_packages) {
  const std::set<std::string> there{"make", "bc", "perl", "gcc-12", "x86_64-linux-gnu-ld"};
  const auto find = [&](const std::string& name) -> std::optional<std::filesystem::path> {
    if (there.contains(name)) return "/usr/bin/" + name;
    return std::nullopt;
  };
  const auto checked = check_tools(needed_tools(Arch::aarch64, Arch::x86_64, "12"), find);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message,
            "this machine lacks what it takes to build it: 'flex', 'bison', 'pahole', "
            "'aarch64-linux-gnu-gcc-12', 'aarch64-linux-gnu-ld'");
  EXPECT_EQ(checked.error().hint,
            "apt-get install --no-install-recommends flex bison pahole gcc-12-aarch64-linux-gnu "
            "binutils-aarch64-linux-gnu");
  EXPECT_TRUE(check_tools({{"make", "make"}}, find));
}

}  // namespace
}  // namespace bpfmatrix
