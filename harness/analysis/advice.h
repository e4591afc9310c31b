// From a cause to what can be done about it: "bpf_ringbuf_reserve came in 5.8 (457f44363a88);
// without it, use a perf event array (bpf_perf_event_output)".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "analysis/causes/classify.h"
#include "analysis/causes/features.h"
#include "base/kernel_version.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// Where a failure happened, as far as advice depends on it.
struct AdviceSubject {
  /// The type of the map or program that was refused, as loaders name it: "ringbuf", "sched_cls".
  std::string_view type{};
  /// What the kernel says it is.
  std::optional<KernelVersion> kernel{};
  /// The kernel has BTF, and the loader was to do without.
  bool btf_withheld = false;
};

/// One sentence without a full stop; empty where there is nothing to say.
std::string advice(const Diagnosis& diagnosis, const AdviceSubject& subject,
                   const Features& features);

/// About what stopped `program`; with nullptr, what stopped the object before any program was
/// known. Empty where nothing did.
std::string advice(const Outcome& outcome, const ProgramOutcome* program, const Features& features,
                   const KernelFacts* kernel = nullptr);

}  // namespace bpfmatrix
