#include "vm/qmp.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxLine = 256 << 10;
/// Room for what comes at a time: it is cleared before each read.
constexpr std::size_t kBlock = 4 << 10;
constexpr std::size_t kMaxEvents = 256;
constexpr std::size_t kMaxShown = 300;

std::string request(std::string_view command, const Json& arguments) {
  return json_text(Json{{"execute", command}, {"arguments", arguments}}) + "\n";
}

/// Makes `message` carry the descriptor; `control` has to last as long.
template <std::size_t size>
void attach(msghdr& message, char (&control)[size], int fd) {
  message.msg_control = control;
  message.msg_controllen = size;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
}

}  // namespace

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// All of it in one message: it is short, and the socket has room for hundreds of such.
Result<> Qmp::send(std::string_view command, const Json& arguments, const Fd* fd) {
  std::string text = request(command, arguments);
  iovec block{text.data(), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &block;
  message.msg_iovlen = 1;
  if (fd != nullptr) attach(message, control, fd->get());
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(channel_.fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent != static_cast<ssize_t>(text.size())) {
    return Error{fmt::format("monitor: '{}' failed: {}", command, ::strerror(errno))};
  }
  asked_.emplace_back(command);
  return {};
}

Result<> Qmp::post_open() {
  greeting_due_ = true;
  return post("qmp_capabilities", Json::object());
}

Result<> Qmp::post(std::string_view command, const Json& arguments) {
  return send(command, arguments, nullptr);
}

Result<> Qmp::post_fd(const Fd& fd, std::string_view name) {
  return send("getfd", {{"fdname", name}}, &fd);
}

Result<> Qmp::open(Clock::time_point deadline) {
  if (Result<> posted = post_open(); !posted) return posted;
  const Result<Json> ready = settle(deadline);
  return ready ? Result<>() : ready.error();
}

Result<Json> Qmp::execute(std::string_view command, const Json& arguments,
                          Clock::time_point deadline) {
  if (Result<> posted = post(command, arguments); !posted) return std::move(posted).error();
  return settle(deadline);
}

Result<Json> Qmp::settle(Clock::time_point deadline) {
  if (std::exchange(greeting_due_, false)) {
    if (Result<> greeted = greeting(deadline); !greeted) return std::move(greeted).error();
  }
  Result<Json> last = Json();
  while (last && !asked_.empty()) {
    last = answer(asked_.front(), deadline);
    asked_.pop_front();
  }
  return last;
}

Result<> Qmp::greeting(Clock::time_point deadline) {
  const Result<Json> said = receive(deadline);
  if (!said) return said.error();
  return said->contains("QMP") ? Result<>() : Error{"monitor: no QMP greeting"};
}

Result<Json> Qmp::answer(std::string_view command, Clock::time_point deadline) {
  for (;;) {
    Result<Json> message = receive(deadline);
    if (!message) return message;
    if (message->contains("return")) return message->at("return");
    if (const auto error = message->find("error"); error != message->end()) {
      const std::string reason = error->is_object() ? text_at(*error, "desc") : "";
      return Error{
          fmt::format("QEMU does not accept '{}': {}", command, reason.substr(0, kMaxShown))};
    }
    if (message->contains("event")) keep(*std::move(message));
  }
}

Result<Json> Qmp::event(std::string_view name, Clock::time_point deadline) {
  if (Result<Json> settled = settle(deadline); !settled) return settled;
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
