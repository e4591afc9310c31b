#include "guest/common/errno_name.h"

#include <cstdlib>
#include <cstring>

namespace bpfmatrix::guest {

namespace {

// include/linux/errno.h of the kernel: not meant for user space, and seen there all the same.
constexpr int kEnotsupp = 524;

}  // namespace

std::string errno_name(int error) {
  const int positive = std::abs(error);
  if (positive == kEnotsupp) return "ENOTSUPP";
  const char* name = ::strerrorname_np(positive);
  return name != nullptr ? name : "errno " + std::to_string(positive);
}

}  // namespace bpfmatrix::guest
