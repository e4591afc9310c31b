// The one program that the agent runs at a time, with pipes to its three streams.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"
#include "guest/messages.h"

namespace bpfmatrix::guest {

struct Child {
  pid_t pid = -1;
  /// Our ends, non-blocking.
  Fd in{};
  Fd out{};
  Fd err{};
};

/// Starts `run.argv` in a session of its own, blind for the kernel's BTF where `run` says so.
/// Error: it could not be started exactly so.
Result<Child> start_child(const RunRequest& run);

/// Kills every process but the agent itself and waits for all of them. False: something does not
/// die.
bool kill_everything();

}  // namespace bpfmatrix::guest
