// How a VM, and with it a cell, ended. Facts only; what it means is decided elsewhere.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace bpfmatrix {

enum class End {
  completed,    ///< the loader ran to its end and its record arrived whole
  panicked,     ///< the console shows a panic, an oops or a BUG
  hung,         ///< no answer within the deadline, or the kernel itself reports a lockup
  lost,         ///< QEMU died, the channel closed or spoke garbage, or the console stayed empty
  unavailable,  ///< the kernel is unavailable: nothing was booted
};
inline constexpr std::array kEnds{End::completed, End::panicked, End::hung, End::lost,
                                  End::unavailable};

std::string_view to_string(End end);
std::optional<End> parse_end(std::string_view text);

/// Why a VM is gone.
struct VmExit {
  End end = End::lost;
  /// One line: "QEMU ended with signal 9 (Killed)", "no answer for 60000 ms".
  std::string reason{};
  /// The console's last lines (at most 40), escape sequences removed.
  std::string console_tail{};
};

}  // namespace bpfmatrix
