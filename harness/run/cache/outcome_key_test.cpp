#include "run/cache/outcome_key.h"

#include <gtest/gtest.h>

#include <cctype>
#include <chrono>
#include <filesystem>
#include <functional>
#include <set>

#include "base/child_process.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

/// All that an outcome is a function of, to be changed one thing at a time.
struct World {
  Cell cell{.kernel = {"debian-6.1-x86_64", Arch::x86_64}, .case_id = "c", .loader = "libbpf"};
  CaseSpec spec{.id = "c", .object = FileObject{"/x.o"}};
  Kernel kernel{.id = "debian-6.1-x86_64", .release = "6.1.0", .image_sha256 = "1"};
  ObjectFile object{.file = "/x.o", .shown = "/x.o"};
  std::optional<AppFile> command{};
  std::chrono::seconds timeout{120};
  OutcomeKey key{.machine = "m", .isolation = "kernel", .facts = "f", .recorder = "r"};

  World() {
    kernel.btf = KernelBtf{"/btf", 5, std::string(64, 'b')};
    object.info.sha256 = std::string(64, 'o');
    spec.trigger.emplace();
  }
  std::string hash() {
    CellInput input{&cell,  &spec, &kernel, &object, nullptr, command ? &*command : nullptr,
                    timeout};
    key.input = &input;
    const Result<std::string> hash = to_string(key);
    EXPECT_TRUE(hash) << hash.error().message;
    return hash ? *hash : "";
  }
};

TEST(OutcomeKey, equal_worlds_have_one_key) {
  EXPECT_EQ(World().hash(), World().hash());
  EXPECT_TRUE(is_sha256(World().hash()));
}

TEST(OutcomeKey, each_thing_that_decides_makes_another) {
  const auto dir = TempDir::create();
  ASSERT_TRUE(write_file(dir->path() / "one", "1"));
  ASSERT_TRUE(write_file(dir->path() / "two", "2"));
  const std::vector<std::function<void(World&)>> changes{
      [](World& w) { w.cell.btf = BtfSource::embedded; },
      [](World& w) { w.cell.loader = "aya"; },
      [](World& w) { w.cell.case_id = "d"; },
      [](World& w) { w.kernel.image_sha256 = "2"; },
      [](World& w) { w.kernel.release = "6.1.1"; },
      [](World& w) { w.kernel.btf->sha256 = std::string(64, 'c'); },
      [](World& w) { w.kernel.origin.signed_by = "somebody"; },
      [](World& w) { w.object.info.sha256 = std::string(64, 'p'); },
      [](World& w) {
        w.spec.object = FileObject{"/y.o"};
        w.object.shown = "/y.o";
      },
      [](World& w) { w.spec.attach = false; },
      [](World& w) { w.spec.privileges.memlock_bytes = 1; },
      [](World& w) { w.spec.privileges.lockdown = "integrity"; },
      [](World& w) { w.spec.globals["level"] = 3; },
      [](World& w) { w.spec.truth["pid"] = 3; },
      [](World& w) { w.spec.truth["pid"] = "3"; },
      [](World& w) { w.spec.trigger.reset(); },
      [](World& w) {
        w.spec.trigger->write = WriteTrigger{"/proc/x", "1"};
      },
      [](World& w) { w.spec.trigger->command = {"/bin/true"}; },
      [&](World& w) { w.spec.trigger->command_file = dir->path() / "one"; },
      [&](World& w) { w.spec.trigger->command_file = dir->path() / "two"; },
      [](World& w) {
        w.app = AppFile{{.name = "app", .path = "app"}, "/app", "1"};
      },
      [](World& w) {
        w.app = AppFile{{.name = "app", .path = "app"}, "/app", "2"};
      },
      [](World& w) {
        w.app = AppFile{{.name = "app", .path = "app", .arguments = {"-v"}}, "/app", "2"};
      },
      [](World& w) {
        w.app = AppFile{{.name = "app", .path = "app", .quiet_ms = 7}, "/app", "2"};
      },
      [](World& w) { w.timeout = std::chrono::seconds(60); },
      [](World& w) { w.key.machine = "n"; },
      [](World& w) { w.key.isolation = "cell"; },
      [](World& w) { w.key.facts = "g"; },
      [](World& w) { w.key.recorder = "s"; },
  };
  std::set<std::string> keys{World().hash()};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    World world;
    changes[i](world);
    EXPECT_TRUE(keys.insert(world.hash()).second) << "change " << i;
  }
}

TEST(OutcomeKey, what_is_handed_over_counts_where_it_is_handed_over) {
  World one;
  World other;
  one.kernel.btf.reset();
  other.kernel.btf.reset();
  one.kernel.detached_btf = KernelBtf{"/a", 1, "a"};
  other.kernel.detached_btf = KernelBtf{"/b", 1, "b"};
  EXPECT_EQ(one.hash(), other.hash());
  one.cell.btf = other.cell.btf = BtfSource::embedded;
  EXPECT_NE(one.hash(), other.hash());
}

TEST(OutcomeKey, what_is_expected_decides_nothing) {
  World other;
  other.spec.shows = "something else";
  other.spec.expect.emplace_back();
  EXPECT_EQ(World().hash(), other.hash());
}

TEST(OutcomeKey, without_a_file_that_goes_into_the_guest_there_is_none) {
  World world;
  world.spec.trigger->command_file = "/nowhere/at/all";
  CellInput input{&world.cell, &world.spec, &world.kernel, &world.object, nullptr};
  world.key.input = &input;
  EXPECT_FALSE(to_string(world.key));
}

TEST(OutcomeKey, the_recorder_is_the_build_that_runs) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto said = run_command({.argv = {"readelf", "-n", self}}, std::chrono::seconds(10));
  ASSERT_TRUE(said) << said.error().message;
  constexpr std::string_view kMark = "Build ID: ";
  const std::size_t at = said->out.find(kMark);
  ASSERT_NE(at, std::string::npos) << said->out;
  std::string bytes;
  for (std::size_t i = at + kMark.size(); std::isxdigit(said->out[i]) != 0; i += 2) {
    bytes += static_cast<char>(std::stoi(said->out.substr(i, 2), nullptr, 16));
  }
  EXPECT_EQ(*recorder_hash(), sha256_hex(bytes));
}

}  // namespace
}  // namespace bpfmatrix
