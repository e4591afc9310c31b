// A byte stream to the guest. An interface, so that tests can be the guest.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace bpfmatrix {

using Clock = std::chrono::steady_clock;

class Channel {
 public:
  virtual ~Channel() = default;

  /// Blocks until all bytes are accepted or the deadline has passed. Error: closed, or deadline.
  virtual Result<> send(std::string_view bytes, Clock::time_point deadline) = 0;
  /// 1 to `max` bytes, as soon as there are any; an empty string when the deadline passed first.
  /// Error: the other side is gone.
  virtual Result<std::string> receive(std::size_t max, Clock::time_point deadline) = 0;
};

/// A connected stream socket or a character device.
class FdChannel : public Channel {
 public:
  explicit FdChannel(Fd fd);
  Result<> send(std::string_view bytes, Clock::time_point deadline) override;
  Result<std::string> receive(std::size_t max, Clock::time_point deadline) override;
  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
};

}  // namespace bpfmatrix
