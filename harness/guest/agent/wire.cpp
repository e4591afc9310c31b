#include "guest/agent/wire.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "guest/common/system.h"

namespace bpfmatrix::guest {

namespace {

// A virtio port whose other end is not connected reports POLLHUP at once, again and again.
constexpr useconds_t kHangupPauseUs = 2000;
constexpr int kPollMs = 1000;

}  // namespace

Result<> Wire::send(const Frame& frame) {
  const Result<std::string> bytes = encoder_.encode(frame);
  return bytes ? write_all(*bytes) : bytes.error();
}

Result<std::string> Wire::prepare(const Frame& frame) const {
  Encoder next = encoder_;
  return next.encode(frame);
}

Result<> Wire::send_prepared(std::string_view bytes) {
  encoder_.skip();
  return write_all(bytes);
}

Result<> Wire::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd(), bytes.data(), bytes.size());
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR) return Error{system_note("write to the host")};
    pollfd wait{fd(), POLLOUT, 0};
    ::poll(&wait, 1, kPollMs);
    if ((wait.revents & POLLHUP) != 0) ::usleep(kHangupPauseUs);
  }
  return {};
}

Result<> Wire::take() {
  const ssize_t n = ::read(fd(), block_.data(), block_.size());
  if (n < 0 && errno != EAGAIN && errno != EINTR) return Error{system_note("read from the host")};
  if (n == 0) ::usleep(kHangupPauseUs);
  if (n > 0) decoder_.feed(std::string_view(block_.data(), static_cast<std::size_t>(n)));
  return {};
}

}  // namespace bpfmatrix::guest
