#include "vm/channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/deadline.h"

namespace bpfmatrix {

namespace {

enum class Wait { ready, deadline, failed };

Wait wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    pollfd poll_fd{fd, events, 0};
    const int ready = ::poll(&poll_fd, 1, milliseconds_until(deadline));
    if (ready > 0) return Wait::ready;
    if (ready == 0) return Wait::deadline;
    if (errno != EINTR) return Wait::failed;
  }
}

bool worth_trying_again(int error) { return error == EAGAIN || error == EINTR; }

/// A peer that is gone must be an error, not a SIGPIPE; a device knows no send(2).
ssize_t write_some(int fd, std::string_view bytes) {
  const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (n < 0 && errno == ENOTSOCK) return ::write(fd, bytes.data(), bytes.size());
  return n;
}

}  // namespace

FdChannel::FdChannel(Fd fd) : fd_(std::move(fd)) {
  ::fcntl(fd_.get(), F_SETFL, ::fcntl(fd_.get(), F_GETFL) | O_NONBLOCK);
}

Result<> FdChannel::send(std::string_view bytes, Clock::time_point deadline) {
  const std::size_t all = bytes.size();
  while (!bytes.empty()) {
    const ssize_t n = write_some(fd_.get(), bytes);
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    if (n >= 0) continue;
    if (!worth_trying_again(errno)) {
      return Error{fmt::format("channel closed: {}", ::strerror(errno))};
    }
    switch (wait_for(fd_.get(), POLLOUT, deadline)) {
      case Wait::ready:
        break;
      case Wait::deadline:
        return Error{fmt::format("channel: {} of {} bytes not accepted before the deadline",
                                 bytes.size(), all)};
      case Wait::failed:
        return Error{fmt::format("channel: poll: {}", ::strerror(errno))};
    }
  }
  return {};
}

Result<std::string> FdChannel::receive(std::size_t max, Clock::time_point deadline) {
  std::string bytes(std::min<std::size_t>(max, 256 << 10), '\0');
  for (;;) {
    const ssize_t n = ::read(fd_.get(), bytes.data(), bytes.size());
    if (n > 0) {
      bytes.resize(static_cast<std::size_t>(n));
      return bytes;
    }
    if (n == 0) return Error{"channel closed"};
    if (!worth_trying_again(errno)) {
      return Error{fmt::format("channel closed: {}", ::strerror(errno))};
    }
    switch (wait_for(fd_.get(), POLLIN, deadline)) {
      case Wait::ready:
        break;
      case Wait::deadline:
        return std::string();
      case Wait::failed:
        return Error{fmt::format("channel: poll: {}", ::strerror(errno))};
    }
  }
}

}  // namespace bpfmatrix
