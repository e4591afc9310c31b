// What the kernel's own lists say to a loader's record. The agent takes them, a loader has no hand
// in them; a record that they contradict is worth nothing.
#pragma once

#include <string>

#include "cell/loader_record.h"
#include "cell/transcript.h"

namespace bpfmatrix {

/// What the loader said and the kernel does not bear out, one line; empty: nothing that the lists
/// show. They show what was accepted, and in a kernel that lists links (5.8) or for what a
/// descriptor attaches also what was attached. An application (`app`) may let go of what it has
/// loaded, any other loader holds all of it until it is triggered.
std::string contradiction(const LoaderRecord& record, const Attempt& attempt, bool app);

}  // namespace bpfmatrix
