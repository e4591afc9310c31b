// The person's terminal while it is a guest's console: every key goes there.
#pragma once

#include <termios.h>

#include <string>

#include "base/fd.h"

namespace bpfmatrix {

/// Raw from now on, as it was when this object goes. What would end the process (SIGINT, SIGTERM,
/// SIGHUP, SIGQUIT) is held back meanwhile and readable from signals(), so that it cannot leave a
/// raw terminal behind: make it before any thread.
class ShellTerminal {
 public:
  ShellTerminal();
  ~ShellTerminal();
  ShellTerminal(const ShellTerminal&) = delete;
  ShellTerminal& operator=(const ShellTerminal&) = delete;

  const Fd& signals() const { return signals_; }
  /// The signal that waits; 0: none.
  int take_signal() const;

 private:
  termios before_{};
  sigset_t mask_before_{};
  Fd signals_{};
};

/// True if standard input and output are a terminal.
bool at_a_terminal();
/// The command that gives a guest's terminal the size of this one; empty if it is not known.
std::string stty_command();

}  // namespace bpfmatrix
