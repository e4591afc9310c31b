#include "kernels/find/local_kernel.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

class LocalKernel : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& text) {
    fs::create_directories((dir_->path() / name).parent_path());
    ASSERT_TRUE(write_file(dir_->path() / name, text));
  }
  Result<Kernel> read(const std::string& name) { return local_kernel(dir_->path() / name, store_); }

  Result<TempDir> dir_ = TempDir::create();
  Result<TempDir> store_dir_ = TempDir::create();
  Store store_{store_dir_->path()};
  std::string image_ = fake_bzimage("5.4.1-own", fake_btf(4));
};

TEST_F(LocalKernel, a_bare_image_is_enough) {
  put("bzImage", image_);
  const auto kernel = read("bzImage");
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->id, "local-bzImage-" + sha256_hex(image_).substr(0, 12));
  EXPECT_EQ(kernel->release, "5.4.1-own");
  EXPECT_EQ(kernel->origin.kind, "local");
  EXPECT_EQ(kernel->origin.sha256, sha256_hex(image_));
  EXPECT_EQ(*read_file(kernel->btf->file, 1000), fake_btf(4));
  EXPECT_FALSE(kernel->config || kernel->system_map || kernel->modules);
}

TEST_F(LocalKernel, takes_what_lies_beside_it_under_its_release_first) {
  put("boot/vmlinuz", image_);
  put("boot/config", "other");
  put("boot/config-5.4.1-own", "CONFIG_DEBUG_INFO_BTF=y\n");
  put("boot/System.map", "ffffffff81000000 T _text\n");
  put("lib/modules/5.4.1-own/modules.builtin", "");
  const auto kernel = read("boot/vmlinuz");
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->config->filename(), "config-5.4.1-own");
  EXPECT_EQ(kernel->system_map->filename(), "System.map");
  EXPECT_EQ(kernel->modules, dir_->path() / "lib/modules/5.4.1-own");
}

TEST_F(LocalKernel, the_config_inside_serves_where_none_lies_beside_it) {
  const std::string config = "CONFIG_DEBUG_INFO_BTF=y\nCONFIG_BPF=y\n";
  const std::string inside = "IKCFG_ST" + pack(config, Packing::gzip) + "IKCFG_ED";
  put("bzImage", fake_bzimage("5.4.1-own", fake_btf() + inside));
  const auto kernel = read("bzImage");
  ASSERT_TRUE(kernel) << kernel.error().message;
  ASSERT_TRUE(kernel->config);
  EXPECT_EQ(*read_file(*kernel->config, 1000), config);
  put("config", "CONFIG_OTHER=y\n");
  EXPECT_EQ(read("bzImage")->config->filename(), "config");
}

TEST_F(LocalKernel, a_damaged_config_inside_is_none) {
  const std::string packed = pack(std::string(10'000, 'c') + "CONFIG_BPF=y\n", Packing::gzip);
  const std::string bomb = pack(std::string(64 << 20, 'c') + "CONFIG_BPF=y\n", Packing::gzip);
  for (const std::string& inside :
       {packed.substr(0, packed.size() / 2), bomb, pack("no option in it", Packing::gzip)}) {
    put("bzImage", fake_bzimage("5.4.1-own", "IKCFG_ST" + inside + "IKCFG_ED"));
    const auto kernel = read("bzImage");
    ASSERT_TRUE(kernel) << kernel.error().message;
    EXPECT_FALSE(kernel->config);
  }
}

TEST_F(LocalKernel, debians_hint_where_it_is_is_no_system_map) {
  put("vmlinuz", image_);
  put("System.map-5.4.1-own", "ffffffffffffffff B The real System.map is in the x-dbg package\n");
  EXPECT_FALSE(read("vmlinuz")->system_map);
}

TEST_F(LocalKernel, an_odd_name_still_makes_a_valid_id) {
  put("my kernel (new)", image_);
  const auto kernel = read("my kernel (new)");
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_TRUE(is_valid_id(kernel->id)) << kernel->id;
}

TEST_F(LocalKernel, a_config_that_promises_btf_the_image_lacks_is_an_error) {
  put("vmlinuz", fake_bzimage("5.4.1-own", ""));
  put(".config", "CONFIG_DEBUG_INFO_BTF=y\n");
  EXPECT_FALSE(read("vmlinuz"));
}

TEST_F(LocalKernel, what_is_no_kernel_is_named) {
  put("vmlinuz", "hello");
  const std::string path = (dir_->path() / "vmlinuz").string();
  EXPECT_EQ(read("vmlinuz").error().message,
            "kernel '" + path + "': '" + path + "': not a kernel image");
  EXPECT_FALSE(read("missing"));
  EXPECT_FALSE(read("."));
}

}  // namespace
}  // namespace bpfmatrix
