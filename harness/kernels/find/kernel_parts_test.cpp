#include "kernels/find/kernel_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "kernels/testing/fake_archive.h"
#include "kernels/testing/fake_image.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr std::uint64_t kBase = 0xffffffff81000000;
constexpr const char* kPartsRelease = "5.4.1-own";
const std::string kConfig = "CONFIG_BPF=y\nCONFIG_NET=y\n";
const std::string kModule = "ELF vermagic=5.4.1-own SMP";

/// A kernel that says all of itself: kallsyms, banner, config, BTF, build id.
std::string telling_image() {
  std::vector<KernelSymbol> symbols;
  for (std::uint64_t i = 0; i < 600; ++i) {
    symbols.push_back({'T', "sys_call" + std::to_string(i), kBase + i});
  }
  return fake_bzimage_around(
      pack(fake_vmlinux({.text = fake_kallsyms(symbols, KallsymsLayout::v6_4) +
                                 "Linux version 5.4.1-own (me) #1\n" + "IKCFG_ST" +
                                 pack(kConfig, Packing::gzip) + "IKCFG_ED",
                         .notes = elf_note("GNU", 3, std::string(20, '\xab')),
                         .btf = fake_btf(3)}),
           Packing::zstd));
}

class KernelPartsTest : public testing::Test {
 protected:
  fs::path put(const std::string& name, const std::string& bytes) {
    fs::create_directories((dir_->path() / name).parent_path());
    EXPECT_TRUE(write_file(dir_->path() / name, bytes));
    return dir_->path() / name;
  }
  Result<AssembledKernel> assemble(const KernelParts& parts) {
    fs::remove_all(tree_->path());
    fs::create_directories(tree_->path());
    auto made = assemble_kernel(parts, tree_->path(), scratch_->path());
    EXPECT_TRUE(fs::is_empty(scratch_->path())) << "scratch files left";
    return made;
  }
  void expect_refused(const KernelParts& parts, const std::string& problem) {
    const auto made = assemble(parts);
    ASSERT_FALSE(made) << problem;
    EXPECT_THAT(made.error().message, EndsWith(problem));
  }
  Result<KernelParts> unpack(const std::vector<FakeEntry>& entries) {
    fs::remove_all(dir_->path() / "parts");
    return unpack_kernel_archive(put("box.tar", make_tar(entries, Packing::none)),
                                 dir_->path() / "parts");
  }

  Result<TempDir> dir_ = TempDir::create();
  Result<TempDir> tree_ = TempDir::create();
  Result<TempDir> scratch_ = TempDir::create();
  fs::path image_ = put("vmlinuz", telling_image());
};

TEST_F(KernelPartsTest, what_is_in_the_image_is_not_asked_for) {
  const auto made = assemble({.image = image_});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->format, "bzImage");
  EXPECT_EQ(made->symbols, 600U);
  EXPECT_THAT(made->build_id, HasSubstr("abababab"));
  const Kernel& kernel = made->kernel;
  EXPECT_EQ(kernel.release, kPartsRelease);
  EXPECT_EQ(kernel.arch, Arch::x86_64);
  EXPECT_EQ(kernel.image_sha256, sha256_hex(telling_image()));
  EXPECT_EQ(*read_file(*kernel.config, 1000), kConfig);
  EXPECT_EQ(*read_file(kernel.btf->file, 1000), fake_btf(3));
  EXPECT_THAT(*read_file(*kernel.system_map, 1 << 20), HasSubstr("ffffffff81000005 T sys_call5\n"));
  EXPECT_FALSE(kernel.modules);
  EXPECT_EQ(kernel.origin.kind, "local");
  EXPECT_THAT(kernel.origin.chain.at(0), HasSubstr("given as 'vmlinuz': sha256 "));
}

TEST_F(KernelPartsTest, what_is_kept_is_what_qemu_starts) {
  const auto made = assemble({.image = put("vmlinuz.xz", pack(telling_image(), Packing::xz))});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->format, "bzImage, packed");
  EXPECT_EQ(*read_file(made->kernel.image, 1 << 20), telling_image());
  EXPECT_EQ(made->kernel.image_sha256, sha256_hex(telling_image()));
  EXPECT_EQ(made->kernel.origin.sha256, sha256_hex(pack(telling_image(), Packing::xz)));
}

TEST_F(KernelPartsTest, files_beside_the_image_are_taken) {
  put("modules/modules.builtin", "kernel/fs/ext4.ko\n");
  put("modules/kernel/a.ko.xz", pack(kModule, Packing::xz));
  put("modules/source", "left out");
  const auto made = assemble({.image = image_,
                              .config = put("config.gz", pack(kConfig, Packing::gzip)),
                              .modules = dir_->path() / "modules",
                              .btf = put("btf", fake_btf(3))});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->modules, 1U);
  EXPECT_EQ(*read_file(*made->kernel.config, 1000), kConfig);
  EXPECT_TRUE(fs::exists(*made->kernel.modules / "kernel/a.ko.xz"));
  EXPECT_TRUE(fs::exists(*made->kernel.modules / "modules.builtin"));
  EXPECT_FALSE(fs::exists(*made->kernel.modules / "source"));
}

