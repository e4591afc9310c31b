// A program that has been started before it is needed and waits for its standard input: in a clone
// of a frozen machine it goes on from there. It waits twice, with the kernel's BTF in sight and
// without, and has none of what a run may limit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "guest/agent/child.h"
#include "guest/messages.h"

namespace bpfmatrix::guest {

class Standby {
 public:
  /// Blocks until both read their standard input, twenty seconds each at most. No program: nothing
  /// waits.
  Result<> start(const std::vector<std::string>& argv);
  /// The one that is as `run` wants it; nothing if none is, or it was taken.
  std::optional<Child> take(const RunRequest& run);
  /// They have been killed.
  void clear() { waiting_.clear(); }

 private:
  struct Waiting {
    RunRequest as{};
    Child child{};
  };
  std::vector<Waiting> waiting_{};
};

}  // namespace bpfmatrix::guest
