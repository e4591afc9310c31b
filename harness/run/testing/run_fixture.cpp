#include "run/testing/run_fixture.h"

#include <cstdlib>

#include "base/file.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome_fields.h"
#include "run/machines/kernel_probe.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// Counts the guests that are taken of it.
class CountedGuests : public ReplayGuests {
 public:
  CountedGuests(std::vector<Attempt> attempts, int& count)
      : ReplayGuests(std::move(attempts)), count_(count) {}
  ~CountedGuests() override { count_ = taken + booted; }

 private:
  int& count_;
};

}  // namespace

void HeardListener::run_planned(const Plan& plan, int) {
  heard.push_back("planned " + std::to_string(plan.cells.size()));
}
void HeardListener::kernel_booting(const std::string& id) { heard.push_back("booting " + id); }
void HeardListener::kernel_ready(const std::string& id, std::chrono::milliseconds) {
  heard.push_back("ready " + id);
}
void HeardListener::cell_started(const Cell& cell) { heard.push_back("started " + cell.id()); }
void HeardListener::cell_finished(const Outcome& outcome) {
  heard.push_back("finished " + outcome.cell + " " + std::string(to_string(outcome.end)));
}
void HeardListener::notice(const std::string& text) { heard.push_back("notice " + text); }

void RunFixture::SetUp() {
  settings_.fetch.store = Store(dir_->path() / "store");
  settings_.jobs = 1;
  for (const char* tool : {"agent", "probe", "loader-libbpf"}) {
    const fs::path file = dir_->path() / "guest/x86_64" / tool;
    fs::create_directories(file.parent_path());
    ASSERT_TRUE(write_file(file, tool));
  }
  ::setenv("BPFMATRIX_GUEST_DIR", (dir_->path() / "guest").c_str(), 1);
}

void RunFixture::TearDown() { ::unsetenv("BPFMATRIX_GUEST_DIR"); }

void RunFixture::plan(const std::string& kernel, const std::string& case_id, BtfSource btf) {
  input_.plan.cells.push_back({{kernel, Arch::x86_64}, case_id, btf, "libbpf"});
  CaseSpec spec{.id = case_id, .object = FileObject{compiler_.object("lines")}};
  input_.cases.emplace(case_id, spec);
  if (kernels_.contains(kernel)) return;
  const fs::path image = dir_->path() / (kernel + ".image");
  ASSERT_TRUE(write_file(image, kernel));
  kernels_.emplace(
      kernel,
      Kernel{
          .id = kernel, .release = "6.1.0", .image = image, .image_sha256 = "image of " + kernel});
}

void RunFixture::say(const std::string& kernel, std::vector<Attempt> attempts) {
  attempts_[kernel] = std::move(attempts);
}

void RunFixture::know(const std::string& kernel, const KernelFacts& facts) {
  const auto path = kept_facts_path(settings_.fetch.store, *kernels_.at(kernel));
  ASSERT_TRUE(path) << path.error().message;
  fs::create_directories(path->parent_path());
  ASSERT_TRUE(write_file(*path, pack(facts).gzip));
}

RunDir RunFixture::new_dir() {
  RunSpec spec;
  for (const Cell& cell : input_.plan.cells) spec.cells.push_back(cell.id());
  return *RunDir::create(dir_->path() / ("run" + std::to_string(++runs_)), spec);
}

RunWorld RunFixture::world() {
  return {.find_kernel =
              [this](const std::string& id) {
                const auto kernel = kernels_.find(id);
                return kernel != kernels_.end() ? kernel->second
                                                : Result<Kernel>(Error{"no kernel '" + id + "'"});
              },
          .guests_of = [this](const Kernel& kernel,
                              const RunWorld::Notice&) -> std::unique_ptr<Guests> {
            auto guests = std::make_unique<CountedGuests>(attempts_[kernel.id], taken_[kernel.id]);
            guests->no_guests = no_guests_;
            return guests;
          },
          .time = time_};
}

std::vector<Outcome> RunFixture::run(RunDir& dir) {
  listener_.heard.clear();
  taken_.clear();
  const Result<RunEnd> ran = run_plan(input_, world(), settings_, dir, listener_);
  EXPECT_TRUE(ran) << ran.error().message;
  if (ran && ran->unwritten) ADD_FAILURE() << ran->unwritten->message;
  const auto outcomes = read_outcomes(dir.path() / "outcomes.jsonl");
  EXPECT_TRUE(outcomes) << outcomes.error().message;
  return outcomes ? *outcomes : std::vector<Outcome>();
}

std::vector<Outcome> RunFixture::run() {
  RunDir dir = new_dir();
  return run(dir);
}

}  // namespace bpfmatrix
