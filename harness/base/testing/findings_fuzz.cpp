// What was once found, by a fuzz target or otherwise: testdata/findings/TARGET/ of the module. The
// assertions are the target's own, the sanitizers' and the test's time limit.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/testing/fuzz_target.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

class FuzzFindings : public testing::TestWithParam<const FuzzTarget*> {};
INSTANTIATE_TEST_SUITE_P(Of, FuzzFindings, testing::ValuesIn(FuzzTarget::all()),
                         [](const auto& instance) { return instance.param->name(); });

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

TEST_P(FuzzFindings, do_no_harm_any_more) {
  const FuzzTarget& target = *GetParam();
  target.run("");
  for (const std::string& seed : target.seeds()) target.run(seed);
  for (const fs::path& file : files_in(fs::path(BPFMATRIX_FINDINGS) / target.name())) {
    SCOPED_TRACE(file.string());
    const Result<std::string> bytes = read_file(file, 64 << 20);
    ASSERT_TRUE(bytes) << bytes.error().message;
    target.run(*bytes);
  }
}

TEST_P(FuzzFindings, are_all_of_a_target_that_there_is) {
  const auto& all = FuzzTarget::all();
  for (const fs::path& folder : files_in(BPFMATRIX_FINDINGS)) {
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const FuzzTarget* target) {
      return target->name() == folder.filename();
    })) << folder;
  }
}

}  // namespace
}  // namespace bpfmatrix
