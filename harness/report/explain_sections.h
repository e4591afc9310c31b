// The parts of an explanation, in the order in which explain.cpp tells them. Each is a function of
// the outcome alone, gives whole lines, and is empty where there is nothing to say. A part that
// grows gets a file of its own.
#pragma once

#include <string>

#include "analysis/causes/features.h"
#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// What every part may look at.
struct Telling {
  const Outcome& outcome;
  const Features& features;
  /// Only named in the text: where logs lie.
  const std::string& run_dir;
  /// The command that runs this cell once more.
  const std::string& again;
  /// What is known of the kernel; nullptr: nothing.
  const KernelFacts* kernel = nullptr;
};

// Of the cell.
std::string explain_summary(const Telling& told);    ///< the story in a sentence
std::string explain_asked(const Telling& told);      ///< kernel, object, loader, BTF source
std::string explain_kernel(const Telling& told);     ///< where it is not as its version says
std::string explain_loader(const Telling& told);     ///< how a loader that is a command ended
std::string explain_machine(const Telling& told);    ///< how the VM did, and its last words
std::string explain_object(const Telling& told);     ///< open, maps, and what stopped all programs
std::string explain_relocated(const Telling& told);  ///< CO-RE over the whole object
std::string explain_trigger(const Telling& told);    ///< what was done while programs were attached
std::string explain_observed(const Telling& told);   ///< what they saw, and what would be right
std::string explain_again(const Telling& told);      ///< how to run this cell once more

// Of one program.
std::string explain_relocations(const Telling& told, const ProgramOutcome& program);
std::string explain_load(const Telling& told, const ProgramOutcome& program);
std::string explain_cause(const Telling& told, const ProgramOutcome& program);
std::string explain_attach(const Telling& told, const ProgramOutcome& program);
std::string explain_run(const Telling& told, const ProgramOutcome& program);

}  // namespace bpfmatrix
