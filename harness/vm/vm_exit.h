// Why a VM is gone.
#pragma once

#include <string>

#include "base/end.h"

namespace bpfmatrix {

/// Why a VM is gone.
struct VmExit {
  End end = End::lost;
  /// One line: "QEMU ended with signal 9 (Killed)", "no answer for 60000 ms".
  std::string reason{};
  /// The console's last lines (at most 40), escape sequences removed.
  std::string console_tail{};
};

}  // namespace bpfmatrix
