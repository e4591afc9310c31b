#include "matrix/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;

CaseSpec a_case(const std::string& group, const std::string& id) {
  CaseSpec spec;
  spec.group = group;
  spec.id = id;
  return spec;
}

std::vector<std::string> ids(const Plan& plan) {
  std::vector<std::string> ids;
  for (const Cell& cell : plan.cells) ids.push_back(cell.id());
  return ids;
}

const std::vector<PlanKernel> kKernels{{"new-x86_64", Arch::x86_64},
                                       {"new-aarch64", Arch::aarch64}};

TEST(Plan, is_kernel_by_case_by_btf_by_loader) {
  CaseSpec both = a_case("g", "both");
  both.btf = {BtfSource::kernel, BtfSource::none};
  CaseSpec one = a_case("g", "x86-only");
  one.archs = {Arch::x86_64};
  const auto plan = make_plan({.kernels = {"*"}}, kKernels, {both, one});
  ASSERT_TRUE(plan);
  EXPECT_THAT(ids(*plan),
              ElementsAre("new-x86_64/both/kernel/libbpf", "new-x86_64/both/none/libbpf",
                          "new-x86_64/x86-only/kernel/libbpf", "new-aarch64/both/kernel/libbpf",
                          "new-aarch64/both/none/libbpf"));
}

TEST(Plan, the_matrix_overrides_what_a_case_says) {
  const auto plan =
      make_plan({.kernels = {"new-x86_64"}, .btf = {{BtfSource::none}}, .loaders = {{"aya"}}},
                kKernels, {a_case("g", "c")});
  EXPECT_THAT(ids(*plan), ElementsAre("new-x86_64/c/none/aya"));
}

TEST(Plan, cases_are_chosen_by_id_or_by_group) {
  const std::vector<CaseSpec> suite{a_case("maps", "ringbuf"), a_case("verifier", "loop")};
  const auto group = make_plan({.kernels = {"new-x86_64"}, .cases = {"maps/*"}}, kKernels, suite);
  EXPECT_THAT(ids(*group), ElementsAre("new-x86_64/ringbuf/kernel/libbpf"));
  const auto id = make_plan({.kernels = {"new-x86_64"}, .cases = {"lo?p"}}, kKernels, suite);
  EXPECT_THAT(ids(*id), ElementsAre("new-x86_64/loop/kernel/libbpf"));
}

TEST(Plan, a_pattern_that_matches_nothing_is_answered_with_the_nearest_name) {
  const auto kernel = make_plan({.kernels = {"old"}}, kKernels, {a_case("g", "c")});
  EXPECT_EQ(kernel.error().message, "unknown kernel 'old'");
  EXPECT_EQ(kernel.error().hint, "known: new-x86_64, new-aarch64; see 'bpfmatrix kernels list'");
  const auto near = make_plan({.kernels = {"nwe-x86*"}}, kKernels, {a_case("g", "c")});
  EXPECT_EQ(near.error().hint, "did you mean 'new-x86_64'?");
  const auto name = make_plan({.kernels = {"*"}, .cases = {"x"}}, kKernels, {a_case("g", "c")});
  EXPECT_EQ(name.error().message, "unknown case 'x'");
}

TEST(Plan, a_case_named_twice_is_planned_once) {
  const auto plan = make_plan({.kernels = {"new-x86_64", "new-*6*"}, .cases = {"c", "*"}}, kKernels,
                              {a_case("g", "c")});
  EXPECT_EQ(plan->cells.size(), 2U);
}

}  // namespace
}  // namespace bpfmatrix
