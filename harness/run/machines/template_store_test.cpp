#include "run/machines/template_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>

#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

class Templates : public ::testing::Test {
 protected:
  /// A folder with a record that can be read, and `kib` of RAM.
  std::string put(const std::string& name, int kib, std::chrono::hours unused) const {
    const std::string key = sha256_hex(name);
    const fs::path folder = templates_.folder(key);
    fs::create_directories(folder);
    std::ofstream(folder / kTemplateRam) << std::string(static_cast<std::size_t>(kib) << 10, 'r');
    std::ofstream(folder / kTemplateRecord)
        << R"({"format":1,"release":")" << name
        << R"(","channel":"virtio","ram_bytes":1,"ram_changed_ns":1,"state_bytes":1,"state_sha256":""})";
    fs::last_write_time(folder / kTemplateRecord, fs::file_time_type::clock::now() - unused);
    return key;
  }
  static std::vector<std::string> releases(const std::vector<TemplateEntry>& entries) {
    std::vector<std::string> names;
    for (const TemplateEntry& entry : entries) names.push_back(entry.release);
    return names;
  }
  fs::path root() const { return dir_->path(); }
  void SetUp() override { ASSERT_TRUE(store_.prepare()); }

 private:
  Result<TempDir> dir_ = TempDir::create();

 protected:
  Store store_{root()};
  TemplateStore templates_{store_};
};

TEST_F(Templates, none_are_in_a_store_that_is_not_there) {
  const TemplateStore nowhere(Store(root() / "nowhere"));
  EXPECT_THAT(nowhere.list(), IsEmpty());
  EXPECT_THAT(nowhere.gc({}), IsEmpty());
}

TEST_F(Templates, are_listed_by_their_last_use) {
  put("old", 10, 48h);
  put("new", 10, 1h);
  put("oldest", 10, 72h);
  const auto entries = templates_.list();
  EXPECT_THAT(releases(entries), ElementsAre("new", "old", "oldest"));
  EXPECT_GE(entries[0].bytes, 10U << 10);
  EXPECT_LT(entries[0].bytes, 100U << 10);
}

TEST_F(Templates, go_when_they_are_too_old) {
  put("young", 10, 1h);
  put("old", 10, 48h);
  EXPECT_THAT(releases(templates_.gc({.max_age = 24h})), ElementsAre("old"));
  EXPECT_THAT(releases(templates_.list()), ElementsAre("young"));
}

TEST_F(Templates, go_when_they_are_too_much_the_longest_unused_first) {
  put("first", 400, 1h);
  put("second", 400, 2h);
  put("third", 400, 3h);
  put("small", 10, 4h);
  EXPECT_THAT(releases(templates_.gc({.max_bytes = 1 << 20})), ElementsAre("third"));
  EXPECT_THAT(releases(templates_.list()), ElementsAre("first", "second", "small"));
}

TEST_F(Templates, are_only_looked_at_when_that_is_asked) {
  put("old", 10, 48h);
  const TemplateLimits limits{.max_age = 24h, .what = Collect::only_look};
  EXPECT_THAT(releases(templates_.gc(limits)), ElementsAre("old"));
  EXPECT_THAT(releases(templates_.list()), ElementsAre("old"));
}

TEST_F(Templates, go_when_their_record_is_damaged) {
  put("whole", 10, 1h);
  const std::string damaged = put("damaged", 10, 1h);
  fs::resize_file(templates_.folder(damaged) / kTemplateRecord, 20);
  const std::string bare = put("bare", 10, 1h);
  fs::remove(templates_.folder(bare) / kTemplateRecord);
  EXPECT_EQ(templates_.gc({}).size(), 2U);
  EXPECT_THAT(releases(templates_.list()), ElementsAre("whole"));
}

TEST_F(Templates, half_made_ones_go_unless_somebody_makes_them) {
  const std::string key = sha256_hex("half");
  const fs::path half = root() / "templates" / (key + ".new");
  fs::create_directories(half);
  std::ofstream(half / kTemplateRam) << "half";
  {
    const auto lock = store_.lock("template-" + key, 0ms, {});
    ASSERT_TRUE(lock) << lock.error().message;
    templates_.gc({});
    EXPECT_TRUE(fs::exists(half));
  }
  EXPECT_THAT(templates_.list(), IsEmpty());
  templates_.gc({});
  EXPECT_FALSE(fs::exists(half));
}

TEST_F(Templates, one_that_is_being_made_is_not_discarded) {
  fs::create_directories(templates_.folder(to_string(kKey)));
  {
    const auto lock = store_.lock("template-" + to_string(kKey), 0ms, {});
    EXPECT_FALSE(templates_.discard(kKey));
  }
  EXPECT_TRUE(templates_.discard(kKey));
  EXPECT_FALSE(fs::exists(templates_.folder(to_string(kKey))));
}

TEST_F(Templates, the_lock_of_a_process_that_died_is_free) {
  const std::string key = sha256_hex("half");
  fs::create_directories(root() / "templates" / (key + ".new"));
  const pid_t maker = ::fork();
  if (maker == 0) {
    const auto lock = store_.lock("template-" + key, 0ms, {});
    ::kill(::getpid(), SIGKILL);
  }
  ASSERT_EQ(::waitpid(maker, nullptr, 0), maker);
  templates_.gc({});
  EXPECT_FALSE(fs::exists(root() / "templates" / (key + ".new")));
}

TEST_F(Templates, what_is_no_template_is_left_alone) {
  fs::create_directories(root() / "templates" / "notes");
  EXPECT_THAT(templates_.gc({.max_bytes = 0}), IsEmpty());
  EXPECT_TRUE(fs::exists(root() / "templates" / "notes"));
}

TEST(QemuBuildTest, is_that_of_the_program_in_the_path) {
  const auto build = qemu_build(Arch::x86_64);
  ASSERT_TRUE(build) << build.error().message;
  EXPECT_TRUE(build->version.starts_with("QEMU emulator version "));
  EXPECT_TRUE(is_sha256(build->sha256));
}

}  // namespace
}  // namespace bpfmatrix