TEST_F(KernelPartsTest, btf_for_a_kernel_without_is_kept_beside_it) {
  const auto made = assemble(
      {.image = put("own", fake_bzimage(kPartsRelease, "")), .btf = put("made.btf", fake_btf(7))});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(made->kernel.btf);
  ASSERT_TRUE(made->kernel.detached_btf);
  EXPECT_EQ(made->kernel.detached_btf->sha256, sha256_hex(fake_btf(7)));
}

TEST_F(KernelPartsTest, modules_without_folders_are_put_where_a_guest_looks) {
  put("flat/a.ko", kModule);
  const auto made = assemble({.image = image_, .modules = dir_->path() / "flat"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(fs::exists(*made->kernel.modules / "kernel/a.ko"));
}

TEST_F(KernelPartsTest, what_does_not_belong_together_is_refused) {
  put("other/kernel/a.ko", "ELF vermagic=5.4.2 SMP");
  fs::create_directories(dir_->path() / "none");
  const fs::path without_btf = put("own", fake_bzimage(kPartsRelease, ""));
  expect_refused({.image = image_, .arch = Arch::aarch64}, "the image is for x86_64, not aarch64");
  expect_refused({.image = image_, .release = "5.4.2"},
                 "the image says it is '5.4.1-own', the machine that ran it '5.4.2'");
  expect_refused({.image = image_, .config = put("c", "CONFIG_BPF=y\n")},
                 "not the config in the image: only one of them has 'CONFIG_NET=y'");
  expect_refused({.image = image_, .system_map = put("m", "0 T main\n")},
                 "not a System.map: '_text' or 'linux_banner' is not in it");
  expect_refused({.image = image_, .modules = dir_->path() / "other"},
                 "a module of '5.4.2', the image is '5.4.1-own'");
  expect_refused({.image = image_, .modules = dir_->path() / "none"},
                 "neither a module nor a modules.builtin in it");
  expect_refused({.image = image_, .btf = put("b", "hello")}, "not BTF, or damaged");
  expect_refused({.image = without_btf, .config = put("c2", "CONFIG_DEBUG_INFO_BTF=y\n")},
                 "built with CONFIG_DEBUG_INFO_BTF=y, but no BTF was found in the image");
}

/// Holes: nothing is read, and nothing is written, before the sum is known.
TEST_F(KernelPartsTest, modules_that_are_too_many_bytes_together_are_refused_before_any_is_copied) {
  put("huge/kernel/00.ko", kModule);
  for (int i = 1; i < 36; ++i) {
    fs::resize_file(put("huge/kernel/" + std::to_string(i) + ".ko", ""), 60 << 20);
  }
  const auto made = assemble({.image = image_, .modules = dir_->path() / "huge"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "'" + (dir_->path() / "huge").string() +
                                      "': its modules have more than 2147483648 bytes together");
  EXPECT_THAT(made.error().hint, HasSubstr("stripped of debug information"));
  EXPECT_FALSE(fs::exists(tree_->path() / "modules"));
}

TEST_F(KernelPartsTest, what_is_no_file_or_no_image_is_refused) {
  expect_refused({.image = dir_->path() / "gone"}, "/gone': no such file");
  expect_refused({.image = dir_->path()}, "not a regular file");
  expect_refused({.image = "/dev/zero"}, "not a regular file");
  expect_refused({.image = put("text", "hello")}, "not a kernel image");
  expect_refused({.image = put("empty", "")}, "empty, or it cannot be mapped");
}

TEST_F(KernelPartsTest, an_archive_gives_all_its_parts) {
  const std::string top = "bpfmatrix-kernel/";
  const auto parts = unpack({{.path = top + "release", .body = "5.4.1-own\n"},
                             {.path = top + "vmlinuz", .body = telling_image()},
                             {.path = top + "config", .body = kConfig},
                             {.path = top + "modules/kernel/a.ko", .body = kModule}});
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(parts->release, kPartsRelease);
  EXPECT_FALSE(parts->system_map || parts->btf);
  const auto made = assemble(*parts);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->modules, 1U);
}

TEST_F(KernelPartsTest, an_archive_that_is_none_or_means_harm_is_refused) {
  const FakeEntry image{.path = "k/vmlinuz", .body = "x"};
  const auto problem = [&](const std::vector<FakeEntry>& entries) {
    const auto parts = unpack(entries);
    return parts ? "" : parts.error().message;
  };
  EXPECT_THAT(problem({image}), EndsWith("not an archive of a kernel"));
  EXPECT_THAT(problem({{.path = "k/release", .body = "5.4.1"}}),
              EndsWith("not an archive of a kernel"));
  EXPECT_THAT(problem({image, {.path = "k/release", .body = "../x"}}),
              EndsWith("'release': no kernel release in it"));
  EXPECT_THAT(problem({image, {.path = "k/../../x", .body = "x"}}),
              EndsWith("a path that leaves the tree"));
  EXPECT_THAT(
      problem({image, {.path = "k/release", .body = "vmlinuz", .kind = FakeEntry::Kind::symlink}}),
      HasSubstr("'release': "));
}

}  // namespace
}  // namespace bpfmatrix
