// From a failure to its cause. In this order: the stage and errno, the verifier's reason
// line, the loader's words; by whole lines and never by the kernel's version. What is not certain
// is `unknown`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/causes/cause.h"
#include "outcome/kernel_facts.h"
#include "outcome/verifier_log.h"

namespace bpfmatrix {

enum class Stage { open, relocate, map, load, attach };

/// What was found out otherwise: by probes in the guest, or by looking into the object. Errnos that
/// have several meanings are distinguished by it; a fact that is not known decides nothing.
struct FailureFacts {
  /// The kernel knows this map's type (stage map) or this program's type (load).
  std::optional<bool> type_known{};
  /// Length of the program.
  std::optional<std::uint64_t> instructions{};
  /// The object has global variables; it hands functions to helpers as callbacks.
  std::optional<bool> global_data{};
  std::optional<bool> callbacks{};
  /// RLIMIT_MEMLOCK was finite; the kernel is locked down.
  std::optional<bool> memlock_limited{};
  std::optional<bool> locked_down{};
  /// The loader had every capability there is.
  std::optional<bool> all_capabilities{};
  /// The kernel knows every attribute that bpf(2) was given; it takes this attach type at load.
  std::optional<bool> attributes_known{};
  std::optional<bool> attach_type_known{};
};

struct Failure {
  Stage stage = Stage::load;
  /// "EACCES"; "ENOTSUPP" for 524.
  std::string_view errno_name{};
  /// What the loader said, any number of lines.
  std::string_view message{};
  /// The verifier's log or its end; empty if there is none.
  std::string_view log{};
  /// The map or program that failed; the subject if the failure names none.
  std::string_view name{};
  FailureFacts facts{};
  /// Where the object says the verifier stood.
  std::optional<SourceLine> source{};
};

struct Diagnosis {
  Cause cause = Cause::unknown;
  /// The helper, register, map, relocation... that it is about; may be empty.
  std::string subject{};
  std::optional<std::uint32_t> instruction{};
  std::optional<SourceLine> source{};
  /// What the kernel or the loader said, as few lines as make sense.
  std::vector<std::string> lines{};
};

/// Pure, and linear in the size of its input.
Diagnosis classify(const Failure& failure);

/// The failure that stopped this program: that of the object, of one of its maps, or its own.
/// Nothing if nothing failed. `kernel` is what is known of it; nullptr: nothing.
std::optional<Diagnosis> diagnose_program(const Outcome& outcome, const ProgramOutcome& program,
                                          const KernelFacts* kernel = nullptr);

}  // namespace bpfmatrix
