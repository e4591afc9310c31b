// What came of a program while it was attached, in the words a rule may expect. Nothing where it
// is not known.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outcome/outcome.h"

namespace bpfmatrix {

/// "yes", "no" or "not_reached": by the program's own count, else by the kernel's.
std::optional<std::string> fired_word(const Outcome& outcome, const ProgramOutcome& program);

/// The object has no programs, and its maps were to be made: that is all there is to it.
bool has_maps_alone(const Outcome& outcome);

/// An application loaded it and did not attach it, although its section names the place.
bool left_unattached(const Outcome& outcome, const ProgramOutcome& program);

/// What the kernel complained of in the cell, by name (Splat::name), sorted; at most 16, and of a
/// name what a line of text has room for. Stalls of an emulated machine are left out: they may be
/// the host's. Absent: nobody listened.
std::optional<std::vector<std::string>> complaints_of(const Outcome& outcome);

/// An application that came up did not try to load it: it chose to. Or its project leaves it out.
bool left_untried(const Outcome& outcome, const ProgramOutcome& program);

/// An application that was tried for its own sake failed with it and came up all the same, with
/// others of its programs loaded and attached: a fallback.
bool did_without(const Outcome& outcome, const ProgramOutcome& program);

std::optional<std::string> arguments_word(const Outcome& outcome, const ProgramOutcome& program);

/// "wrong" if any value is, else "absent" if any is, else "right". With `name`: of that value.
std::optional<std::string> observed_word(const Outcome& outcome, const ProgramOutcome& program,
                                         std::string_view name = {});

/// The names of what this program, attached and triggered, read wrong. A value that bears a
/// program's name ("fd__NAME") is that program's; all others are of all programs of the object.
std::vector<std::string> wrong_reads(const Outcome& outcome, const ProgramOutcome& program);

}  // namespace bpfmatrix
