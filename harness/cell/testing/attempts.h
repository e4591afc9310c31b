// Attempts at a cell as tests need them: a loader that says what a real one would.
#pragma once

#include <string>
#include <vector>

#include "cell/transcript.h"

namespace bpfmatrix {

/// The lines of a libbpf that loads and attaches one kprobe on connect(), which fires once and
/// reads the right arguments.
std::vector<std::string> good_lines();
/// The same, of a program that the verifier rejects.
std::vector<std::string> rejected_lines();

/// An attempt in a clone that came to its end with these lines.
Attempt completed(std::vector<std::string> lines);
/// The machine was given up: with `console`, after the talk ended so.
Attempt given_up(SessionState session, std::string console);
/// What a clone says, of a machine that was booted.
Attempt booted(Attempt attempt);

/// Of a cell on debian-6.1-x86_64, with these attempts.
Transcript transcript_of(std::vector<Attempt> attempts);

}  // namespace bpfmatrix
