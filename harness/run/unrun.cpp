#include "run/unrun.h"

#include <fmt/format.h>

namespace bpfmatrix {

namespace {

/// The one way to lock a kernel down (security/lockdown/, v5.4).
constexpr std::string_view kLockdownOption = "SECURITY_LOCKDOWN_LSM";

/// Empty: nothing is missing.
std::string what_is_missing(const Cell& cell, const Result<Kernel>& kernel,
                            const Result<ObjectFile>& object) {
  if (!kernel) return kernel.error().message;
  if (hands_over(cell.btf) && btf_to_embed(*kernel) == nullptr) {
    return fmt::format("kernel '{}' has no BTF to embed", kernel->id);
  }
  return object ? "" : object.error().message;
}

Transcript unrun(Result<TranscriptInputs> inputs, const Cell& cell, std::string why) {
  Transcript transcript;
  transcript.unavailable = inputs ? std::move(why) : inputs.error().message;
  if (inputs) {
    transcript.inputs = *std::move(inputs);
  } else {
    transcript.inputs.cell = cell.id();
  }
  return transcript;
}

}  // namespace

std::optional<Transcript> transcript_without_parts(const Cell& cell, const CaseSpec& spec,
                                                   const Result<Kernel>& kernel,
                                                   const Result<ObjectFile>& object) {
  const bool is_none = kernel && object && object->problem;
  std::string missing = what_is_missing(cell, kernel, object);
  if (!is_none && missing.empty()) return std::nullopt;
  Transcript transcript =
      unrun(inputs_of(cell, spec, kernel ? &*kernel : nullptr, object ? &*object : nullptr), cell,
            std::move(missing));
  if (is_none) {
    transcript.unavailable.clear();
    transcript.object_problem = object->problem->message;
  }
  return transcript;
}

std::optional<Transcript> transcript_without_lockdown(const CellInput& in,
                                                      KernelFactsKeeper& facts) {
  if (in.spec->privileges.lockdown.empty()) return std::nullopt;
  const KernelFactsKeeper::Known* known = facts.recall(*in.kernel);
  if (known == nullptr || known->facts.configured(kLockdownOption) != Ternary::no) {
    return std::nullopt;
  }
  return unrun(
      inputs_of(*in.cell, *in.spec, in.kernel, in.object), *in.cell,
      fmt::format("the kernel cannot be locked down: it has no CONFIG_{}", kLockdownOption));
}

}  // namespace bpfmatrix
