#include "run/unrun_outcome.h"

#include <fmt/format.h>

namespace bpfmatrix {

namespace {

/// The one way to lock a kernel down (5.4).
constexpr std::string_view kLockdownOption = "SECURITY_LOCKDOWN_LSM";

/// Empty: nothing is missing.
std::string what_is_missing(const Cell& cell, const Result<Kernel>& kernel,
                            const Result<ObjectFile>& object) {
  if (!kernel) return kernel.error().message;
  if (cell.btf == BtfSource::embedded && btf_to_embed(*kernel) == nullptr) {
    return fmt::format("kernel '{}' has no BTF that could be embedded", kernel->id);
  }
  return object ? "" : object.error().message;
}

}  // namespace

std::optional<Outcome> outcome_without_parts(const Cell& cell, const CaseSpec& spec,
                                             const Result<Kernel>& kernel,
                                             const Result<ObjectFile>& object) {
  Outcome outcome =
      outcome_before_run(cell, spec, kernel ? &*kernel : nullptr, object ? &*object : nullptr);
  if (kernel && object && object->problem) {
    outcome.end = End::completed;
    outcome.open = {StageResult::failed, "", object->problem->message};
    return outcome;
  }
  outcome.end = End::unavailable;
  outcome.end_reason = what_is_missing(cell, kernel, object);
  if (outcome.end_reason.empty()) return std::nullopt;
  return outcome;
}

std::optional<Outcome> outcome_without_lockdown(const CellInput& in, KernelFactsKeeper& facts) {
  if (in.spec->privileges.lockdown.empty()) return std::nullopt;
  const KernelFactsKeeper::Known* known = facts.recall(*in.kernel);
  if (known == nullptr || known->facts.configured(kLockdownOption) != Ternary::no) {
    return std::nullopt;
  }
  Outcome outcome = outcome_before_run(*in.cell, *in.spec, in.kernel, in.object);
  outcome.kernel.facts = known->sha256;
  outcome.end = End::unavailable;
  outcome.end_reason =
      fmt::format("the kernel cannot be locked down: it has no CONFIG_{}", kLockdownOption);
  return outcome;
}

}  // namespace bpfmatrix
