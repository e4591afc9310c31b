// What the exit code of bpfmatrix says. Part of the interface: scripts gate on it.
#pragma once

namespace bpfmatrix {

enum ExitCode : int {
  as_expected = 0,    ///< everything was found out, and nothing is unexpected
  unexpected = 1,     ///< a verdict is unexpected or regressed
  wrong_command = 2,  ///< the command line, a matrix, a case or an object is wrong
  unknown = 3,        ///< something could not be found out (a kernel unavailable, a VM lost), or
                      ///< not be written down (disk full)
  our_bug = 70,       ///< bpfmatrix itself is wrong (EX_SOFTWARE of sysexits.h)
};

}  // namespace bpfmatrix
