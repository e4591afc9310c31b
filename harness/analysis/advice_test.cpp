#include "analysis/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

namespace bpfmatrix {
namespace {

const Features& features() {
  static const Result<Features> kFeatures =
      load_features(std::filesystem::path(BPFMATRIX_SOURCE_DIR) / "kernels/features.json");
  return *kFeatures;
}

struct AdviceRow {
  Cause cause;
  const char* subject;
  const char* type;
  const char* sentence;
};
constexpr AdviceRow kRows[] = {
    {Cause::helper_unknown, "bpf_ringbuf_reserve#131", "",
     "bpf_ringbuf_reserve came in 5.8 (457f44363a88); without it, use a perf event array "
     "(bpf_perf_event_output)"},
    {Cause::helper_unknown, "unknown#208", "",
     "bpf_ktime_get_tai_ns came in 6.1 (c8996c98f703); without it, use bpf_ktime_get_ns and add "
     "the offset in user space"},
    {Cause::helper_unknown, "unknown#9999", "",
     "bpfmatrix knows no kernel that has the helper 'unknown#9999'"},
    {Cause::helper_unknown, "unknown#", "",
     "bpfmatrix knows no kernel that has the helper 'unknown#'"},
    {Cause::helper_not_allowed, "bpf_override_return", "xdp",
     "bpf_override_return came in 4.16 (9802d86585db), but is not for programs of the type 'xdp'"},
    {Cause::helper_not_allowed, "bpf_strange", "",
     "'bpf_strange' is not for programs of this type"},
    {Cause::kfunc_unknown, "bpf_task_acquire", "", "bpf_task_acquire came in 6.2 (3f00c5239344)"},
    {Cause::kfunc_unknown, "no_such_kfunc", "",
     "bpfmatrix knows no kernel that has the kfunc 'no_such_kfunc'"},
    {Cause::map_type_unknown, "seen", "bloom_filter",
     "BPF_MAP_TYPE_BLOOM_FILTER came in 5.16 (9330986c0300); without it, use a hash map"},
    {Cause::map_type_unknown, "strange", "unknown",
     "bpfmatrix knows no kernel that has the map type 'unknown'"},
    {Cause::program_type_unknown, "on_packet", "netfilter",
     "BPF_PROG_TYPE_NETFILTER came in 6.4 (84601d6ee68a); without it, use a tc or cgroup_skb "
     "program"},
    {Cause::back_edge, "", "",
     "bounded loops came in 5.3 (2589726d12a1); without it, unroll the loop (#pragma unroll)"},
    {Cause::memlock, "", "",
     "accounting of BPF memory by cgroup came in 5.11 (97306be45fbe); without it, raise "
     "RLIMIT_MEMLOCK before loading"},
    {Cause::null_dereference, "R0", "",
     "check the result of the lookup for NULL before it is used"},
    {Cause::unknown, "", "", ""},
};

TEST(Advice, one_sentence_for_each_cause) {
  for (const AdviceRow& row : kRows) {
    const Diagnosis diagnosis{.cause = row.cause, .subject = row.subject};
    EXPECT_EQ(advice(diagnosis, {.type = row.type}, features()), row.sentence);
  }
}

// A cause without advice is one where the failure itself says all.
TEST(Advice, every_cause_has_some_but_for_these) {
  const std::set<Cause> none{Cause::unknown};
  for (std::size_t i = 0; i < kCauseCount; ++i) {
    const auto cause = static_cast<Cause>(i);
    EXPECT_EQ(advice(Diagnosis{.cause = cause}, {}, features()).empty(), none.contains(cause))
        << to_string(cause);
  }
}

TEST(Advice, btf_that_was_withheld_is_not_missing) {
  const AdviceSubject subject{.kernel = KernelVersion{6, 1, 0}, .btf_withheld = true};
  EXPECT_THAT(advice(Diagnosis{.cause = Cause::no_kernel_btf}, subject, features()),
              ::testing::HasSubstr("which the BTF source withheld"));
}

TEST(Advice, a_kernel_that_should_have_it_may_be_configured_without) {
  EXPECT_EQ(advice(Diagnosis{.cause = Cause::program_type_unknown},
                   {.type = "netfilter", .kernel = KernelVersion{6, 12, 1}}, features()),
            "BPF_PROG_TYPE_NETFILTER came in 6.4 (84601d6ee68a), and this kernel is 6.12.1: its "
            "configuration may lack it; without it, use a tc or cgroup_skb program");
}

Outcome refused_helper() {
  Outcome outcome;
  outcome.kernel.release = "5.10.0-32-cloud-amd64";
  outcome.end = End::completed;
  outcome.open.result = StageResult::ok;
  ProgramOutcome program;
  program.name = "on_getpid";
  program.type = "tracepoint";
  program.load.stage = {StageResult::failed, "EINVAL", ""};
  program.load.log_tail = "11: (85) call unknown#208\ninvalid func unknown#208\n";
  outcome.programs = {program};
  return outcome;
}

TEST(Advice, is_read_off_an_outcome) {
  const Outcome outcome = refused_helper();
  EXPECT_EQ(advice(outcome, &outcome.programs[0], features()),
            "bpf_ktime_get_tai_ns came in 6.1 (c8996c98f703); without it, use bpf_ktime_get_ns "
            "and add the offset in user space");
  Outcome closed;
  closed.open = {StageResult::failed, "ENOENT", "BTF is required, but is missing or corrupted."};
  EXPECT_EQ(advice(closed, nullptr, features()), "compile with -g");
  EXPECT_EQ(advice(Outcome{}, nullptr, features()), "");
}

}  // namespace
}  // namespace bpfmatrix
