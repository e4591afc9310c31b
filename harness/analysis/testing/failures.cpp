#include "analysis/testing/failures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "outcome/outcome_fields.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

std::vector<Outcome> failures() {
  const fs::path folder = fs::path(BPFMATRIX_SOURCE_DIR) / "harness/analysis/testdata/failures";
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Outcome> all;
  for (const fs::path& file : files) {
    auto outcomes = read_outcomes(file);
    EXPECT_TRUE(outcomes) << outcomes.error().message;
    if (outcomes) all.insert(all.end(), outcomes->begin(), outcomes->end());
  }
  EXPECT_GE(all.size(), 100U);
  return all;
}

std::string symptom(const Outcome& failure) {
  const bool many = failure.case_id.starts_with("said-") && !failure.programs.empty();
  return many ? failure.programs[0].name : failure.case_id;
}

const ProgramOutcome& program_of(const Outcome& failure) {
  static const ProgramOutcome none;
  return failure.programs.empty() ? none : failure.programs[0];
}

}  // namespace bpfmatrix
