#include "kernels/find/kernel_match.h"

#include <gtest/gtest.h>

#include "kernels/testing/fake_archive.h"
#include "kernels/testing/fake_btf.h"
#include "kernels/testing/fake_image.h"

namespace bpfmatrix {
namespace {

const std::string kBanner = "Linux version 6.1.0-50-amd64 (me) #1 SMP Debian 6.1.176-1";
const std::string kVmlinux = fake_vmlinux({.text = "...." + kBanner});

KernelImage an_image() {
  KernelImage image;
  image.release = "6.1.0-50-amd64";
  image.banner = kBanner;
  image.btf = fake_btf(3);
  return image;
}

std::string title(const std::string& arch, const std::string& version) {
  return "#\n# Linux/" + arch + " " + version + " Kernel Configuration\n#\nCONFIG_BPF=y\n";
}

/// What is wrong, or nothing.
std::string problem(const Result<>& matched) { return matched ? "" : matched.error().message; }

TEST(KernelMatch, a_config_is_of_the_images_architecture_and_version) {
  const auto config = [](const std::string& text) {
    return problem(match_config(text, an_image()));
  };
  EXPECT_EQ(config(title("x86", "6.1.176")), "");
  EXPECT_EQ(config(title("x86_64", "6.1.9")), "") << "its release need not hold the version";
  EXPECT_EQ(config("CONFIG_BPF=y\n"), "") << "not every config has a title";
  EXPECT_EQ(config(title("arm64", "6.1.176")), "a config for 'arm64', the image is for x86_64");
  EXPECT_EQ(config(title("x86", "6.12.1")), "the config of 6.12.1, the image is 6.1.0-50-amd64");
  EXPECT_EQ(config("hello\n"), "not a kernel's config: no line begins with CONFIG_");
}

TEST(KernelMatch, a_config_is_the_one_that_the_image_holds) {
  KernelImage image = an_image();
  image.config = "CONFIG_BPF=y\nCONFIG_NET=y\n";
  const auto config = [&](const std::string& text) { return problem(match_config(text, image)); };
  EXPECT_EQ(config("# a comment\nCONFIG_NET=y\nCONFIG_BPF=y\n"), "");
  EXPECT_EQ(config("CONFIG_BPF=y\n"),
            "not the config in the image: only one of them has 'CONFIG_NET=y'");
  EXPECT_EQ(config("CONFIG_BPF=y\nCONFIG_NET=y\nCONFIG_X=m\n"),
            "not the config in the image: only one of them has 'CONFIG_X=m'");
}

TEST(KernelMatch, a_system_map_says_where_the_banner_is) {
  const auto map = [](const std::string& text, const std::string& kernel = kVmlinux) {
    return problem(match_system_map(text, kernel, an_image()));
  };
  const std::string text = "ffffffff81000000 T _text\n";
  EXPECT_EQ(map(text + "ffffffff81000004 D linux_banner\n"), "");
  EXPECT_EQ(map("ffff800008000000 T _text\nffff800008000004 D linux_banner\n", "...." + kBanner),
            "");
  const std::string other =
      "the System.map of another kernel: in the image of 6.1.0-50-amd64 'linux_banner' is not at ";
  EXPECT_EQ(map(text + "ffffffff81000005 D linux_banner\n"), other + "ffffffff81000005");
  EXPECT_EQ(map(text + "ffffffffffffffff D linux_banner\n"), other + "ffffffffffffffff");
  EXPECT_EQ(map(text), "not a System.map: '_text' or 'linux_banner' is not in it");
  EXPECT_EQ(map("0 T _text\n0 D linux_banner\n"), "a System.map without addresses");
}

TEST(KernelMatch, btf_made_for_another_kernel_is_told_by_its_functions_and_registers) {
  KernelImage without = an_image();
  without.btf.clear();
  const std::string btf = fake_kernel_btf(Arch::x86_64, {"do_exit", "do_fork"});
  const std::vector<KernelSymbol> own{{'T', "do_exit"}, {'t', "do_fork"}};
  EXPECT_EQ(problem(match_btf(btf, without, own)), "");
  EXPECT_EQ(problem(match_btf(btf, without, {})), "") << "nobody can tell";
  EXPECT_EQ(problem(match_btf(btf, without, {{'T', "do_exit"}})),
            "does not look like the BTF of this kernel: it has 2 functions, and the image of " +
                without.release + " has 1 of them");
  without.arch = Arch::aarch64;
  EXPECT_EQ(problem(match_btf(btf, without, own)), "the BTF of a kernel for x86_64, not aarch64");
}

TEST(KernelMatch, btf_is_whole_and_the_images_own) {
  EXPECT_EQ(problem(match_btf(fake_btf(3), an_image(), {})), "");
  EXPECT_EQ(problem(match_btf(fake_btf(3) + "x", an_image(), {})), "not BTF, or damaged");
  EXPECT_EQ(problem(match_btf("hello", an_image(), {})), "not BTF, or damaged");
  EXPECT_EQ(problem(match_btf(fake_btf(4), an_image(), {})),
            "the BTF of another kernel: the image of 6.1.0-50-amd64 has its own, " +
                std::to_string(fake_btf(3).size()) + " bytes");
  KernelImage without = an_image();
  without.btf.clear();
  EXPECT_EQ(problem(match_btf(fake_btf(4), without, {})), "");
}

TEST(KernelMatch, a_module_is_of_the_images_release) {
  const auto module = [](const std::string& bytes) {
    return problem(match_module(bytes, an_image()));
  };
  EXPECT_EQ(module("ELF vermagic=6.1.0-50-amd64 SMP mod_unload"), "");
  EXPECT_EQ(module("ELF vermagic=6.1.0-50-amd64"), "");
  EXPECT_EQ(module("ELF vermagic=6.1.0-50-amd64-rt SMP"),
            "a module of '6.1.0-50-amd64-rt', the image is '6.1.0-50-amd64'");
  EXPECT_EQ(module("ELF"), "not a kernel module: it has no vermagic");
}

}  // namespace
}  // namespace bpfmatrix
