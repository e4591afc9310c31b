#include "guest/messages.h"

#include <fmt/format.h>

#include "guest/message_fields.h"

namespace bpfmatrix {

namespace {

/// Of a refresh, before its random bytes; little-endian.
constexpr std::size_t kTimeBytes = 8;

}  // namespace

void fields(auto& field, Of<Hello> auto& m) {
  field("agent_version", m.agent_version);
  field("release", m.release);
  field("arch", m.arch);
  field("boot_ms", m.boot_ms);
  field("kernel_cmdline", m.kernel_cmdline);
  field("channel", m.channel);
  field("btf_bytes", m.btf_bytes);
  field("notes", m.notes);
}

void fields(auto& field, Of<PutFile> auto& m) {
  field("path", m.path);
  field("mode", m.mode);
  field("bytes", m.bytes);
}

void fields(auto& field, Of<Stored> auto& m) {
  field("bytes", m.bytes);
  field("crc32c", m.crc32c);
}

void fields(auto& field, Of<ReadFile> auto& m) {
  field("path", m.path);
  field("max_bytes", m.max_bytes);
}

void fields(auto& field, Of<FileEnd> auto& m) {
  field("bytes", m.bytes);
  field("truncated", m.truncated);
}

void fields(auto& field, Of<RunRequest> auto& m) {
  field("argv", m.argv);
  field("environment", m.environment);
  field("deadline_ms", m.deadline_ms);
  field("hide_btf", m.hide_btf);
  field("hold_input", m.hold_input);
  field("memlock_bytes", m.memlock_bytes);
  field("limit_capabilities", m.limit_capabilities);
  field("capabilities", m.capabilities);
  field("lockdown", m.lockdown);
  field("modules", m.modules);
  field("sysctl", m.sysctl);
  field("count_ids", m.count_ids);
  field("last", m.last);
}

void fields(auto& field, Of<Park> auto& m) { field("standby", m.standby); }

void fields(auto& field, Of<Input> auto& m) { field("last", m.last); }

void fields(auto& field, Of<Write> auto& m) { field("path", m.path); }

void fields(auto& field, Of<TriggerRequest> auto& m) { field("command", m.command); }

void fields(auto& field, Of<Failed> auto& m) { field("message", m.message); }

template <typename Message>
Frame to_frame(const Message& message, std::string blob) {
  return Frame{Message::kType, to_json_tree<Json>(message), std::move(blob)};
}

template <typename Message>
Result<Message> from_frame(const Frame& frame) {
  if (frame.type != Message::kType) {
    return Error{
        fmt::format("'{}' where '{}' was due", to_string(frame.type), to_string(Message::kType))};
  }
  return from_json<Message>(frame.header, to_string(frame.type));
}

template <>
Frame to_frame(const Refresh& message, std::string) {
  Frame frame{Refresh::kType};
  for (std::size_t i = 0; i < kTimeBytes; ++i) {
    frame.blob += static_cast<char>(static_cast<std::uint64_t>(message.unix_ns) >> (8 * i));
  }
  frame.blob += message.random;
  return frame;
}

template <>
Result<Refresh> from_frame(const Frame& frame) {
  if (frame.type != Refresh::kType || frame.blob.size() < kTimeBytes ||
      frame.blob.size() > kTimeBytes + kRefreshBytes) {
    return Error{fmt::format("a '{}' of {} bytes where 'refresh' was due", to_string(frame.type),
                             frame.blob.size())};
  }
  std::uint64_t unix_ns = 0;
  for (std::size_t i = 0; i < kTimeBytes; ++i) {
    unix_ns |= std::uint64_t{static_cast<unsigned char>(frame.blob[i])} << (8 * i);
  }
  return Refresh{static_cast<std::int64_t>(unix_ns), frame.blob.substr(kTimeBytes)};
}

/// It may be larger than the JSON of a frame.
template <>
Frame to_frame(const Inventory& message, std::string) {
  return Frame{Inventory::kType, Json::object(), json_text(to_json_tree<Json>(message))};
}

template <>
Result<Inventory> from_frame(const Frame& frame) {
  const std::string due(to_string(Inventory::kType));
  if (frame.type != Inventory::kType) {
    return Error{fmt::format("'{}' where '{}' was due", to_string(frame.type), due)};
  }
  const Result<Json> json = parse_json(frame.blob, due);
  return json ? from_json<Inventory>(*json, due) : Result<Inventory>(json.error());
}

template Frame to_frame(const Hello&, std::string);
template Frame to_frame(const PutFile&, std::string);
template Frame to_frame(const Stored&, std::string);
template Frame to_frame(const ReadFile&, std::string);
template Frame to_frame(const FileEnd&, std::string);
template Frame to_frame(const RunRequest&, std::string);
template Frame to_frame(const Exited&, std::string);
template Frame to_frame(const Input&, std::string);
template Frame to_frame(const Park&, std::string);
template Frame to_frame(const Write&, std::string);
template Frame to_frame(const TriggerRequest&, std::string);
template Frame to_frame(const Triggered&, std::string);
template Frame to_frame(const Failed&, std::string);

template Result<Hello> from_frame(const Frame&);
template Result<PutFile> from_frame(const Frame&);
template Result<Stored> from_frame(const Frame&);
template Result<ReadFile> from_frame(const Frame&);
template Result<FileEnd> from_frame(const Frame&);
template Result<RunRequest> from_frame(const Frame&);
template Result<Exited> from_frame(const Frame&);
template Result<Input> from_frame(const Frame&);
template Result<Park> from_frame(const Frame&);
template Result<Write> from_frame(const Frame&);
template Result<TriggerRequest> from_frame(const Frame&);
template Result<Triggered> from_frame(const Frame&);
template Result<Failed> from_frame(const Frame&);

}  // namespace bpfmatrix
