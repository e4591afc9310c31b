// The guest's end of the channel to the host.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace bpfmatrix::guest {

struct Port {
  Fd fd{};
  /// "virtio" or "serial".
  std::string kind{};
};

/// The virtio port named org.bpfmatrix.agent.0 if this machine has it, waiting for it a little;
/// else the serial port that is not the console. Raw bytes, non-blocking. Error: neither.
Result<Port> open_port();

}  // namespace bpfmatrix::guest
