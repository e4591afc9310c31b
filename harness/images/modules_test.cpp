#include "images/modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "base/file.h"
#include "base/temp_dir.h"
#include "images/modinfo.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

const fs::path kTestdata = fs::path(BPFMATRIX_SOURCE_DIR) / "harness/images/testdata";

/// The smallest relocatable ELF file with a .modinfo: header, two section contents, three headers.
std::string module_file(std::string_view name, std::string_view depends) {
  std::string info = "license=GPL";
  info += '\0';
  info += "depends=" + std::string(depends);
  info += '\0';
  info += "name=" + std::string(name);
  info += '\0';
  const std::string names("\0.modinfo\0.shstrtab\0", 20);
  std::string elf(64, '\0');
  const auto put = [&elf](std::size_t at, auto value) {
    std::memcpy(&elf[at], &value, sizeof value);
  };
  std::memcpy(elf.data(), "\177ELF\2\1\1", 7);
  put(16, std::uint16_t{1});                                // ET_REL
  put(18, std::uint16_t{62});                               // EM_X86_64
  put(20, std::uint32_t{1});                                // version
  put(40, std::uint64_t{64 + info.size() + names.size()});  // section headers
  put(52, std::uint16_t{64});                               // size of this header
  put(58, std::uint16_t{64});                               // size of a section header
  put(60, std::uint16_t{3});                                // how many
  put(62, std::uint16_t{2});                                // which holds the names
  elf += info + names;
  const auto section = [&](std::uint32_t at_name, std::uint32_t type, std::size_t at,
                           std::size_t n) {
    const std::size_t base = elf.size();
    elf.resize(base + 64);
    put(base, at_name);
    put(base + 4, type);
    put(base + 24, static_cast<std::uint64_t>(at));
    put(base + 32, static_cast<std::uint64_t>(n));
  };
  section(0, 0, 0, 0);
  section(1, 1, 64, info.size());
  section(10, 3, 64 + info.size(), names.size());
  return elf;
}

/// A folder laid out as a distribution lays out /lib/modules/<release>.
class Modules : public ::testing::Test {
 protected:
  void ship(const std::string& path, std::string_view depends) {
    const std::string file = fs::path(path).filename().string();
    const fs::path full = dir() / "kernel" / path;
    fs::create_directories(full.parent_path());
    ASSERT_TRUE(
        write_file(full, module_file(module_name(file.substr(0, file.find(".ko"))), depends)));
  }
  void build_in(const std::string& lines) {
    ASSERT_TRUE(write_file(dir() / "modules.builtin", lines));
  }
  ModuleSet collect(const std::vector<WantedModule>& wanted) {
    Result<ModuleSet> set = collect_modules(dir(), wanted);
    EXPECT_TRUE(set) << set.error().message;
    return set ? *std::move(set) : ModuleSet{};
  }
  static std::vector<std::string> names(const ModuleSet& set) {
    std::vector<std::string> names;
    for (const Module& module : set.modules) names.push_back(module.name);
    return names;
  }
  const fs::path& dir() const { return dir_->path(); }

