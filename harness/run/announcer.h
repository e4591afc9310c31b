// The listener, called one at a time.
#pragma once

#include <mutex>
#include <set>
#include <string>

#include "run/listener.h"

namespace bpfmatrix {

class Announcer {
 public:
  explicit Announcer(Listener& listener) : listener_(listener) {}

  template <typename Call>
  void operator()(Call call) {
    const std::lock_guard lock(mutex_);
    call(listener_);
  }
  void notice(const std::string& text) {
    (*this)([&](Listener& l) { l.notice(text); });
  }

 private:
  Listener& listener_;
  std::mutex mutex_{};
};

}  // namespace bpfmatrix
