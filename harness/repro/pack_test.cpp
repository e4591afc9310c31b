// From a run to a pack, and from the pack to a run somewhere else. Guests say again what guests
// once said; nothing boots.
#include "repro/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sha256.h"
#include "kernels/kernel_record.h"
#include "repro/replay.h"
#include "run/testing/run_fixture.h"

namespace bpfmatrix {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

constexpr const char* kCell = "k/lines/kernel/libbpf";

class PackTest : public RunFixture {
 protected:
  void SetUp() override {
    RunFixture::SetUp();
    plan("k", "lines");
    object_ = std::get<FileObject>(input_.cases.at("lines").object).file;
    kernels_.at("k")->image_sha256 = sha256_hex("k");
    kernels_.at("k")->origin = {.kind = "deb", .package = "linux-image", .version = "6.1.176-1"};
    know("k");
    recorded_kernel_ = *kernels_.at("k");
  }

  /// Leaves a run of the cell, in which the guests said this.
  fs::path record(std::vector<Attempt> attempts) {
    say("k", std::move(attempts));
    RunSpec spec;
    spec.objects = {object_.string()};
    spec.matrix.project = project_;
    spec.cells = {kCell};
    auto dir = RunDir::create(dir_->path() / ("recorded" + std::to_string(++recorded_)), spec);
    EXPECT_TRUE(dir) << dir.error().message;
    run(*dir);
    return dir->path();
  }

  Result<Pack> make(const fs::path& run, const std::string& cell = kCell,
                    PackedKernel kernel = PackedKernel::if_it_is_nowhere_else) {
    KernelFinder finder(Catalog{}, settings_);
    return make_pack({run, cell, kernel, "0.1.0"}, finder, settings_);
  }

  /// Opens the pack in a folder of its own, where nothing of the run is.
  OpenedPack open(const Pack& pack) {
    const fs::path away = dir_->path() / ("away" + std::to_string(++recorded_));
    fs::create_directories(away / "into");
    EXPECT_TRUE(write_file(away / "c.bpfrepro", pack.bytes));
    Result<OpenedPack> opened = open_pack(away / "c.bpfrepro", away / "into");
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : OpenedPack();
  }

  Replay run_where(const OpenedPack& pack, std::vector<Attempt> attempts) {
    say("k", std::move(attempts));
    const Result<CellAgain> again =
        run_again(pack, recorded_kernel_, *kernels_.at("k"), world(), settings_for(pack, settings_),
                  dir_->path() / ("again" + std::to_string(++recorded_)), listener_);
    EXPECT_TRUE(again) << again.error().message;
    return again ? again->replay : Replay();
  }

  std::optional<Project> project_{};
  fs::path object_{};
  /// As the desk has it.
  std::optional<Kernel> recorded_kernel_{};
  int recorded_ = 0;
};

TEST_F(PackTest, a_pack_says_what_it_is_about) {
  const Result<Pack> pack = make(record({completed(rejected_lines())}));
  ASSERT_TRUE(pack) << pack.error().message;
  const Manifest& manifest = pack->manifest;
  EXPECT_EQ(manifest.cell, kCell);
  EXPECT_EQ(manifest.object, object_.string());
  EXPECT_EQ(manifest.kernel.package, "linux-image");
  EXPECT_EQ(manifest.kernel.get, "bpfmatrix kernels fetch k");
  std::vector<std::string> paths;
  for (const PackMember& member : manifest.members) paths.push_back(member.path);
  EXPECT_THAT(paths,
              ElementsAre("facts.json.gz", "object.o", "outcome.json", "transcript.json.gz"));
}

TEST_F(PackTest, the_same_run_and_cell_give_the_same_bytes) {
  const fs::path run = record({completed(rejected_lines())});
  const fs::path copy = dir_->path() / "copy";
  fs::copy(run, copy, fs::copy_options::recursive);
  EXPECT_EQ(make(run)->bytes, make(copy)->bytes);
}

TEST_F(PackTest, the_cell_may_be_a_glob_that_one_matches) {
  const fs::path run = record({completed(rejected_lines())});
  EXPECT_EQ(make(run, "k/*")->manifest.cell, kCell);
  EXPECT_THAT(make(run, "other/*").error().message, HasSubstr("no cells of 'other/*'"));
  EXPECT_THAT(make(dir_->path(), "k/*").error().hint, "is this the directory of a run?");
}

TEST_F(PackTest, what_is_not_as_it_was_is_not_packed) {
  const fs::path run = record({completed(rejected_lines())});
  ASSERT_TRUE(write_file(object_, "another"));
  EXPECT_THAT(make(run).error().message,
              HasSubstr("the object '" + object_.string() + "' has changed since the run"));
}

TEST_F(PackTest, a_cell_that_never_ran_is_not_packed) {
  kernels_.at("k") = Error{"no network"};
  EXPECT_THAT(make(record({})).error().message, HasSubstr("was not run: no network"));
}

TEST_F(PackTest, what_happened_happens_again_somewhere_else) {
  settings_.cache = false;  // or the kernel's facts are known the first time only
  const Attempt rejected = completed(rejected_lines());
  const OpenedPack pack = open(*make(record({rejected})));
  ASSERT_TRUE(write_file(object_, "not needed any more"));
  const Replay same = run_where(pack, {rejected});
  EXPECT_EQ(same.result, Reproduced::reproduced) << same.why;
  EXPECT_THAT(same.differences, IsEmpty());
  EXPECT_THAT(same.notes, IsEmpty());
  const Replay other = run_where(pack, {completed(good_lines())});
  EXPECT_EQ(other.result, Reproduced::different);
  EXPECT_THAT(other.differences, Contains("program 'on_connect': load: ok, was failed, EACCES"));
}

TEST_F(PackTest, what_a_project_sets_goes_along_as_it_was_decided) {
  const Json settings = *parse_json(R"j({"maps": {"m": {"max_entries": "cpus"}},
      "globals": {"level": [{"when": "kernel < 5.0", "value": 1}, {"value": 2}]},
      "sysctl": {"kernel.x": "1"}, "one_of": [["a", "b"]],
      "autoload": {"nobody": "kernel < 5.0"}})j",
                                    "settings");
  project_ = Project{"", dir_->path().string(), {{"lines", settings}}};
  CaseSpec& spec = input_.cases.at("lines");
  ASSERT_TRUE(apply_settings(settings, dir_->path(), "settings", spec));
  const fs::path run = record({completed(good_lines())});
  const Result<Pack> pack = make(run);
  ASSERT_TRUE(pack) << pack.error().message;
  const OpenedPack opened = open(*pack);
  EXPECT_EQ(opened.spec.user.maps.at("m").max_entries->of, AmountOf::cpus);
  EXPECT_EQ(std::get<std::int64_t>(opened.spec.user.globals.at("level").front().value.value), 2);
  const Replay replay = run_where(opened, {completed(good_lines())});
  EXPECT_EQ(replay.result, Reproduced::reproduced) << replay.why;
}

