#include "base/time_source.h"

namespace bpfmatrix {

namespace {

class SystemTime : public TimeSource {
 public:
  std::chrono::steady_clock::time_point now() const override {
    return std::chrono::steady_clock::now();
  }
  std::chrono::sys_days today() const override {
    return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  }
};

}  // namespace

const TimeSource& system_time() {
  static const SystemTime time;
  return time;
}

}  // namespace bpfmatrix
