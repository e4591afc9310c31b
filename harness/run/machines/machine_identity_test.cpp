#include "run/machines/machine_identity.h"

#include <gtest/gtest.h>

#include <set>

#include "base/sha256.h"

namespace bpfmatrix {
namespace {

const TemplateKey kKey{.spec = {.kernel = "/k/vmlinuz", .initramfs = "/k/initramfs"},
                       .image_sha256 = sha256_hex("image"),
                       .initramfs_sha256 = sha256_hex("initramfs"),
                       .qemu = {"QEMU emulator version 7.2.22", sha256_hex("qemu")}};

struct OtherKey {
  const char* what;
  void (*change)(TemplateKey&);
};
constexpr OtherKey kOtherKeys[] = {
    {"image", [](TemplateKey& key) { key.image_sha256 = sha256_hex("another"); }},
    {"initramfs", [](TemplateKey& key) { key.initramfs_sha256 = sha256_hex("another"); }},
    {"QEMU's version", [](TemplateKey& key) { key.qemu.version = "7.2.23"; }},
    {"QEMU's build", [](TemplateKey& key) { key.qemu.sha256 = sha256_hex("another"); }},
    {"memory", [](TemplateKey& key) { key.spec.memory_mib = 256; }},
    {"architecture", [](TemplateKey& key) { key.spec.arch = Arch::aarch64; }},
    {"accelerator", [](TemplateKey& key) { key.spec.accel = Accel::kvm; }},
    {"kernel arguments", [](TemplateKey& key) { key.spec.kernel_arguments = {"quiet"}; }},
    {"files", [](TemplateKey& key) { key.files = "/run/bpfmatrix/loader"; }},
};
TEST(TemplateKey, changes_with_everything_that_makes_the_machine) {
  std::set<std::string> keys{to_string(kKey)};
  for (const OtherKey& other : kOtherKeys) {
    TemplateKey key = kKey;
    other.change(key);
    EXPECT_TRUE(keys.insert(to_string(key)).second) << other.what;
  }
}

TEST(TemplateKey, does_not_change_with_where_things_lie) {
  TemplateKey key = kKey;
  key.spec.kernel = "/elsewhere/vmlinuz";
  key.spec.initramfs = "/proc/7/fd/3";
  key.spec.console_log = "/tmp/console";
  key.spec.ram = Ram::clone;
  EXPECT_EQ(to_string(key), to_string(kKey));
  EXPECT_TRUE(is_sha256(to_string(key)));
}

TEST(QemuBuildTest, is_that_of_the_program_in_the_path) {
  const auto build = qemu_build(Arch::x86_64);
  ASSERT_TRUE(build) << build.error().message;
  EXPECT_TRUE(build->version.starts_with("QEMU emulator version "));
  EXPECT_TRUE(is_sha256(build->sha256));
}

}  // namespace
}  // namespace bpfmatrix
