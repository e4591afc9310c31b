#include "run/machines/template_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <future>
#include <thread>

#include "base/fd.h"
#include "base/sha256.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const TemplateKey kStoredKey{.spec = {.kernel = "/k/vmlinuz", .initramfs = "/k/initramfs"},
                             .image_sha256 = sha256_hex("image"),
                             .initramfs_sha256 = sha256_hex("initramfs"),
                             .qemu = {"QEMU emulator version 7.2.22", sha256_hex("qemu")}};

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
  fs::create_directories(templates_.folder(to_string(kStoredKey)));
  {
    const auto lock = store_.lock("template-" + to_string(kStoredKey), 0ms, {});
    EXPECT_FALSE(templates_.discard(kStoredKey));
  }
  EXPECT_TRUE(templates_.discard(kStoredKey));
  EXPECT_FALSE(fs::exists(templates_.folder(to_string(kStoredKey))));
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

/// Leaves what a frozen machine would, without one.
Result<Template> fake_template(const TemplateRequest& request, const fs::path& folder) {
  const std::string state = "state";
  std::ofstream(folder / kTemplateState) << state;
  struct stat ram {};
  {
    const Result<Fd> fd = make_template_ram(folder, request.key.spec.memory_mib);
    if (!fd) return fd.error();
    ::fstat(fd->get(), &ram);
  }
  std::ofstream(folder / kTemplateRecord)
      << fmt::format(R"({{"format":1,"release":"6.1.0","channel":"virtio","ram_bytes":{},)"
                     R"("ram_changed_ns":{},"state_bytes":{},"state_sha256":"{}"}})",
                     ram.st_size, ram.st_mtim.tv_sec * 1'000'000'000 + ram.st_mtim.tv_nsec,
                     state.size(), sha256_hex(state));
  return Template::open(folder, request.key.spec);
}

/// A store whose templates are made by fake_template().
class MadeTemplates : public Templates {
 protected:
  std::size_t entries() const {
    std::error_code missing;
    const fs::directory_iterator all(root() / "templates", missing);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  fs::path folder() const { return made_.folder(to_string(kStoredKey)); }

  int makes_ = 0;
  TemplateStore made_{store_, [this](const TemplateRequest& request, const fs::path& folder) {
                        ++makes_;
                        return fake_template(request, folder);
                      }};
  TemplateRequest request_{.key = kStoredKey};
};

TEST_F(MadeTemplates, one_is_made_once) {
  const auto made = made_.get(request_);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->release(), "6.1.0");
  EXPECT_TRUE(made_.get(request_));
  EXPECT_EQ(makes_, 1);
  EXPECT_THAT(releases(made_.list()), ElementsAre("6.1.0"));
  EXPECT_EQ(entries(), 1U) << "nothing unfinished is left";
}

TEST_F(MadeTemplates, another_machine_gets_another) {
  ASSERT_TRUE(made_.get(request_));
  request_.key.spec.memory_mib = 256;
  ASSERT_TRUE(made_.get(request_));
  EXPECT_EQ(makes_, 2);
  EXPECT_EQ(made_.gc({.max_bytes = 0}).size(), 2U);
  EXPECT_EQ(entries(), 0U);
}

struct Damage {
  const char* what;
  void (*damage)(const fs::path& folder);
};
constexpr Damage kDamages[] = {
    {"RAM cut short", [](const fs::path& f) { fs::resize_file(f / kTemplateRam, 1 << 20); }},
    {"RAM written to",
     [](const fs::path& f) {
       fs::last_write_time(f / kTemplateRam, fs::file_time_type::clock::now() + 1h);
     }},
    {"no RAM", [](const fs::path& f) { fs::remove(f / kTemplateRam); }},
    {"state changed", [](const fs::path& f) { std::ofstream(f / kTemplateState) << "State"; }},
    {"state cut short", [](const fs::path& f) { fs::resize_file(f / kTemplateState, 1); }},
    {"record cut short", [](const fs::path& f) { fs::resize_file(f / kTemplateRecord, 10); }},
    {"no record", [](const fs::path& f) { fs::remove(f / kTemplateRecord); }},
};
TEST_F(MadeTemplates, a_damaged_one_is_made_anew) {
  ASSERT_TRUE(made_.get(request_));
  for (const Damage& damage : kDamages) {
    damage.damage(folder());
    makes_ = 0;
    EXPECT_TRUE(made_.get(request_)) << damage.what;
    EXPECT_EQ(makes_, 1) << damage.what;
  }
}

TEST_F(MadeTemplates, one_that_cannot_be_made_leaves_nothing) {
  const TemplateStore failing(store_, [](const TemplateRequest&, const fs::path& folder) {
    std::ofstream(folder / kTemplateRam) << "half";
    return Result<Template>(Error{"boot: panicked: no init"});
  });
  const auto made = failing.get(request_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "template: boot: panicked: no init");
  EXPECT_EQ(entries(), 0U);
}

TEST_F(MadeTemplates, what_was_left_half_made_is_not_in_the_way) {
  fs::create_directories(folder().string() + ".new");
  std::ofstream(fs::path(folder().string() + ".new") / kTemplateRam) << "half";
  const auto made = made_.get(request_);
  EXPECT_TRUE(made) << made.error().message;
}

TEST_F(MadeTemplates, a_discarded_one_is_made_anew) {
  ASSERT_TRUE(made_.get(request_));
  ASSERT_TRUE(made_.discard(kStoredKey));
  ASSERT_TRUE(made_.get(request_));
  EXPECT_EQ(makes_, 2);
}

TEST_F(MadeTemplates, a_use_counts_for_how_long_it_stays) {
  ASSERT_TRUE(made_.get(request_));
  fs::last_write_time(folder() / kTemplateRecord, fs::file_time_type::clock::now() - 48h);
  ASSERT_TRUE(made_.get(request_));
  EXPECT_THAT(made_.gc({.max_age = 24h}), IsEmpty());
}

TEST_F(MadeTemplates, who_comes_second_waits_and_gets_the_same_one) {
  request_.on_wait = [&] { ADD_FAILURE() << "nobody is in the way of the first"; };
  std::promise<void> waits;
  TemplateRequest second{.key = kStoredKey};
  second.on_wait = [&] { waits.set_value(); };
  std::thread thread;
  const TemplateStore slow(store_, [&](const TemplateRequest& request, const fs::path& folder) {
    thread = std::thread([&] { EXPECT_TRUE(made_.get(second)); });
    EXPECT_EQ(waits.get_future().wait_for(60s), std::future_status::ready);
    return fake_template(request, folder);
  });
  EXPECT_TRUE(slow.get(request_));
  thread.join();
  EXPECT_EQ(makes_, 0) << "the second makes none";
}

}  // namespace
}  // namespace bpfmatrix
