// The guest's end of a channel, played by a test: frame by frame, well-behaved or not.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "guest/messages.h"
#include "guest/protocol.h"
#include "vm/channel.h"

namespace bpfmatrix {

/// Says hello, and then only what `react` makes it say: that sees each frame of the host. When
/// nothing is left to say, the deadline has passed (without waiting), or the channel is closed.
class ScriptedGuest : public Channel {
 public:
  using React = std::function<void(ScriptedGuest& guest, const Frame& frame)>;
  explicit ScriptedGuest(React react = {}, const Hello& hello = Hello{"0.1.0"})
      : react_(std::move(react)) {
    say(to_frame(hello));
  }
  ScriptedGuest(const ScriptedGuest&) = delete;
  ScriptedGuest& operator=(const ScriptedGuest&) = delete;

  void say(const Frame& frame) { say_bytes(*encoder_.encode(frame)); }
  void say_bytes(std::string bytes) { to_host_.push_back(std::move(bytes)); }
  void say_out(std::string text) { say({FrameType::out, Json::object(), std::move(text)}); }
  void say_err(std::string text) { say({FrameType::err, Json::object(), std::move(text)}); }
  void forget() { to_host_.clear(); }
  void close() { closed_ = true; }
  /// Its next frame, and the host's, are the first of a new talk.
  void start_over();

  Result<> send(std::string_view bytes, Clock::time_point deadline) override;
  Result<std::string> receive(std::size_t max, Clock::time_point deadline) override;

 private:
  React react_;
  Encoder encoder_{};
  Decoder decoder_{};
  std::deque<std::string> to_host_{};
  bool closed_ = false;
};

}  // namespace bpfmatrix
