#include "cli/shell_keys.h"

namespace bpfmatrix {

namespace {

constexpr char kEscape = '\x01';

}  // namespace

std::string ShellKeys::pass(std::string_view typed) {
  std::string passed;
  for (const char key : typed) {
    if (ended_) break;
    if (!escaped_ && key == kEscape) {
      escaped_ = true;
      continue;
    }
    ended_ = escaped_ && key == 'x';
    if (ended_) break;
    if (escaped_ && key != kEscape) passed += kEscape;
    passed += key;
    escaped_ = false;
  }
  return passed;
}

}  // namespace bpfmatrix
