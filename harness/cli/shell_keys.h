// What a person types into a guest's console, and the keys that are for us.
#pragma once

#include <string>
#include <string_view>

namespace bpfmatrix {

/// Ctrl-A x ends the machine, Ctrl-A Ctrl-A types one Ctrl-A, Ctrl-A and any other key types both.
class ShellKeys {
 public:
  /// What of `typed` goes to the guest; nothing that comes after the end.
  std::string pass(std::string_view typed);
  bool ended() const { return ended_; }

 private:
  bool escaped_ = false;
  bool ended_ = false;
};

}  // namespace bpfmatrix
