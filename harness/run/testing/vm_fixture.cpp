#include "run/testing/vm_fixture.h"

#include <algorithm>

#include "outcome/outcome_fields.h"
#include "run/machines/machines.h"
#include "run/objects/app_finder.h"

namespace bpfmatrix {

namespace {

class Quiet : public Listener {
  void run_planned(const Plan&, int) override {}
  void kernel_booting(const std::string&) override {}
  void kernel_ready(const std::string&, std::chrono::milliseconds) override {}
  void cell_started(const Cell&) override {}
  void cell_finished(const Outcome&) override {}
  void notice(const std::string& text) override { std::fprintf(stderr, "%s\n", text.c_str()); }
};

}  // namespace

void VmFixture::SetUp() {
  const auto settings = default_settings("");
  ASSERT_TRUE(settings) << settings.error().message;
  settings_ = *settings;
  settings_.accel = AccelChoice::tcg;
  settings_.jobs = 2;
  settings_.cache = false;  // a test that boots kernels is about what they do today
  auto catalog = load_catalog(BPFMATRIX_SOURCE_DIR "/kernels/catalog.json");
  ASSERT_TRUE(catalog) << catalog.error().message;
  kernels_ = std::make_unique<KernelFinder>(*std::move(catalog), settings_);
}

std::vector<Outcome> VmFixture::run_cases(const std::vector<std::string>& kernels,
                                          const std::vector<std::string>& cases,
                                          const std::optional<std::vector<BtfSource>>& btf) {
  return run_suite({.kernels = kernels, .cases = cases, .btf = btf});
}

std::vector<Outcome> VmFixture::run_objects(const std::vector<std::string>& kernels,
                                            const std::vector<std::string>& files) {
  std::vector<CaseSpec> suite;
  for (const std::string& file : files) suite.push_back(case_for_object(file));
  return run_suite({.kernels = kernels}, suite);
}

std::vector<Outcome> VmFixture::run_suite(const MatrixSpec& matrix) {
  const auto suite = read_suite(BPFMATRIX_SOURCE_DIR "/cases");
  EXPECT_TRUE(suite) << suite.error().message;
  return run_suite(matrix, *suite);
}

std::vector<Outcome> VmFixture::run_suite(const MatrixSpec& matrix,
                                          const std::vector<CaseSpec>& suite) {
  const auto plan = make_plan(matrix, kernels_->known(), suite);
  EXPECT_TRUE(plan) << plan.error().message;
  RunInput input{*plan, {}};
  auto commands = find_apps(matrix.apps, *plan);
  EXPECT_TRUE(commands) << commands.error().message;
  if (commands) input.apps = *std::move(commands);
  for (const CaseSpec& spec : suite) input.cases.emplace(spec.id, spec);
  auto given = find_given_btf(matrix.btf_files, input.cases, *plan, settings_.fetch.store);
  EXPECT_TRUE(given) << given.error().message;
  if (given) input.btf = *std::move(given);
  auto dir = RunDir::create(scratch_->path() / std::to_string(++runs_), RunSpec{.matrix = matrix});
  EXPECT_TRUE(dir) << dir.error().message;
  Quiet quiet;
  Machines machines(settings_);
  const RunWorld world{.find_kernel = [&](const std::string& id) { return kernels_->find(id); },
                       .guests_of =
                           [&](const Kernel& kernel, const RunWorld::Notice& notice) {
                             return machines.guests_of(kernel, notice);
                           }};
  const Result<RunEnd> ran = run_plan(input, world, settings_, *dir, quiet);
  EXPECT_TRUE(ran) << ran.error().message;
  EXPECT_FALSE(ran->unwritten) << ran->unwritten->message;
  auto outcomes = read_outcomes(dir->path() / "outcomes.jsonl");
  EXPECT_TRUE(outcomes) << outcomes.error().message;
  EXPECT_EQ(outcomes->size(), plan->cells.size());
  return *outcomes;
}

const Outcome& VmFixture::find(const std::vector<Outcome>& outcomes, const std::string& cell) {
  static const Outcome kNone{};
  const auto found = std::find_if(outcomes.begin(), outcomes.end(),
                                  [&](const Outcome& o) { return o.cell == cell; });
  EXPECT_NE(found, outcomes.end()) << cell;
  return found == outcomes.end() ? kNone : *found;
}

}  // namespace bpfmatrix
