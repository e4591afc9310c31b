#include "guest/testing/scripted_guest.h"

namespace bpfmatrix {

void ScriptedGuest::start_over() {
  encoder_ = Encoder();
  decoder_ = Decoder();
}

Result<> ScriptedGuest::send(std::string_view bytes, Clock::time_point) {
  decoder_.feed(bytes);
  for (auto frame = decoder_.next(); *frame; frame = decoder_.next()) {
    if (react_) react_(*this, **frame);
  }
  if (closed_ && to_host_.empty()) return Error{"closed"};
  return {};
}

Result<std::string> ScriptedGuest::receive(std::size_t max, Clock::time_point) {
  if (to_host_.empty()) return closed_ ? Result<std::string>(Error{"closed"}) : std::string();
  std::string bytes = to_host_.front().substr(0, max);
  to_host_.front().erase(0, bytes.size());
  if (to_host_.front().empty()) to_host_.pop_front();
  return bytes;
}

}  // namespace bpfmatrix
