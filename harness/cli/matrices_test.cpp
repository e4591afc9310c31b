// The matrices that come along (ci/matrices), and how their plans are cut for several machines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "cli/command_test_support.h"
#include "cli/exit_code.h"
#include "kernels/catalog.h"
#include "matrix/case_spec.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using ::testing::Not;

const fs::path kTree = BPFMATRIX_SOURCE_DIR;

/// The cells that `run` would do.
std::vector<std::string> plan_of(const std::string& matrix, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"run", (kTree / "ci/matrices" / matrix).string(), "--dry-run"});
  const Said said = bpfmatrix_says(more);
  EXPECT_EQ(said.exit_code, as_expected) << matrix << ": " << said.err;
  std::vector<std::string> cells;
  std::istringstream lines(said.out);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("#")) cells.push_back(line);
  }
  return cells;
}

TEST(Matrices, each_is_one_that_run_takes) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(kTree / "ci/matrices")) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".schema.json")) continue;
    names.insert(name);
    EXPECT_THAT(plan_of(name), Not(IsEmpty())) << name;
  }
  EXPECT_EQ(names, (std::set<std::string>{"default.json", "full.json", "smoke.json"}));
}

TEST(Matrices, smoke_is_small_and_in_the_default_one) {
  const std::vector<std::string> smoke = plan_of("smoke.json");
  EXPECT_LE(smoke.size(), 40U) << "a cell takes a third of a second, a kernel some";
  EXPECT_THAT(smoke, IsSubsetOf(plan_of("default.json")));
}

TEST(Matrices, full_has_each_case_on_each_kernel_with_each_btf_source) {
  const auto catalog = load_catalog(kTree / "kernels/catalog.json");
  const auto suite = read_suite(kTree / "cases");
  ASSERT_TRUE(catalog && suite);
  std::set<std::string> kernels;
  std::set<std::string> cases;
  std::set<std::string> sources;
  for (const std::string& cell : plan_of("full.json")) {
    std::istringstream in(cell);
    std::string kernel;
    std::string name;
    std::string source;
    std::getline(std::getline(std::getline(in, kernel, '/'), name, '/'), source, '/');
    kernels.insert(kernel);
    cases.insert(name);
    sources.insert(source);
  }
  EXPECT_EQ(kernels.size(), catalog->entries.size());
  EXPECT_EQ(cases.size(), suite->size());
  EXPECT_EQ(sources, (std::set<std::string>{"embedded", "kernel", "none"}));
}

TEST(Matrices, the_parts_of_a_plan_are_the_plan) {
  std::vector<std::string> together;
  for (const char* part : {"1/3", "2/3", "3/3"}) {
    const std::vector<std::string> cells = plan_of("default.json", {"--shard", part});
    EXPECT_THAT(cells, Not(IsEmpty()));
    together.insert(together.end(), cells.begin(), cells.end());
  }
  EXPECT_EQ(together, plan_of("default.json"));
}

TEST(Matrices, costs_are_of_parts) {
  const Said said = bpfmatrix_says({"run", "--dry-run", "--costs", "/x"});
  EXPECT_EQ(said.exit_code, wrong_command);
  const Said missing = bpfmatrix_says({"run", "--dry-run", "--shard", "1/2", "--costs", "/x/y"});
  EXPECT_EQ(missing.exit_code, wrong_command);
  EXPECT_THAT(missing.err, ::testing::HasSubstr("'/x/y': No such file or directory"));
}

}  // namespace
}  // namespace bpfmatrix
