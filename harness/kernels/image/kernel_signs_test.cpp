#include "kernels/image/kernel_signs.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "kernels/testing/fake_btf.h"
#include "kernels/testing/fake_image.h"

namespace bpfmatrix {
namespace {

std::string problem_of(const Result<>& checked) { return checked ? "" : checked.error().message; }
std::string problem_of(const Result<BtfShare>& matched) {
  return matched ? "" : matched.error().message;
}

TEST(KernelSigns, are_read_out_of_an_image) {
  const auto dir = TempDir::create();
  const std::string text = "Linux version 5.4.1-own (me) #1 SMP";
  const std::string notes = elf_note("GNU", 3, std::string(20, '\x5a'));
  ASSERT_TRUE(
      write_file(dir->path() / "vmlinux", fake_vmlinux({.text = text, .notes = notes, .btf = ""})));
  const auto signs = read_kernel_signs(dir->path() / "vmlinux", dir->path());
  ASSERT_TRUE(signs) << signs.error().message;
  EXPECT_EQ(signs->release, "5.4.1-own");
  EXPECT_EQ(signs->arch, Arch::x86_64);
  EXPECT_EQ(signs->build_id, "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a");
  EXPECT_TRUE(signs->symbols.empty());
  ASSERT_TRUE(write_file(dir->path() / "hello", "hello"));
  const auto none = read_kernel_signs(dir->path() / "hello", dir->path());
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().message.starts_with("'" + (dir->path() / "hello").string() + "': "));
}

TEST(KernelSigns, two_files_are_of_one_build_by_build_id_or_release) {
  const KernelSigns kernel{.release = "5.4.1", .build_id = "aa"};
  EXPECT_EQ(problem_of(match_build(kernel, kernel)), "");
  EXPECT_EQ(problem_of(match_build({.release = "5.4.1"}, kernel)), "");
  EXPECT_EQ(problem_of(match_build({.build_id = "aa"}, kernel)), "");
  EXPECT_EQ(problem_of(match_build({}, kernel)), "") << "it says nothing";
  EXPECT_EQ(problem_of(match_build({.release = "5.4.1", .build_id = "ab"}, kernel)),
            "of another build: its build id is ab, that of 5.4.1 is aa");
  EXPECT_EQ(problem_of(match_build({.release = "5.4.2"}, kernel)),
            "of the kernel 5.4.2, not 5.4.1");
  EXPECT_EQ(problem_of(match_build({.arch = Arch::aarch64, .build_id = "aa"}, kernel)),
            "of a kernel for aarch64, not x86_64");
}

TEST(KernelSigns, a_kernels_btf_is_whole) {
  const std::string btf = fake_kernel_btf(Arch::x86_64);
  EXPECT_EQ(problem_of(check_kernel_btf(btf)), "");
  EXPECT_EQ(problem_of(check_kernel_btf(btf.substr(0, btf.size() - 1))), "not BTF, or damaged");
  EXPECT_EQ(problem_of(check_kernel_btf(btf + "x")), "not BTF, or damaged");
  std::string object = btf;
  object.replace(object.find("task_struct"), 4, "TASK");
  EXPECT_EQ(problem_of(check_kernel_btf(object)), "not the BTF of a kernel: no task_struct in it");
  EXPECT_EQ(problem_of(match_signs(object, {})), "not the BTF of a kernel: no task_struct in it");
}

TEST(KernelSigns, functions_that_btf_has_are_the_kernels) {
  const std::string btf = fake_kernel_btf(Arch::x86_64, {"do_exit", "do_fork"});
  KernelSigns kernel{.release = "5.4.1", .symbols = {{'T', "do_exit"}, {'t', "do_fork.isra.0"}}};
  const auto share = match_signs(btf, kernel);
  ASSERT_TRUE(share) << share.error().message;
  EXPECT_EQ(share->compared, 2U);
  EXPECT_EQ(share->alike, 2U);
  kernel.symbols.pop_back();
  EXPECT_EQ(problem_of(match_signs(btf, kernel)),
            "does not look like the BTF of this kernel: it has 2 functions, and the image of 5.4.1 "
            "has 1 of them");
  kernel.symbols.clear();
  const auto nothing = match_signs(btf, kernel);
  ASSERT_TRUE(nothing) << nothing.error().message;
  EXPECT_EQ(nothing->compared, 0U) << "nobody can tell";
}

TEST(KernelSigns, registers_that_btf_has_are_of_the_kernels_architecture) {
  const KernelSigns x86{.arch = Arch::x86_64};
  const KernelSigns arm{.arch = Arch::aarch64};
  EXPECT_EQ(problem_of(match_signs(fake_kernel_btf(Arch::x86_64), x86)), "");
  EXPECT_EQ(problem_of(match_signs(fake_kernel_btf(Arch::aarch64), arm)), "");
  EXPECT_EQ(problem_of(match_signs(fake_kernel_btf(Arch::x86_64), arm)),
            "the BTF of a kernel for x86_64, not aarch64");
  EXPECT_EQ(problem_of(match_signs(fake_kernel_btf(Arch::aarch64), x86)),
            "the BTF of a kernel for aarch64, not x86_64");
}

}  // namespace
}  // namespace bpfmatrix
