#include "guest/session.h"

#include <fmt/format.h>

#include <cassert>

#include "guest/line_splitter.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kReceiveBytes = kChunkBytes;

bool belongs_to_run(FrameType type) {
  return type == FrameType::out || type == FrameType::err || type == FrameType::exited;
}

}  // namespace

Error Session::lose(Error error) {
  state_ = SessionState::lost;
  return wrap("guest agent", std::move(error));
}

Error Session::hang(std::string_view what) {
  state_ = SessionState::hung;
  return Error{fmt::format("guest agent: {} before the deadline", what)};
}

Result<> Session::usable() const {
  if (state_ == SessionState::ready) return {};
  return Error{fmt::format("guest agent: the session is {}", to_string(state_))};
}

Result<> Session::send(const Frame& frame, Clock::time_point deadline) {
  const Result<> ready = usable();
  return ready ? transmit(frame, deadline) : ready;
}

Result<> Session::transmit(const Frame& frame, Clock::time_point deadline) {
  const Result<std::string> bytes = encoder_.encode(frame);
  if (!bytes) return bytes.error();
  Result<> sent = channel_.send(*bytes, deadline);
  if (sent) return {};
  if (Clock::now() >= deadline) return hang("took no bytes");
  return lose(std::move(sent).error());
}

Result<Frame> Session::receive(Clock::time_point deadline) {
  for (;;) {
    Result<std::optional<Frame>> frame = decoder_.next();
    if (!frame) return lose(std::move(frame).error());
    if (*frame) return **std::move(frame);
    const Result<std::string> bytes = channel_.receive(kReceiveBytes, deadline);
    if (!bytes) return lose(bytes.error());
    if (bytes->empty()) return hang("no answer");
    decoder_.feed(*bytes);
  }
}

Result<Frame> Session::reply(Clock::time_point deadline) {
  for (;;) {
    Result<Frame> frame = receive_after_posted(deadline);
    if (!frame) return frame;
    if (!running_ || !belongs_to_run(frame->type)) return unless_failed(*std::move(frame));
    kept_bytes_ += frame->blob.size();
    if (kept_bytes_ > max_run_bytes_) return lose(Error{"floods the channel with output"});
    kept_.push_back(*std::move(frame));
  }
}

Result<Frame> Session::unless_failed(Frame frame) {
  if (frame.type != FrameType::failed) return frame;
  const Result<Failed> failed = from_frame<Failed>(frame);
  if (!failed) return lose(failed.error());
  return Error{fmt::format("guest agent: {}", failed->message)};
}

template <typename Message>
Result<Message> Session::read(const Frame& frame) {
  Result<Message> message = from_frame<Message>(frame);
  if (!message) return lose(std::move(message).error());
  return message;
}

Result<> Session::done(Clock::time_point deadline) {
  const Result<Frame> frame = reply(deadline);
  if (!frame) return frame.error();
  if (frame->type == FrameType::done) return {};
  return lose(Error{fmt::format("'{}' where 'done' was due", to_string(frame->type))});
}

Result<> Session::open(Clock::time_point deadline) {
  const Result<Frame> frame = receive(deadline);
  if (!frame) return frame.error();
  Result<Hello> hello = read<Hello>(*frame);
  if (!hello) return std::move(hello).error();
  hello_ = *std::move(hello);
  state_ = SessionState::ready;
  return {};
}

Result<> Session::check_stored(const Posted& posted, const Frame& frame) {
  const Result<Frame> answer = unless_failed(frame);
  if (!answer) return answer.error();
  const Result<Stored> stored = read<Stored>(*answer);
  if (!stored) return stored.error();
  if (stored->bytes == posted.stored.bytes && stored->crc32c == posted.stored.crc32c) return {};
  return lose(Error{fmt::format("'{}' was not stored as it was sent", posted.path)});
}

Result<Frame> Session::receive_after_posted(Clock::time_point deadline) {
  for (;;) {
    Result<Frame> frame = receive(deadline);
    if (!frame || posted_.empty()) return frame;
    if (const Result<> stored = take_next_stored(*frame); !stored) return stored.error();
  }
}

Result<> Session::take_next_stored(const Frame& frame) {
  const Posted posted = std::move(posted_.front());
  posted_.pop_front();
  Result<> stored = check_stored(posted, frame);
  if (!stored) state_ = SessionState::lost;
  return stored;
}

Result<> Session::take_stored(Clock::time_point deadline) {
  while (!posted_.empty()) {
    const Result<Frame> frame = receive(deadline);
    if (!frame) return frame.error();
    if (const Result<> stored = take_next_stored(*frame); !stored) return stored;
  }
  return {};
}

Result<> Session::put_file(std::string_view path, std::string_view bytes, int mode,
                           Clock::time_point deadline) {
  if (Result<> sent = post_file(path, bytes, mode, deadline); !sent) return sent;
  const Posted posted = std::move(posted_.back());
  posted_.pop_back();
  const Result<Frame> frame = reply(deadline);
  return frame ? check_stored(posted, *frame) : Result<>(frame.error());
}

Result<> Session::post_file(std::string_view path, std::string_view bytes, int mode,
                            Clock::time_point deadline) {
  const PutFile put{std::string(path), mode, static_cast<std::int64_t>(bytes.size())};
  if (Result<> sent = send(to_frame(put), deadline); !sent) return sent;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string_view chunk = rest.substr(0, kChunkBytes);
    const Frame frame{FrameType::file_chunk, Json::object(), std::string(chunk)};
    if (Result<> sent = send(frame, deadline); !sent) return sent;
    rest.remove_prefix(chunk.size());
  }
  posted_.push_back({std::string(path), {put.bytes, std::int64_t{crc32c(bytes)}}});
  return {};
}

