// How far a program came in a cell, in one word: what a field of the matrix shows, and what runs
// are compared by.
#pragma once

#include "base/words.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// How far a program came on a kernel.
enum class Sign {
  attached,
  wrong_reads,
  not_fired,
  loaded,
  not_attached,
  loaded_skipped,
  attach_failed,
  failed,
  not_reached,
  not_tried,
  panicked,
  unknown,
};
inline constexpr Word<Sign> kSignWords[] = {
    {Sign::attached, "attached",
     "loaded, attached where its section says, and fired, if that is known"},
    {Sign::wrong_reads, "wrong_reads", "loaded, attached, run, and read values that are wrong"},
    {Sign::not_fired, "not_fired", "loaded and attached, and not run by anything the trigger did"},
    {Sign::loaded, "loaded", "loaded; its section does not say where to attach"},
    {Sign::not_attached, "not_attached",
     "loaded; its section says where to attach, and its application did not"},
    {Sign::loaded_skipped, "loaded_skipped",
     "loaded with relocations left as compiled: not known to be right"},
    {Sign::attach_failed, "attach_failed", "loaded, attach failed"},
    {Sign::failed, "failed", "failed at open, map, relocate or load"},
    {Sign::not_reached, "not_reached", "the object failed before this program's turn came"},
    {Sign::not_tried, "not_tried",
     "its application, or its project, does without it on this kernel"},
    {Sign::panicked, "panicked", "the kernel did"},
    {Sign::unknown, "unknown", "hung, lost or unavailable: could not tell"},
};
constexpr const auto& words_of(Sign) { return kSignWords; }

/// `program` is nullptr for an object that never came to programs.
Sign sign_of(const Outcome& outcome, const ProgramOutcome* program);

}  // namespace bpfmatrix
