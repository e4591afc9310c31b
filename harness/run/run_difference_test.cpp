#include "run/run_difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/temp_dir.h"
#include "outcome/outcome_fields.h"
#include "run/run_dir.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunDifference : public ::testing::Test {
 protected:
  struct Run {
    RunDir dir;
    RunRecord record{};

    explicit Run(const std::filesystem::path& path) : dir(*RunDir::create(path, {})) {
      record.dir = path;
    }
    /// Of a kernel that was probed in `probe_ms`.
    void add(const std::string& cell, std::int64_t probe_ms, const std::string& release = "6.1") {
      KernelFacts facts;
      facts.release = release;
      facts.arch = "x86_64";
      facts.probe_ms = probe_ms;
      Outcome outcome;
      outcome.cell = cell;
      outcome.kernel.facts = *dir.keep_facts(pack(facts));
      ProgramOutcome& program = outcome.programs.emplace_back();
      program.name = "p";
      Transcript transcript;
      transcript.inputs.cell = cell;
      EXPECT_TRUE(dir.keep_transcript(cell, pack(transcript)));
      record.outcomes.push_back(outcome);
    }
  };

  Result<TempDir> dir_ = TempDir::create();
  Run run_{dir_->path() / "run"};
  Run other_{dir_->path() / "other"};
};

TEST_F(RunDifference, order_times_and_how_long_a_probe_took_make_none) {
  run_.add("a", 700);
  run_.add("b", 700);
  other_.add("b", 900);
  other_.add("a", 900);
  run_.record.outcomes[0].vm.wall_ms = 5;
  EXPECT_THAT(run_differences(run_.record, other_.record), IsEmpty());
}

TEST_F(RunDifference, a_cell_that_is_missing_there_twice_or_too_much_is_one) {
  for (const char* cell : {"a", "a", "b"}) run_.add(cell, 700);
  for (const char* cell : {"a", "c"}) other_.add(cell, 700);
  EXPECT_THAT(
      run_differences(run_.record, other_.record),
      ElementsAre("a: twice, or only in this run", "b: twice, or only in this run", "c: missing"));
}

TEST_F(RunDifference, what_a_cell_came_to_and_what_its_kernel_is_count) {
  run_.add("a", 700, "6.1");
  other_.add("a", 700, "6.2");
  run_.record.outcomes[0].end = End::completed;
  EXPECT_THAT(run_differences(run_.record, other_.record),
              ElementsAre(HasSubstr("a: kernel.facts: "), "a: end: completed, lost"));
}

TEST_F(RunDifference, a_transcript_must_be_there_whole_and_of_its_cell) {
  for (const char* cell : {"a", "b", "c"}) {
    run_.add(cell, 700);
    other_.add(cell, 700);
  }
  std::ofstream(transcript_path(dir_->path() / "run", "a"), std::ios::trunc) << "half";
  std::filesystem::remove(transcript_path(dir_->path() / "run", "b"));
  std::filesystem::copy_file(transcript_path(dir_->path() / "other", "a"),
                             transcript_path(dir_->path() / "run", "c"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(run_differences(run_.record, other_.record),
              ElementsAre(HasSubstr("a: "), HasSubstr("b.json.gz': No such file or directory"),
                          "c: its transcript belongs to 'a'"));
}

}  // namespace
}  // namespace bpfmatrix
