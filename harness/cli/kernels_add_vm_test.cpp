// What is found in the images of real kernels, and one of them added again under another name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/temp_dir.h"
#include "cli/command_test_support.h"
#include "kernels/find/kernel_match.h"
#include "kernels/image/kallsyms.h"
#include "kernels/image/kernel_image.h"
#include "kernels/kernels.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDebian[] = {
    "debian-5.10-x86_64", "debian-5.10-aarch64", "debian-6.1-x86_64", "debian-6.1-aarch64",
    "debian-6.12-x86_64", "debian-6.12-aarch64", "debian-7.x-x86_64", "debian-7.x-aarch64"};

class DebianImage : public testing::TestWithParam<const char*> {};

TEST_P(DebianImage, tells_the_release_that_its_package_has) {
  const auto store = Store::default_root();
  const auto kernel = find_kernel(Store(*store), GetParam());
  ASSERT_TRUE(kernel) << kernel.error().message;
  const auto scratch = TempDir::create();
  const auto image = read_kernel_image(kernel->image, scratch->path());
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->release, kernel->release) << "by the names of the package's files";
  EXPECT_EQ(image->arch, kernel->arch);
  EXPECT_THAT(image->banner, HasSubstr(kernel->origin.version)) << "by the package's version";
  EXPECT_EQ(image->build_id.size(), 40U);
}

TEST_P(DebianImage, has_its_names_and_those_of_x86_at_their_addresses) {
  const auto store = Store::default_root();
  const auto kernel = find_kernel(Store(*store), GetParam());
  ASSERT_TRUE(kernel) << kernel.error().message;
  const auto scratch = TempDir::create();
  auto file = MappedFile::open(kernel->image, kMaxImageBytes);
  const auto opened = open_image(*std::move(file), scratch->path());
  ASSERT_TRUE(opened) << opened.error().message;
  const std::vector<KernelSymbol> symbols = find_kallsyms(opened->kernel);
  EXPECT_GT(symbols.size(), 30'000U);
  const auto is_loader = [](const auto& symbol) { return symbol.name == "bpf_prog_load"; };
  EXPECT_EQ(std::count_if(symbols.begin(), symbols.end(), is_loader), 1);
  if (kernel->arch != Arch::x86_64) return;  // an arm64 Image is relocated at boot
  const auto image = describe_image(*opened);
  const auto matched = match_system_map(system_map_text(symbols), opened->kernel, *image);
  EXPECT_TRUE(matched) << matched.error().message;
}

INSTANTIATE_TEST_SUITE_P(Kernels, DebianImage, testing::ValuesIn(kDebian), [](const auto& kernel) {
  std::string name = kernel.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
});

TEST(KernelsAddVm, a_kernel_added_from_files_runs_cases_as_expected) {
  const auto root = Store::default_root();
  const auto kernel = find_kernel(Store(*root), "debian-6.1-x86_64");
  ASSERT_TRUE(kernel) << kernel.error().message;
  const auto cache = TempDir::create();
  const auto says = [&](std::vector<std::string> arguments) {
    return bpfmatrix_says(std::move(arguments), std::chrono::seconds(300),
                          {{"XDG_CACHE_HOME", cache->path().string()}});
  };
  const Said added = says({"kernels", "add", "mine", "--image", kernel->image.string(), "--config",
                           kernel->config->string(), "--modules", kernel->modules->string()});
  ASSERT_EQ(added.exit_code, 0) << added.err;
  const std::string run = (cache->path() / "run").string();
  const Said ran = says({"run", "--kernel", "mine", "--case", "ringbuf", "--case", "core-task-tgid",
                         "--accel", "tcg", "--out", run});
  EXPECT_EQ(ran.exit_code, 0) << ran.err << ran.out;
  const Said told = says({"explain", run, "mine/ringbuf/kernel/libbpf"});
  EXPECT_THAT(told.out, HasSubstr("origin      local"));
}

}  // namespace
}  // namespace bpfmatrix
