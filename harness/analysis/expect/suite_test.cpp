// What the cases of cases/ expect is written in words that exist.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "analysis/expect/case_check.h"
#include "analysis/testing/kernel_logs.h"
#include "base/ids.h"
#include "matrix/case_spec.h"

namespace bpfmatrix {
namespace {

std::vector<CaseSpec> cases_of_suite() {
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

TEST(Suite, nothing_is_wrong_with_what_is_expected) {
  EXPECT_GE(cases_of_suite().size(), 45U);
  const Result<Features> features =
      load_features(std::filesystem::path(BPFMATRIX_SOURCE_DIR) / "kernels/features.json");
  ASSERT_TRUE(features) << features.error().message;
  for (const CaseSpec& spec : cases_of_suite()) {
    for (const CaseProblem& one : check_case(spec, *features, {})) {
      const std::string rule = one.rule ? fmt::format("expect[{}]: ", *one.rule) : "";
      ADD_FAILURE() << spec.id << ": " << rule << one.problem;
    }
  }
}

TEST(Suite, a_refusal_is_expected_for_a_cause) {
  for (const CaseSpec& spec : cases_of_suite()) {
    for (const ExpectationRule& rule : spec.expect) {
      for (const char* field : {"load", "attach"}) {
        const auto words = rule.allowed.find(field);
        const bool failed =
            words != rule.allowed.end() && words->second == std::vector<std::string>{"failed"};
        EXPECT_TRUE(!failed || rule.allowed.contains("cause")) << spec.id << ": " << field;
      }
    }
  }
}

/// A program of testdata/kernels that does the same as a program of a case.
struct SameProgram {
  std::string_view log;
  std::string_view case_id;
  std::string_view program = "on_getpid";
};
constexpr SameProgram kSame[] = {
    {"alu_on_pointer", "pointer-arithmetic"},
    {"bounded_loop", "loop-bounded"},
    {"bpf_loop_helper", "loop-helper"},
    {"bpf_to_bpf_call", "bpf-to-bpf-call"},
    {"context_out_of_bounds", "context-out-of-bounds"},
    {"core_enum_and_size", "core-enum-value"},
    {"core_field_guarded", "core-field-guarded"},
    {"core_field_missing", "core-field-missing"},
    {"core_flavour", "core-flavour-state"},
    {"core_offset", "core-task-tgid"},
    {"core_type_missing", "core-type-missing"},
    {"fentry", "return-value", "fentry"},
    {"fentry_missing", "fentry-missing"},
    {"global_data", "global-data"},
    {"global_function", "global-function"},
    {"helper_not_allowed", "helper-aging"},
    {"helper_unknown", "helper-unknown"},
    {"kfunc_unknown", "kfunc-unknown"},
    {"license_not_gpl", "license-proprietary"},
    {"lsm", "lsm-socket-connect"},
    {"map_index_unchecked", "map-out-of-bounds"},
    {"map_out_of_bounds", "map-out-of-bounds"},
    {"map_type_unknown", "map-type-unknown"},
    {"no_exit", "unreachable-code", "no_exit"},
    {"null_dereference", "null-dereference", "of_array"},
    {"packet_checked", "xdp-packet-checked"},
    {"packet_unchecked", "packet-unchecked"},
    {"probe_read_kernel", "probe-read-kernel"},
    {"program_too_long", "program-too-long"},
    {"ringbuf_map", "ringbuf"},
    {"scalar_dereference", "pointer-unchecked"},
    {"spin_lock", "spin-lock"},
    {"spin_lock_held", "spin-lock-held"},
    {"stack_too_deep", "stack-too-deep"},
    {"tail_call", "tail-call"},
    {"too_complex", "too-complex"},
    {"unbounded_loop", "loop-unbounded"},
    {"uninitialised_register", "uninitialised-register"},
    {"uninitialised_stack", "uninitialised-stack"},
    {"unreachable", "unreachable-code", "unreachable"},
};

/// "5.8.18-aarch64", vanilla or Debian's: nothing was backported into it.
ConditionFacts facts_of(const KernelLog& log) {
  const std::size_t dash = log.kernel.find('-');
  const auto version = parse_kernel_version(log.kernel.substr(0, dash));
  const auto arch = parse_arch(log.kernel.substr(dash + 1));
  const bool btf = *version >= KernelVersion{5, 2, 0};
  ConditionFacts known = facts(*version, *arch, btf ? BtfSource::kernel : BtfSource::none);
  known.has = [](const std::string&) { return Ternary::no; };
  return known;
}

const ExpectationRule* deciding_rule(const CaseSpec& spec, std::string_view program,
                                     const ConditionFacts& known) {
  for (const ExpectationRule& rule : spec.expect) {
    if (glob_match(rule.program, program) && rule.when.holds(known) == Ternary::yes) return &rule;
  }
  return nullptr;
}

bool allows(const ExpectationRule& rule, const char* field, std::string_view word) {
  const auto words = rule.allowed.find(field);
  if (words == rule.allowed.end()) return true;
  return std::find(words->second.begin(), words->second.end(), word) != words->second.end();
}

// 40 programs on 13 kernels between 4.18.0 and 7.2, most of which the suite has never been run on.
TEST(Suite, its_rules_foretell_what_real_kernels_said_of_the_same_programs) {
  const std::vector<CaseSpec> cases = cases_of_suite();
  std::size_t compared = 0;
  for (const KernelLog& log : kernel_logs()) {
    const auto* same = std::find_if(std::begin(kSame), std::end(kSame),
                                    [&](const SameProgram& one) { return one.log == log.program; });
    ASSERT_NE(same, std::end(kSame)) << log.program;
    const auto spec = std::find_if(cases.begin(), cases.end(),
                                   [&](const CaseSpec& one) { return one.id == same->case_id; });
    ASSERT_NE(spec, cases.end()) << same->case_id;
    const ExpectationRule* rule = deciding_rule(*spec, same->program, facts_of(log));
    const std::string what = fmt::format("{} on {}", spec->id, log.kernel);
    ASSERT_NE(rule, nullptr) << what;
    ++compared;
    EXPECT_EQ(allows(*rule, "load", "ok"), log.accepted) << what;
    if (log.accepted) continue;
    EXPECT_TRUE(allows(*rule, "cause", to_string(classify(failure_of(log)).cause))) << what;
  }
  EXPECT_EQ(compared, 520U);
}

}  // namespace
}  // namespace bpfmatrix
