// Every failure of 40 programs by 13 kernels has its right cause. The expectations were written
// down by reading the programs, not by running this.
#include "analysis/testing/kernel_logs.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/verifier_stats.h"

namespace bpfmatrix {
namespace {

struct ExpectedCause {
  std::string_view program;
  Cause cause;
  /// On the kernels that say something else.
  Cause before = Cause::unknown;
  std::vector<std::string_view> kernels_before{};
};

const std::vector<std::string_view> kWithoutBtf{"4.18.0", "5.1.15"};

// 4.18 and 5.1 know no loops at all, and have no BTF that CO-RE, fentry or kfuncs could use.
const ExpectedCause kExpected[] = {
    {"alu_on_pointer", Cause::pointer_arithmetic},
    {"bounded_loop", Cause::back_edge},
    {"bpf_loop_helper", Cause::callback_unsupported},
    {"context_out_of_bounds", Cause::invalid_context_access},
    {"core_enum_and_size", Cause::no_kernel_btf},
    {"core_field_guarded", Cause::no_kernel_btf},
    {"core_field_missing", Cause::core_poison_reached, Cause::no_kernel_btf, kWithoutBtf},
    {"core_flavour", Cause::no_kernel_btf},
    {"core_offset", Cause::no_kernel_btf},
    {"core_type_missing", Cause::core_poison_reached, Cause::no_kernel_btf, kWithoutBtf},
    {"fentry", Cause::return_value, Cause::no_kernel_btf, kWithoutBtf},
    {"fentry_missing", Cause::attach_target_missing, Cause::no_kernel_btf, kWithoutBtf},
    {"global_data", Cause::global_data_unsupported},
    {"helper_not_allowed", Cause::helper_not_allowed},
    {"helper_unknown", Cause::helper_unknown},
    {"kfunc_unknown", Cause::kfunc_unknown, Cause::no_kernel_btf, kWithoutBtf},
    {"license_not_gpl", Cause::license},
    {"lsm", Cause::no_kernel_btf},
    {"map_index_unchecked", Cause::out_of_bounds},
    {"map_out_of_bounds", Cause::out_of_bounds},
    {"map_type_unknown", Cause::map_type_unknown},
    {"no_exit", Cause::no_exit},
    {"null_dereference", Cause::null_dereference},
    {"packet_unchecked", Cause::out_of_bounds},
    {"program_too_long", Cause::program_too_long},
    {"ringbuf_map", Cause::map_type_unknown},
    {"scalar_dereference", Cause::scalar_dereference},
    {"spin_lock", Cause::helper_unknown},
    {"spin_lock_held", Cause::lock_misuse, Cause::helper_unknown, {"4.18.0"}},
    {"stack_too_deep", Cause::stack_too_deep, Cause::back_edge, kWithoutBtf},
    {"too_complex", Cause::too_many_branches, Cause::back_edge, kWithoutBtf},
    {"unbounded_loop", Cause::unbounded_loop, Cause::back_edge, kWithoutBtf},
    {"uninitialised_register", Cause::uninitialised_read},
    {"uninitialised_stack", Cause::uninitialised_read},
    {"unreachable", Cause::unreachable_code},
};

Cause expected_cause(const KernelLog& log) {
  const auto* found =
      std::find_if(std::begin(kExpected), std::end(kExpected),
                   [&](const ExpectedCause& one) { return one.program == log.program; });
  if (found == std::end(kExpected)) return Cause::unknown;
  const bool before =
      std::any_of(found->kernels_before.begin(), found->kernels_before.end(),
                  [&](std::string_view kernel) { return log.kernel.starts_with(kernel); });
  return before ? found->before : found->cause;
}

std::string name(const KernelLog& log) { return log.program + " on " + log.kernel; }

TEST(KernelLogs, every_refusal_has_its_right_cause) {
  int refused = 0;
  for (const KernelLog& log : kernel_logs()) {
    if (log.accepted) continue;
    ++refused;
    EXPECT_EQ(to_string(classify(failure_of(log)).cause), to_string(expected_cause(log)))
        << name(log);
  }
  EXPECT_EQ(refused, 345);
}

TEST(KernelLogs, no_refusal_is_judged_without_its_errno) {
  for (const KernelLog& log : kernel_logs()) {
    if (log.accepted || log.stage != Stage::load || log.log.empty()) continue;
    Failure failure = failure_of(log);
    failure.errno_name = "EIO";
    EXPECT_EQ(to_string(classify(failure).cause), "unknown") << name(log);
  }
}

TEST(KernelLogs, no_accepted_program_has_a_reason) {
  for (const KernelLog& log : kernel_logs()) {
    if (log.accepted) {
      EXPECT_EQ(read_log_end(log.log).reason, "") << name(log);
    }
  }
}

TEST(KernelLogs, every_accepted_program_has_statistics) {
  for (const KernelLog& log : kernel_logs()) {
    if (!log.accepted) continue;
    const VerifierLogStats stats = parse_verifier_stats(log.log);
    EXPECT_GT(stats.insns.value_or(0), 0U) << name(log);
    EXPECT_TRUE(stats.stack_bytes.has_value()) << name(log);
    const bool old = log.kernel.starts_with("4.18") || log.kernel.starts_with("5.1.");
    EXPECT_EQ(stats.states_total.has_value(), !old) << name(log);
    EXPECT_EQ(stats.verification_usec.has_value(), !old) << name(log);
  }
}

}  // namespace
}  // namespace bpfmatrix
