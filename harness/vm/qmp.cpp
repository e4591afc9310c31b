#include "vm/qmp.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxLine = 256 << 10;
/// Room for what comes at a time: it is cleared before each read.
constexpr std::size_t kBlock = 4 << 10;
constexpr std::size_t kMaxEvents = 256;
constexpr std::size_t kMaxShown = 300;

std::string request(std::string_view command, const Json& arguments) {
  return Json{{"execute", command}, {"arguments", arguments}}.dump() + "\n";
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Sends all of `text` in one message with the descriptor. It is short, and the socket is empty:
/// the answer to the last command was waited for.
Result<> send_with_fd(int socket, std::string_view text, int fd) {
  iovec block{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &block;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  if (::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())) return {};
  return Error{fmt::format("monitor: a descriptor was not taken: {}", ::strerror(errno))};
}

}  // namespace

Result<> Qmp::open(Clock::time_point deadline) {
  const Result<Json> greeting = receive(deadline);
  if (!greeting) return greeting.error();
  if (!greeting->contains("QMP")) return Error{"monitor: no QMP greeting"};
  const Result<Json> ready = execute("qmp_capabilities", Json::object(), deadline);
  return ready ? Result<>() : ready.error();
}

Result<Json> Qmp::execute(std::string_view command, const Json& arguments,
                          Clock::time_point deadline) {
  if (Result<> sent = channel_.send(request(command, arguments), deadline); !sent) {
    return wrap("monitor", std::move(sent).error());
  }
  return answer(command, deadline);
}

Result<> Qmp::give(const Fd& fd, std::string_view name, Clock::time_point deadline) {
  const std::string text = request("getfd", {{"fdname", name}});
  if (Result<> sent = send_with_fd(channel_.fd(), text, fd.get()); !sent) return sent;
  const Result<Json> taken = answer("getfd", deadline);
  return taken ? Result<>() : taken.error();
}

Result<Json> Qmp::answer(std::string_view command, Clock::time_point deadline) {
  for (;;) {
    Result<Json> message = receive(deadline);
    if (!message) return message;
    if (message->contains("return")) return message->at("return");
    if (const auto error = message->find("error"); error != message->end()) {
      const std::string reason = error->is_object() ? text_at(*error, "desc") : "";
      return Error{fmt::format("QEMU refuses '{}': {}", command, reason.substr(0, kMaxShown))};
    }
    if (message->contains("event")) keep(*std::move(message));
  }
}

Result<Json> Qmp::event(std::string_view name, Clock::time_point deadline) {
  for (;;) {
    while (!events_.empty()) {
      const Json event = std::move(events_.front());
      events_.pop_front();
      if (text_at(event, "event") != name) continue;
      const auto data = event.find("data");
      return data != event.end() && data->is_object() ? *data : Json::object();
    }
    Result<Json> message = receive(deadline);
    if (!message) return message;
    if (message->contains("event")) keep(*std::move(message));
  }
}

void Qmp::keep(Json event) {
  if (events_.size() == kMaxEvents) events_.pop_front();
  events_.push_back(std::move(event));
}

Result<Json> Qmp::receive(Clock::time_point deadline) {
  while (buffer_.find('\n') == std::string::npos && buffer_.size() <= kMaxLine) {
    const Result<std::string> bytes = channel_.receive(kBlock, deadline);
    if (!bytes) return wrap("monitor", bytes.error());
    if (bytes->empty()) return Error{"monitor: no answer before the deadline"};
    buffer_ += *bytes;
  }
  const std::size_t end = buffer_.find('\n');
  if (end > kMaxLine) return Error{"monitor: a line without end"};  // npos is larger, too
  Result<Json> message = parse_json(std::string_view(buffer_).substr(0, end), "monitor");
  buffer_.erase(0, end + 1);
  if (message && !message->is_object()) return Error{"monitor: no JSON object"};
  return message;
}

}  // namespace bpfmatrix
