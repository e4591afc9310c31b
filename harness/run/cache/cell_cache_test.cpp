#include "run/cache/cell_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/parallel.h"
#include "base/temp_dir.h"
#include "cell/testing/attempts.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome_fields.h"
#include "run/machines/kernel_probe.h"
#include "run/testing/replay_guests.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

class MachineGuests : public ReplayGuests {
 public:
  explicit MachineGuests(Result<std::string>& machine) : ReplayGuests({}), machine_(machine) {}
  Result<std::string> machine() override { return machine_; }

 private:
  Result<std::string>& machine_;
};

/// A cell as it comes out of a guest, and a store that keeps what it said.
class CellCaching : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_.fetch.store = Store(dir_->path() / "store");
    for (const char* tool : {"agent", "probe", "loader-libbpf"})
      file(fs::path("guest/x86_64") / tool, tool);
    file("image", "image");
    ::setenv("BPFMATRIX_GUEST_DIR", (dir_->path() / "guest").c_str(), 1);
    kernel_.image = dir_->path() / "image";
    object_.info.sha256 = std::string(64, 'o');
    know(KernelFacts());
  }
  void TearDown() override { ::unsetenv("BPFMATRIX_GUEST_DIR"); }

  void file(const fs::path& name, const std::string& text) {
    fs::create_directories((dir_->path() / name).parent_path());
    ASSERT_TRUE(write_file(dir_->path() / name, text));
  }
  void know(const KernelFacts& facts) {
    const auto path = kept_facts_path(settings_.fetch.store, kernel_);
    ASSERT_TRUE(path) << path.error().message;
    fs::create_directories(path->parent_path());
    ASSERT_TRUE(write_file(*path, pack(facts).gzip));
  }

  /// A run of its own.
  struct Run {
    KernelFactsKeeper facts;
    CellCache cache;
    Run(const RunSettings& settings, const TranscriptCache::Say& say)
        : facts(settings.fetch.store,
                [](const PackedFacts& packed) -> Result<std::string> { return packed.sha256; }),
          cache(settings, facts, say) {}
  };
  std::unique_ptr<Run> new_run() {
    return std::make_unique<Run>(settings_, [this](const std::string& t) { said_.push_back(t); });
  }
  CellInput input() const { return {&cell_, &spec_, &kernel_, &object_, nullptr}; }
  std::optional<Recalled> recall(Run& run) { return run.cache.recall(input(), guests_); }
  std::optional<Recalled> recall() { return recall(*new_run()); }

  /// A first run, which finds nothing and keeps what `change` makes of a good one.
  void first_run(const std::function<void(Derived&)>& change = {}) {
    const auto run = new_run();
    EXPECT_FALSE(recall(*run));
    const Transcript transcript = transcript_of({completed(good_lines())});
    Derived derived = derive({.transcript = transcript, .facts_sha256 = "f"});
    if (change) change(derived);
    run->cache.keep(cell_.id(), "packed", derived);
  }

  Result<TempDir> dir_ = TempDir::create();
  RunSettings settings_{};
  Cell cell_{.kernel = {"k-x86_64", Arch::x86_64}, .case_id = "c", .loader = "libbpf"};
  CaseSpec spec_{.id = "c", .object = FileObject{"/x.o"}};
  Kernel kernel_{.id = "k-x86_64", .release = "6.1.0", .image_sha256 = "1"};
  ObjectFile object_{.file = "/x.o", .shown = "/x.o"};
  Result<std::string> machine_ = std::string("machine");
  MachineGuests guests_{machine_};
  std::vector<std::string> said_{};
};

TEST_F(CellCaching, a_second_run_has_what_was_said_and_what_was_made_of_it) {
  first_run();
  const auto recalled = recall();
  ASSERT_TRUE(recalled);
  EXPECT_EQ(recalled->packed, "packed");
  ASSERT_TRUE(recalled->outcome);
  EXPECT_EQ(recalled->outcome->programs.at(0).load.stage.result, StageResult::ok);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(CellCaching, what_the_case_expects_makes_another_outcome_of_the_same_transcript) {
  first_run();
  spec_.truth = {{"pid", std::int64_t{3}}};
  const auto recalled = recall();
  ASSERT_TRUE(recalled);
  EXPECT_FALSE(recalled->outcome) << "it has to be derived anew";
}

TEST_F(CellCaching, so_do_other_facts_about_the_kernel) {
  first_run();
  KernelFacts facts;
  facts.release = "6.1.0";
  know(facts);
  const auto recalled = recall();
  ASSERT_TRUE(recalled);
  EXPECT_FALSE(recalled->outcome);
}

TEST_F(CellCaching, what_was_made_of_it_anew_is_remembered) {
  first_run();
  spec_.truth = {{"pid", std::int64_t{3}}};
  {
    const auto run = new_run();
    const auto recalled = recall(*run);
    ASSERT_TRUE(recalled);
    Outcome outcome;
    outcome.cell = cell_.id();
    outcome.loader_version = "anew";
    run->cache.remember(cell_.id(), recalled->packed, outcome);
  }
  const auto again = recall();
  ASSERT_TRUE(again && again->outcome);
  EXPECT_EQ(again->outcome->loader_version, "anew");
}

TEST_F(CellCaching, another_machine_is_another_cell) {
  first_run();
  machine_ = std::string("another");
  EXPECT_FALSE(recall());
  machine_ = std::string("machine");
  EXPECT_TRUE(recall());
}

TEST_F(CellCaching, a_kernel_that_this_probe_never_asked_is_booted) {
  first_run();
  file("guest/x86_64/probe", "asks something else");
  EXPECT_FALSE(recall());
}

TEST_F(CellCaching, several_threads_may_ask_at_once) {
  first_run();
  const auto run = new_run();
  std::vector<std::optional<Recalled>> found(16);
  for_each_at_once(found.size(), 4, [&](std::size_t i) { found[i] = recall(*run); });
  for (const auto& recalled : found) EXPECT_TRUE(recalled && recalled->outcome);
}

TEST_F(CellCaching, without_a_machine_nothing_is_kept) {
  machine_ = Error{"no QEMU"};
  first_run();
  EXPECT_FALSE(recall());
}

TEST_F(CellCaching, what_is_not_conclusive_is_run_again) {
  for (const End end : {End::panicked, End::hung, End::lost, End::unavailable}) {
    first_run([&](Derived& derived) { derived.outcome.end = end; });
  }
  first_run([](Derived& derived) { derived.outcome.trigger.problem = "no loopback"; });
  first_run([](Derived& derived) { derived.notices.push_back("cross-checks disagree"); });
  EXPECT_FALSE(recall());
}

TEST_F(CellCaching, no_cache_neither_takes_nor_keeps) {
  settings_.cache = false;
  first_run();
  settings_.cache = true;
  first_run();
  settings_.cache = false;
  EXPECT_FALSE(recall());
}

}  // namespace
}  // namespace bpfmatrix