TEST_F(PackTest, the_transcript_counts_and_not_what_is_written_of_its_outcome) {
  settings_.cache = false;
  const OpenedPack honest = open(*make(record({completed(rejected_lines())})));
  OpenedPack forged = honest;
  forged.outcome = open(*make(record({completed(good_lines())}))).outcome;
  for (const bool here : {true, false}) {
    if (!here) recorded_kernel_.reset();
    const Replay replay = run_where(forged, {completed(good_lines())});
    EXPECT_EQ(replay.result, Reproduced::different);
    EXPECT_THAT(replay.notes,
                Contains(HasSubstr("not what its transcript says, which counts: program "
                                   "'on_connect': failed")));
    EXPECT_THAT(run_where(honest, {completed(good_lines())}).notes, IsEmpty());
  }
}

TEST_F(PackTest, a_lost_machine_is_no_answer) {
  const OpenedPack pack = open(*make(record({completed(rejected_lines())})));
  const Attempt lost = given_up(SessionState::lost, "");
  const Replay replay = run_where(pack, {lost, lost, lost});
  EXPECT_EQ(replay.result, Reproduced::unavailable);
  EXPECT_THAT(replay.why, HasSubstr("lost"));
}

TEST_F(PackTest, of_a_flaky_cell_each_attempts_answer_is_known_again) {
  settings_.cold_check = 1;
  const fs::path run = record({completed(good_lines()), booted(completed(rejected_lines()))});
  const OpenedPack pack = open(*make(run));
  ASSERT_FALSE(pack.outcome.vm.flaky.empty());
  for (const auto& lines : {good_lines(), rejected_lines()}) {
    const Replay replay = run_where(pack, {completed(lines)});
    EXPECT_EQ(replay.result, Reproduced::reproduced);
    EXPECT_THAT(replay.notes, Contains(HasSubstr("flaky when it was recorded")));
  }
}

TEST_F(PackTest, another_build_under_the_same_id_is_said) {
  const OpenedPack pack = open(*make(record({completed(rejected_lines())})));
  kernels_.at("k")->image_sha256 = sha256_hex("newer");
  const Replay replay = run_where(pack, {completed(rejected_lines())});
  EXPECT_EQ(replay.result, Reproduced::reproduced);
  EXPECT_THAT(replay.notes, Contains(HasSubstr("another build under the same id")));
}

TEST_F(PackTest, a_kernel_that_its_user_added_goes_along) {
  const Store& store = settings_.fetch.store;
  ASSERT_TRUE(store.prepare());
  Result<TempDir> tree = store.temporary();
  ASSERT_TRUE(write_file(tree->path() / "vmlinuz", "k"));
  fs::create_directory(tree->path() / "modules");
  ASSERT_TRUE(write_file(tree->path() / "modules/modules.builtin", "kernel/a.ko\n"));
  Kernel kernel = *kernels_.at("k");
  kernel.image = tree->path() / "vmlinuz";
  kernel.modules = tree->path() / "modules";
  kernel.origin = {.kind = "local", .sha256 = kernel.image_sha256};
  ASSERT_TRUE(write_kernel_record(kernel, tree->path()));
  ASSERT_TRUE(store.install(*std::move(tree), store.kernel_link("k")));
  kernels_.at("k")->origin = kernel.origin;
  const OpenedPack pack = open(*make(record({completed(rejected_lines())})));
  ASSERT_TRUE(pack.kernel);
  EXPECT_EQ(*read_file(pack.kernel->image, 10), "k");
  EXPECT_TRUE(fs::exists(*pack.kernel->modules / "modules.builtin"));
}

}  // namespace
}  // namespace bpfmatrix