 private:
  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(Modules, what_is_needed_comes_first_and_once) {
  ship("drivers/virtio/virtio.ko", "");
  ship("drivers/virtio/virtio_ring.ko", "virtio");
  ship("drivers/virtio/virtio_pci.ko", "virtio_ring,virtio");
  ship("drivers/char/virtio_console.ko", "virtio_ring,virtio");
  const ModuleSet set =
      collect({{"virtio_pci", ModuleUse::channel}, {"virtio_console", ModuleUse::channel}});
  EXPECT_THAT(names(set), ElementsAre("virtio", "virtio_ring", "virtio_pci", "virtio_console"));
  EXPECT_THAT(set.missing, IsEmpty());
}

TEST_F(Modules, the_channel_stands_before_the_rest_whatever_the_list_says) {
  ship("net/act.ko", "");
  ship("chan.ko", "shared");
  ship("shared.ko", "");
  const ModuleSet set = collect({{"act", ModuleUse::later}, {"chan", ModuleUse::channel}});
  EXPECT_THAT(names(set), ElementsAre("shared", "chan", "act"));
  EXPECT_EQ(set.modules[0].use, ModuleUse::channel);
  EXPECT_EQ(set.modules[2].use, ModuleUse::later);
}

TEST_F(Modules, a_dash_in_a_file_name_is_an_underscore_in_a_dependency) {
  ship("crypto/aes-generic.ko", "crypto-lib");
  ship("crypto/crypto_lib.ko", "");
  EXPECT_THAT(names(collect({{"aes_generic"}})), ElementsAre("crypto_lib", "aes_generic"));
}

TEST_F(Modules, what_is_built_in_needs_no_file) {
  build_in("kernel/drivers/virtio/virtio.ko\nkernel/drivers/virtio/virtio-ring.ko\n");
  ship("drivers/char/virtio_console.ko", "virtio,virtio_ring");
  const ModuleSet set = collect({{"virtio_ring"}, {"virtio_console"}});
  EXPECT_THAT(names(set), ElementsAre("virtio_console"));
  EXPECT_THAT(set.missing, IsEmpty());
}

TEST_F(Modules, what_is_missing_is_told_and_takes_nothing_else_with_it) {
  ship("needs.ko", "there,gone");
  ship("there.ko", "");
  const ModuleSet set = collect({{"absent"}, {"needs"}, {"there"}});
  EXPECT_THAT(names(set), ElementsAre("there"));
  EXPECT_THAT(set.missing, ElementsAre("absent: neither built in nor a module file",
                                       "needs: needs 'gone', neither built in nor a module file"));
}

TEST_F(Modules, a_kernel_without_modules_is_fine) {
  EXPECT_THAT(collect({{"veth"}}).missing, ElementsAre("veth: neither built in nor a module file"));
}

TEST_F(Modules, a_circle_of_dependencies_ends) {
  ship("a.ko", "b");
  ship("b.ko", "a");
  EXPECT_THAT(names(collect({{"a"}})), ElementsAre("b", "a"));
}

TEST_F(Modules, only_what_is_wanted_is_read) {
  ship("a.ko", "");
  fs::create_directories(dir() / "kernel");
  ASSERT_TRUE(write_file(dir() / "kernel/broken.ko", "no module"));
  EXPECT_THAT(names(collect({{"a"}})), ElementsAre("a"));
}

TEST_F(Modules, a_file_that_is_no_module_is_an_error_that_names_it) {
  fs::create_directories(dir() / "kernel");
  const fs::path file = dir() / "kernel/broken.ko";
  ASSERT_TRUE(write_file(file, "\177ELF and nothing more"));
  const Result<ModuleSet> set = collect_modules(dir(), {{"broken"}});
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().message, HasSubstr("module 'broken': '" + file.string() + "': "));
}

TEST_F(Modules, a_damaged_compressed_module_is_an_error_that_names_it) {
  fs::create_directories(dir() / "kernel");
  const fs::path file = dir() / "kernel/broken.ko.xz";
  Result<std::string> whole = read_file(kTestdata / "veth.ko.xz", 1 << 20);
  ASSERT_TRUE(whole) << whole.error().message;
  ASSERT_TRUE(write_file(file, std::string_view(*whole).substr(0, whole->size() / 2)));
  const Result<ModuleSet> set = collect_modules(dir(), {{"broken"}});
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().message,
              HasSubstr("module 'broken': '" + file.string() + "': cannot decompress: "));
}

constexpr const char* kPacked[] = {"veth.ko.xz", "veth.ko.zst", "veth.ko.gz"};
TEST(ReadModule, unpacks_every_compression_that_distributions_use) {
  for (const char* file : kPacked) {
    Result<std::string> elf = read_module(kTestdata / file);
    ASSERT_TRUE(elf) << elf.error().message;
    const Result<Modinfo> info = read_modinfo(*elf);
    ASSERT_TRUE(info) << file << ": " << info.error().message;
    EXPECT_EQ(info->name, "veth");
    EXPECT_THAT(info->depends, ElementsAre("page_pool", "ptp_classify")) << file;
  }
}

TEST(ReadModinfo, no_cut_of_a_module_does_harm) {
  const std::string whole = module_file("veth", "a,b");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string cut = whole.substr(0, size);
    (void)read_modinfo(cut);  // a sanitizer would speak up
  }
  std::string intact = whole;
  EXPECT_TRUE(read_modinfo(intact));
}

TEST(WantedModules, the_list_in_the_binary_can_be_read_and_gives_its_reasons) {
  const std::vector<WantedModule> wanted = wanted_modules();
  EXPECT_GE(wanted.size(), 2U);
  for (const WantedModule& module : wanted) EXPECT_FALSE(module.reason.empty()) << module.name;
}

TEST(WantedModules, an_unknown_use_is_an_error_that_names_the_place) {
  const auto wanted =
      parse_wanted_modules(R"({"modules":[{"name":"a","use":"fun","reason":"r"}]})", "m.json");
  ASSERT_FALSE(wanted);
  EXPECT_EQ(wanted.error().message, "'m.json: modules[0]': key 'use': wanted 'channel' or 'later'");
}

TEST(ModuleUse, every_one_has_its_word) {
  EXPECT_EQ(to_string(ModuleUse::channel), "channel");
  EXPECT_EQ(to_string(ModuleUse::later), "later");
}

}  // namespace
}  // namespace bpfmatrix
