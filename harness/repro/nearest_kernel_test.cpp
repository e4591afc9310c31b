#include "repro/nearest_kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(NearestKernel, uname_says_release_architecture_and_often_whose_it_is) {
  const Result<Box> ubuntu = read_uname(
      "Linux web1 5.4.0-150-generic #167-Ubuntu SMP Mon May 15 17:35:05 UTC 2023 x86_64 GNU/Linux");
  ASSERT_TRUE(ubuntu);
  EXPECT_EQ(ubuntu->release, "5.4.0-150-generic");
  EXPECT_EQ(ubuntu->version, (KernelVersion{5, 4, 0}));
  EXPECT_EQ(ubuntu->arch, Arch::x86_64);
  EXPECT_EQ(ubuntu->distribution, "ubuntu");
  EXPECT_EQ(read_uname("4.18.0-372.el8.x86_64")->distribution, "el");
  EXPECT_EQ(read_uname("Linux OpenWrt 5.15.150 #0 SMP aarch64 GNU/Linux")->distribution, "openwrt");
  EXPECT_EQ(read_uname("6.1.0-50-cloud-amd64")->arch, std::nullopt);
  EXPECT_EQ(read_uname("no kernel").error().message,
            "--uname 'no kernel': no release of a kernel in it");
}

KernelCandidate candidate(const std::string& id, const std::string& release = "",
                          std::optional<bool> btf = {}) {
  KernelCandidate one{
      .id = id, .release = release, .distribution = distribution_of(id), .btf = btf};
  one.version = parse_kernel_version(release.empty() ? id.substr(id.find('-') + 1) : release);
  return one;
}

const std::vector<KernelCandidate> kCandidates = {
    candidate("debian-5.10-x86_64", "5.10.0-35-cloud-amd64", true),
    candidate("debian-6.1-x86_64", "6.1.0-50-cloud-amd64", true),
    candidate("linux-5.10-nobtf-x86_64", "5.10.0", false),
    candidate("linux-5.1-x86_64"),
    candidate("centos-8.5-x86_64", "4.18.0-348.el8.x86_64", true),
};

std::string nearest(const std::string& uname, std::optional<bool> btf = {}) {
  Box box = *read_uname(uname);
  box.btf = btf;
  const Result<NearKernel> near = nearest_kernel(box, kCandidates);
  return near ? near->id : near.error().message;
}

TEST(NearestKernel, the_version_counts_most_then_btf_then_the_distribution) {
  EXPECT_EQ(nearest("6.2.0-20-generic"), "debian-6.1-x86_64");
  EXPECT_EQ(nearest("5.19.0-generic"), "debian-6.1-x86_64") << "6.0 came after 5.19";
  EXPECT_EQ(nearest("5.10.0-99-cloud-amd64", true), "debian-5.10-x86_64");
  EXPECT_EQ(nearest("Linux OpenWrt 5.10.176 x86_64", false), "linux-5.10-nobtf-x86_64");
  EXPECT_EQ(nearest("4.18.0-372.el8.x86_64"), "centos-8.5-x86_64");
  EXPECT_EQ(nearest("5.2.0"), "linux-5.1-x86_64") << "though it is not here yet";
  EXPECT_EQ(nearest("6.1.0-50-cloud-amd64"), "debian-6.1-x86_64");
  EXPECT_EQ(nearest("5.9.0", true), "debian-5.10-x86_64") << "and not the one without BTF";
  EXPECT_EQ(nearest_kernel({}, {}).error().message, "there is no kernel of that architecture");
}

TEST(NearestKernel, it_is_said_how_near_and_why) {
  Box box = *read_uname("Linux OpenWrt 5.10.176 x86_64");
  box.btf = false;
  box.config = KernelConfig{{"BPF", "y"}, {"KPROBES", "y"}};
  std::vector<KernelCandidate> one = {kCandidates[0]};
  one[0].config = KernelConfig{{"BPF", "y"}, {"DEBUG_INFO_BTF", "y"}, {"UNRELATED", "y"}};
  const Result<NearKernel> near = nearest_kernel(box, one);
  ASSERT_TRUE(near);
  EXPECT_THAT(near->reasons,
              ElementsAre(Pair("release",
                               "5.10.0-35-cloud-amd64 for 5.10.176: the same series, "
                               "other fixes"),
                          Pair("distribution",
                               "debian for openwrt: other patches and another configuration"),
                          Pair("BTF", "has none there, has it here"),
                          Pair("config", HasSubstr("2 of 34 options that matter differ: "
                                                   "DEBUG_INFO_BTF: n, here y; "
                                                   "KPROBES: y, here n"))));
}

}  // namespace
}  // namespace bpfmatrix
