#include "run/cache/cell_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/parallel.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "outcome/outcome_fields.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

/// A cell as it comes out of a guest, and a store that keeps it.
class CellCaching : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_.fetch.store = Store(dir_->path() / "store");
    for (const char* tool : {"agent", "probe", "loader-libbpf"})
      file(fs::path("guest/x86_64") / tool);
    file("image");
    ::setenv("BPFMATRIX_GUEST_DIR", (dir_->path() / "guest").c_str(), 1);
    kernel_.image = dir_->path() / "image";
    object_.info.sha256 = std::string(64, 'o');
  }
  void TearDown() override { ::unsetenv("BPFMATRIX_GUEST_DIR"); }

  void file(const fs::path& name) {
    fs::create_directories((dir_->path() / name).parent_path());
    ASSERT_TRUE(write_file(dir_->path() / name, name.string()));
  }
  RunDir new_run() {
    return *RunDir::create(dir_->path() / ("run" + std::to_string(++runs_)), RunSpec{});
  }
  CellInput input() const { return {&cell_, &spec_, &kernel_, &object_, nullptr}; }
  std::unique_ptr<CellCache> cache_for(RunDir& dir) {
    return std::make_unique<CellCache>(
        settings_, dir, "kernel",
        [this](const Kernel&) -> Result<std::string> {
          ++machines_;
          return machine_;
        },
        [this](const std::string& text) { said_.push_back(text); });
  }
  /// What a guest gave, with its logs in the run's directory as the scheduler keeps them.
  CellResult ran(RunDir& dir) {
    CellResult result;
    result.outcome = outcome_before_run(cell_, spec_, &kernel_, &object_);
    result.outcome.end = End::completed;
    result.outcome.loader_version = "1.4.6";
    result.outcome.vm.wall_ms = 44;
    result.outcome.kernel.facts = *dir.keep_facts(pack(KernelFacts()));
    result.outcome.programs.push_back({.name = "p"});
    result.logs["p"] = "0: R0 !read_ok\n";
    result.outcome.programs[0].load.log_sha256 = *dir.keep_log(result.logs["p"]);
    result.loader_log = "libbpf: hello\n";
    return result;
  }
  /// A first run, which finds nothing and keeps `result`.
  Outcome first_run(const std::function<void(CellResult&)>& change = {}) {
    RunDir dir = new_run();
    const auto cache = cache_for(dir);
    EXPECT_FALSE(cache->recall(input()));
    CellResult result = ran(dir);
    if (change) change(result);
    cache->keep(result);
    return result.outcome;
  }

  Result<TempDir> dir_ = TempDir::create();
  RunSettings settings_{};
  Cell cell_{.kernel = {"k-x86_64", Arch::x86_64}, .case_id = "c", .loader = "libbpf"};
  CaseSpec spec_{.id = "c", .object = FileObject{"/x.o"}};
  Kernel kernel_{.id = "k-x86_64", .release = "6.1.0", .image_sha256 = "1"};
  ObjectFile object_{.file = "/x.o", .shown = "/x.o"};
  Result<std::string> machine_ = std::string("machine");
  std::vector<std::string> said_{};
  int machines_ = 0;
  int runs_ = 0;
};

TEST_F(CellCaching, a_second_run_has_the_outcome_and_all_that_it_refers_to) {
  Outcome first = first_run();
  RunDir dir = new_run();
  const std::optional<Outcome> again = cache_for(dir)->recall(input());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->vm.cached);
  first.vm.cached = true;
  EXPECT_EQ(to_line(*again), to_line(first));
  EXPECT_EQ(*read_log(dir.path(), again->programs[0].load.log_sha256), "0: R0 !read_ok\n");
  EXPECT_TRUE(read_kernel_facts(kernel_facts_path(dir.path(), again->kernel.facts)));
  EXPECT_EQ(*read_file(dir.path() / "loader" / "k-x86_64+c+kernel+libbpf.log", 100),
            "libbpf: hello\n");
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(CellCaching, another_machine_or_another_kernel_is_another_cell) {
  first_run();
  machine_ = std::string("another");
  RunDir dir = new_run();
  EXPECT_FALSE(cache_for(dir)->recall(input()));
  machine_ = std::string("machine");
  EXPECT_TRUE(cache_for(dir)->recall(input()));
  file("guest/x86_64/probe");
  ASSERT_TRUE(write_file(dir_->path() / "guest/x86_64/probe", "asks something else"));
  EXPECT_FALSE(cache_for(dir)->recall(input()));
}

TEST_F(CellCaching, a_kernel_is_asked_for_its_machine_once) {
  RunDir dir = new_run();
  const auto cache = cache_for(dir);
  cache->recall(input());
  cell_.case_id = "d";
  cache->recall(input());
  EXPECT_EQ(machines_, 1);
}

TEST_F(CellCaching, several_threads_may_ask_at_once) {
  first_run();
  machines_ = 0;
  RunDir dir = new_run();
  const auto cache = cache_for(dir);
  std::vector<std::optional<Outcome>> found(16);
  for_each_at_once(found.size(), 4, [&](std::size_t i) { found[i] = cache->recall(input()); });
  for (const auto& outcome : found) EXPECT_TRUE(outcome && outcome->vm.cached);
  EXPECT_EQ(machines_, 1);
}

TEST_F(CellCaching, without_a_machine_nothing_is_kept) {
  machine_ = Error{"no QEMU"};
  first_run();
  RunDir dir = new_run();
  EXPECT_FALSE(cache_for(dir)->recall(input()));
}

TEST_F(CellCaching, what_could_not_be_told_is_run_again) {
  for (const End end : {End::panicked, End::hung, End::lost, End::unavailable}) {
    first_run([&](CellResult& result) { result.outcome.end = end; });
  }
  first_run([](CellResult& result) { result.outcome.trigger.problem = "no loopback"; });
  first_run([](CellResult& result) { result.notices.push_back("witnesses disagree"); });
  RunDir dir = new_run();
  EXPECT_FALSE(cache_for(dir)->recall(input()));
}

TEST_F(CellCaching, no_cache_neither_takes_nor_keeps) {
  settings_.cache = false;
  first_run();
  settings_.cache = true;
  first_run();
  settings_.cache = false;
  RunDir dir = new_run();
  EXPECT_FALSE(cache_for(dir)->recall(input()));
}

TEST_F(CellCaching, a_log_that_was_lost_costs_its_own_cell_only) {
  const Outcome first = first_run();
  Database db(settings_.fetch.store.root() / "outcomes.db", std::chrono::milliseconds(200));
  Query(db, "DELETE FROM texts WHERE sha256 = ?",
        {std::string_view(first.programs[0].load.log_sha256)})
      .next();
  ASSERT_FALSE(db.trouble());
  RunDir dir = new_run();
  EXPECT_FALSE(cache_for(dir)->recall(input()));
  first_run();
  EXPECT_TRUE(cache_for(dir)->recall(input()));
}

}  // namespace
}  // namespace bpfmatrix
