// The standard trigger: one process that makes the system calls the suite's cases are attached to,
// once each, with values that are known here and told to the host. It is in a cgroup of its own,
// sends a packet, lets a timer pass, and ends as another program.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "guest/messages.h"

namespace bpfmatrix::guest {

/// `command` is what its process becomes at the end; empty: the agent's executable, which ends at
/// once. Blocks for a few milliseconds, and for `kTriggerMs` at most when a program that is
/// attached holds a call up, or the command does not end. Error: there is no process to do it.
Result<Triggered> pull_trigger(const std::vector<std::string>& command);

}  // namespace bpfmatrix::guest
