// Which helpers a program of each type may call, in the verifier's own words.
#include <algorithm>
#include <iterator>
#include <vector>

#include "guest/probe/questions.h"
#include "guest/probe/report.h"

namespace bpfmatrix::guest {

namespace {

/// More than any kernel has had.
constexpr std::uint32_t kMaxHelpers = 1024;

/// To offer these to a program is a deed: the kernel allocates buffers and switches an event on, or
/// warns of the program on its console.
constexpr std::uint32_t kNotAsked[] = {BPF_FUNC_trace_printk, BPF_FUNC_probe_write_user,
                                       BPF_FUNC_trace_vprintk};

bool not_asked(std::uint32_t id) {
  return std::find(std::begin(kNotAsked), std::end(kNotAsked), id) != std::end(kNotAsked);
}

enum class HelperAnswer { allowed, not_for_type, no_such_number, unknown };

HelperAnswer ask_helper(const ProgramSpec& spec, std::uint32_t id) {
  const Insn program[] = {
      {.code = BPF_JMP | BPF_CALL, .imm = static_cast<std::int32_t>(id)},
      {.code = BPF_JMP | BPF_EXIT},
  };
  const Attempt attempt = load_program(spec, program);
  if (!attempt.spoke()) return HelperAnswer::unknown;
  if (attempt.says("invalid func ")) return HelperAnswer::no_such_number;
  // The second wording is that of 6.10 (e1a7545981e2).
  if (attempt.says("unknown func ") || attempt.says("program of this type cannot use helper")) {
    return HelperAnswer::not_for_type;
  }
  // Allowed for some programs of this type, and this one is none of them.
  if (attempt.says("helper call is not allowed in probe")) return HelperAnswer::unknown;
  // Refused before the call was looked at.
  const bool reached = attempt.accepted() || attempt.says("0: (85) call");
  return reached ? HelperAnswer::allowed : HelperAnswer::unknown;
}

/// Numbers are given out without gaps: the first that is none ends them.
std::uint32_t count_helpers(const ProgramSpec& spec) {
  std::uint32_t known = 0;
  std::uint32_t unknown = kMaxHelpers;
  while (unknown - known > 1) {
    const std::uint32_t middle = (known + unknown) / 2;
    switch (ask_helper(spec, middle)) {
      case HelperAnswer::allowed:
      case HelperAnswer::not_for_type:
        known = middle;
        break;
      case HelperAnswer::no_such_number:
        unknown = middle;
        break;
      case HelperAnswer::unknown:
        return 0;
    }
  }
  return known;
}

ProgramSpec spec_of(const KnownProgramType& known, const ProbeTargets& targets) {
  ProgramSpec spec{known.type, known.expected_attach, 0, known.flags};
  if (known.type == BPF_PROG_TYPE_TRACING) spec.attach_btf_id = targets.function.value_or(0);
  if (known.type == BPF_PROG_TYPE_LSM) spec.attach_btf_id = targets.lsm_hook.value_or(0);
  return spec;
}

/// Asked for every helper. The others are asked only for what none of these may call: a program
/// load takes half a millisecond or more under emulation, and there are thousands to try.
constexpr std::uint32_t kAskedForAll[] = {
    BPF_PROG_TYPE_SOCKET_FILTER, BPF_PROG_TYPE_KPROBE,     BPF_PROG_TYPE_TRACEPOINT,
    BPF_PROG_TYPE_TRACING,       BPF_PROG_TYPE_LSM,        BPF_PROG_TYPE_XDP,
    BPF_PROG_TYPE_SCHED_CLS,     BPF_PROG_TYPE_CGROUP_SKB, BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
};

bool asked_for_all(const KnownProgramType& known) {
  return std::find(std::begin(kAskedForAll), std::end(kAskedForAll), known.type) !=
         std::end(kAskedForAll);
}

class HelperQuestions {
 public:
  HelperQuestions(const ProbeTargets& targets, std::uint32_t count)
      : targets_(targets), callable_(count + 1, false) {}

  void ask(const KnownProgramType& known) {
    const ProgramSpec spec = spec_of(known, targets_);
    // One that every type allows where a program of it gets this far.
    if (ask_helper(spec, BPF_FUNC_map_lookup_elem) != HelperAnswer::allowed) return;
    std::vector<std::uint32_t> allowed;
    std::vector<std::uint32_t> unknown;
    for (std::uint32_t id = 1; id < callable_.size(); ++id) {
      const bool wanted = !not_asked(id) && (asked_for_all(known) || !callable_[id]);
      const HelperAnswer answer = wanted ? ask_helper(spec, id) : HelperAnswer::unknown;
      if (answer == HelperAnswer::allowed) allowed.push_back(id);
      if (answer == HelperAnswer::unknown) unknown.push_back(id);
    }
    for (const std::uint32_t id : allowed) callable_[id] = true;
    report_helpers(known.name, allowed, unknown);
  }

 private:
  const ProbeTargets& targets_;
  /// By some type that was asked before.
  std::vector<bool> callable_;
};

}  // namespace

void probe_helpers(const ProbeTargets& targets) {
  const std::uint32_t count = count_helpers({.type = BPF_PROG_TYPE_SOCKET_FILTER});
  if (count == 0) return;
  report_helper_count(count);
  HelperQuestions questions(targets, count);
  for (const bool all : {true, false}) {
    for (const KnownProgramType& known : known_program_types()) {
      if (asked_for_all(known) == all) questions.ask(known);
    }
  }
}

}  // namespace bpfmatrix::guest
