// What an outcome shows, in words: a few for a table, a sentence for a person.
#pragma once

#include <string>

#include "analysis/causes/classify.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

struct Finding {
  /// For a field of a table: "helper unknown"; empty when nothing went wrong.
  std::string words{};
  /// "helper unknown: 'unknown#999', at instruction 2 (prog.bpf.c:7)"; empty when nothing went
  /// wrong.
  std::string sentence{};
};

/// What stopped `program`; with nullptr, what stopped the object before any program was known.
/// `kernel` is what is known of it; nullptr: nothing.
Finding find_cause(const Outcome& outcome, const ProgramOutcome* program,
                   const KernelFacts* kernel = nullptr);

}  // namespace bpfmatrix
