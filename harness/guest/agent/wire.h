// Frames over the port. Sending blocks until the host has taken the bytes: it reads all the time,
// or it is gone and with it this machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "guest/agent/port.h"
#include "guest/protocol.h"

namespace bpfmatrix::guest {

class Wire {
 public:
  explicit Wire(Port port) : port_(std::move(port)) {}

  int fd() const { return port_.fd.get(); }
  const std::string& kind() const { return port_.kind; }
  Result<> send(const Frame& frame);
  /// The bytes of `frame` if it is the next one, for send_prepared().
  Result<std::string> prepare(const Frame& frame) const;
  Result<> send_prepared(std::string_view bytes);
  /// Takes what is there, without blocking. Error: the port is broken.
  Result<> take();
  /// The next frame of what was taken. Error: what came is no protocol.
  Result<std::optional<Frame>> next() { return decoder_.next(); }
  /// From here on another talk: both sides count from 0 again.
  void start_over() {
    encoder_ = Encoder();
    decoder_ = Decoder();
  }

 private:
  Result<> write_all(std::string_view bytes);

  Port port_;
  Encoder encoder_{};
  Decoder decoder_{};
  std::string block_ = std::string(kChunkBytes, '\0');
};

}  // namespace bpfmatrix::guest