Result<std::string> Session::read_file(std::string_view path, std::uint64_t max_bytes,
                                       Clock::time_point deadline) {
  const ReadFile request{std::string(path), static_cast<std::int64_t>(max_bytes)};
  if (Result<> sent = send(to_frame(request), deadline); !sent) return std::move(sent).error();
  std::string bytes;
  for (;;) {
    const Result<Frame> frame = reply(deadline);
    if (!frame) return frame.error();
    if (frame->type != FrameType::file_chunk) return end_of_file(*frame, path, std::move(bytes));
    if (bytes.size() + frame->blob.size() > max_bytes) {
      return lose(Error{fmt::format("sent more of '{}' than was requested", path)});
    }
    bytes += frame->blob;
  }
}

Result<std::string> Session::end_of_file(const Frame& frame, std::string_view path,
                                         std::string bytes) {
  const Result<FileEnd> end = read<FileEnd>(frame);
  if (!end) return end.error();
  if (end->bytes != static_cast<std::int64_t>(bytes.size())) {
    return lose(Error{fmt::format("'{}' did not arrive whole", path)});
  }
  if (!end->truncated) return bytes;
  return Error{
      fmt::format("guest agent: '{}': larger than the limit of {} bytes", path, bytes.size())};
}

Result<Exited> Session::run(const RunRequest& run, std::string_view input, const RunEvents& events,
                            Clock::time_point deadline) {
  if (running_) return Error{"guest agent: one program at a time"};
  if (Result<> sent = send(to_frame(run, std::string(input)), deadline); !sent) {
    return std::move(sent).error();
  }
  running_ = true;
  Result<Exited> exited = follow(events, deadline);
  running_ = false;
  kept_.clear();
  kept_bytes_ = 0;
  return exited;
}

Result<Exited> Session::follow(const RunEvents& events, Clock::time_point deadline) {
  LineSplitter lines(kMaxLineBytes);
  std::uint64_t total = 0;
  for (;;) {
    const Result<Frame> frame = next_of_run(deadline);
    if (!frame) return frame.error();
    total += frame->blob.size();
    if (total > max_run_bytes_) return lose(Error{"floods the channel with output"});
    if (frame->type == FrameType::out) {
      lines.feed(frame->blob, events.on_out_line);
    } else if (frame->type == FrameType::err) {
      if (events.on_err) events.on_err(frame->blob);
    } else {
      lines.finish(events.on_out_line);
      Result<Exited> exited = read<Exited>(*frame);
      if (exited) exited->dropped_out_bytes += static_cast<std::int64_t>(lines.dropped_bytes());
      return exited;
    }
    // A callback may have run into the end of the session.
    if (Result<> ready = usable(); !ready) return std::move(ready).error();
  }
}

Result<Frame> Session::next_of_run(Clock::time_point deadline) {
  if (kept_.empty()) {
    Result<Frame> frame = receive_after_posted(deadline);
    return frame ? unless_failed(*std::move(frame)) : std::move(frame);
  }
  Frame frame = std::move(kept_.front());
  kept_.pop_front();
  kept_bytes_ -= frame.blob.size();
  return frame;
}

Result<> Session::input(std::string_view text, bool last, Clock::time_point deadline) {
  return send(to_frame(Input{last}, std::string(text)), deadline);
}

Result<> Session::write(std::string_view path, std::string_view text, Clock::time_point deadline) {
  Result<> sent = send(to_frame(Write{std::string(path)}, std::string(text)), deadline);
  return sent ? done(deadline) : sent;
}

Result<Triggered> Session::trigger(const TriggerRequest& request, Clock::time_point deadline) {
  if (Result<> sent = send(to_frame(request), deadline); !sent) {
    return std::move(sent).error();
  }
  const Result<Frame> frame = reply(deadline);
  return frame ? read<Triggered>(*frame) : Result<Triggered>(frame.error());
}

Result<Inventory> Session::inventory(Clock::time_point deadline) {
  if (Result<> sent = send(Frame{FrameType::take_inventory}, deadline); !sent) {
    return std::move(sent).error();
  }
  const Result<Frame> frame = reply(deadline);
  return frame ? read<Inventory>(*frame) : Result<Inventory>(frame.error());
}

Result<> Session::park(const Park& how, Clock::time_point deadline) {
  if (Result<> sent = send(to_frame(how), deadline); !sent) return sent;
  if (Result<> parked = done(deadline); !parked) return parked;
  if (!decoder_.between_frames()) return lose(Error{"goes on talking after it was parked"});
  encoder_ = Encoder();
  decoder_ = Decoder();
  state_ = SessionState::unopened;
  return {};
}

Result<> Session::refresh(const Refresh& now, Clock::time_point deadline) {
  assert(now.random.size() <= kRefreshBytes);
  if (state_ != SessionState::unopened) return Error{"guest agent: it is not parked"};
  return transmit(to_frame(now), deadline);
}

Result<> Session::shutdown(Clock::time_point deadline) {
  Result<> sent = send(Frame{FrameType::shutdown}, deadline);
  return sent ? done(deadline) : sent;
}

}  // namespace bpfmatrix
