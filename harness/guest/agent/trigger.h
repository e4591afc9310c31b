// The standard trigger: one process that makes the system calls the suite's cases are attached to,
// once each, with values that are known here and told to the host.
#pragma once

#include <string_view>

#include "base/result.h"
#include "guest/messages.h"

namespace bpfmatrix {

/// The argument with which the trigger starts the agent's own executable: it ends at once.
inline constexpr std::string_view kEndAtOnce = "--end-at-once";

/// Blocks for a few milliseconds, and for `kTriggerMs` at most when a program that is attached
/// holds a call up. Error: there is no process to do it.
Result<Triggered> pull_trigger();

}  // namespace bpfmatrix
