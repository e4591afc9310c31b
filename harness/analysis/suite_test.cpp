// What the cases of cases/ expect is written in words that exist.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "analysis/judge.h"
#include "matrix/case_spec.h"

namespace bpfmatrix {
namespace {

std::vector<CaseSpec> suite() {
  Result<std::vector<CaseSpec>> cases =
      read_suite(std::filesystem::path(BPFMATRIX_SOURCE_DIR) / "cases");
  EXPECT_TRUE(cases) << cases.error().message;
  return cases ? *std::move(cases) : std::vector<CaseSpec>{};
}

/// The cell of a case that nothing is known of but where it runs.
ConditionFacts facts(KernelVersion kernel, Arch arch, BtfSource btf) {
  return {.kernel = kernel,
          .arch = std::string(to_string(arch)),
          .btf = std::string(to_string(btf)),
          .loader = "libbpf"};
}

TEST(Suite, every_case_says_what_is_expected) {
  EXPECT_GE(suite().size(), 45U);
  for (const CaseSpec& spec : suite()) {
    EXPECT_FALSE(spec.expect.empty()) << spec.id;
    const Result<> checked = check_rules(spec.expect);
    EXPECT_TRUE(checked) << spec.id << ": " << checked.error().message;
  }
}

TEST(Suite, a_refusal_is_expected_for_a_cause) {
  for (const CaseSpec& spec : suite()) {
    for (const ExpectationRule& rule : spec.expect) {
      for (const char* field : {"load", "attach"}) {
        const auto words = rule.allowed.find(field);
        const bool refused =
            words != rule.allowed.end() && words->second == std::vector<std::string>{"refused"};
        EXPECT_TRUE(!refused || rule.allowed.contains("cause")) << spec.id << ": " << field;
      }
    }
  }
}

// Vanilla 4.18 to 7.2: for a program that any of its rules names, one of them decides, unless it
// hangs on something that has to be measured.
TEST(Suite, no_program_that_is_named_is_left_without_a_rule) {
  const KernelVersion kernels[] = {{4, 18, 0}, {5, 1, 15}, {5, 4, 0},  {5, 8, 18}, {5, 10, 0},
                                   {5, 14, 0}, {6, 1, 0},  {6, 12, 0}, {7, 2, 12}};
  for (const CaseSpec& spec : suite()) {
    for (const ExpectationRule& named : spec.expect) {
      for (const KernelVersion& kernel : kernels) {
        for (const Arch arch : spec.archs) {
          for (const BtfSource btf : kBtfSources) {
            Truth any = Truth::no;
            for (const ExpectationRule& rule : spec.expect) {
              const bool meant = rule.program == "*" || rule.program == named.program;
              if (meant) any = any || rule.when.holds(facts(kernel, arch, btf));
            }
            EXPECT_NE(any, Truth::no)
                << fmt::format("{}: program '{}' on {} {}, BTF {}", spec.id, named.program,
                               to_string(kernel), to_string(arch), to_string(btf));
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace bpfmatrix
