#include "guest/messages.h"

#include <fmt/format.h>

namespace bpfmatrix {

namespace {

/// Of a refresh, before its random bytes; little-endian.
constexpr std::size_t kTimeBytes = 8;

Json operations_json(const std::vector<Operation>& operations) {
  Json list = Json::array();
  for (const Operation& operation : operations) {
    list.push_back({{"name", operation.name}, {"ret", operation.ret}});
  }
  return list;
}

// Each message names its fields once, in `fields`; Writer and Reader are the two things to do with
// them.
class Writer {
 public:
  template <typename T>
  void operator()(const char* key, const T& value) {
    json_[key] = value;
  }
  template <typename T>
  void operator()(const char* key, const std::optional<T>& value) {
    json_[key] = value ? Json(*value) : Json(nullptr);
  }
  void operator()(const char* key, const std::vector<Operation>& value) {
    json_[key] = operations_json(value);
  }
  Json take() { return std::move(json_); }

 private:
  Json json_ = Json::object();
};

class Reader {
 public:
  explicit Reader(const Frame& frame) : reader_(frame.header, std::string(to_string(frame.type))) {}

  void operator()(const char* key, std::string& value) { value = reader_.string(key); }
  void operator()(const char* key, std::int64_t& value) { value = reader_.integer(key); }
  void operator()(const char* key, bool& value) { value = reader_.boolean(key); }
  void operator()(const char* key, std::optional<std::int64_t>& value) {
    value = reader_.optional_integer(key);
  }
  void operator()(const char* key, std::optional<bool>& value) {
    value = reader_.optional_boolean(key);
  }
  void operator()(const char* key, std::vector<std::string>& value) {
    value = reader_.strings(key);
  }
  void operator()(const char* key, std::map<std::string, std::string>& value) {
    items(key, [&](const std::string& name, const Json& item) {
      if (!item.is_string()) return reader_.fail(key, "wanted strings only");
      value[name] = item.get<std::string>();
    });
  }
  void operator()(const char* key, std::map<std::string, std::int64_t>& value) {
    items(key, [&](const std::string& name, const Json& item) {
      if (!item.is_number_integer()) return reader_.fail(key, "wanted integers only");
      value[name] = item.get<std::int64_t>();
    });
  }
  void operator()(const char* key, std::vector<Operation>& value) {
    const Json* list = reader_.array(key);
    if (list == nullptr) return reader_.fail(key, "missing");
    for (const Json& item : *list) {
      ObjectReader operation(item, reader_.where(key));
      value.push_back({operation.string("name"), operation.integer("ret")});
      if (const Result<> read = operation.finish(); !read) return reader_.adopt(read.error());
    }
  }
  Result<> finish() { return reader_.finish(); }

 private:
  template <typename Take>
  void items(const char* key, Take take) {
    const Json* object = reader_.object(key);
    if (object == nullptr) return;
    for (const auto& [name, item] : object->items()) take(name, item);
  }

  ObjectReader reader_;
};

template <typename F>
void fields(F& field, auto& m, const Hello*) {
  field("agent_version", m.agent_version);
  field("release", m.release);
  field("arch", m.arch);
  field("boot_ms", m.boot_ms);
  field("kernel_cmdline", m.kernel_cmdline);
  field("channel", m.channel);
  field("btf_bytes", m.btf_bytes);
  field("notes", m.notes);
}

template <typename F>
void fields(F& field, auto& m, const PutFile*) {
  field("path", m.path);
  field("mode", m.mode);
  field("bytes", m.bytes);
}

template <typename F>
void fields(F& field, auto& m, const Stored*) {
  field("bytes", m.bytes);
  field("crc32c", m.crc32c);
}

template <typename F>
void fields(F& field, auto& m, const ReadFile*) {
  field("path", m.path);
  field("max_bytes", m.max_bytes);
}

template <typename F>
void fields(F& field, auto& m, const FileEnd*) {
  field("bytes", m.bytes);
  field("truncated", m.truncated);
}

template <typename F>
void fields(F& field, auto& m, const RunRequest*) {
  field("argv", m.argv);
  field("environment", m.environment);
  field("deadline_ms", m.deadline_ms);
  field("hide_btf", m.hide_btf);
  field("hold_input", m.hold_input);
  field("memlock_bytes", m.memlock_bytes);
  field("limit_capabilities", m.limit_capabilities);
  field("capabilities", m.capabilities);
  field("lockdown", m.lockdown);
  field("last", m.last);
}

template <typename F>
void fields(F& field, auto& m, const Park*) {
  field("standby", m.standby);
}

template <typename F>
void fields(F& field, auto& m, const Exited*) {
  field("code", m.code);
  field("signal", m.signal);
  field("timed_out", m.timed_out);
  field("dropped_out_bytes", m.dropped_out_bytes);
  field("dropped_err_bytes", m.dropped_err_bytes);
  field("wall_ms", m.wall_ms);
  field("memlock_counted", m.memlock_counted);
  field("leftovers", m.leftovers);
}

template <typename F>
void fields(F& field, auto& m, const Input*) {
  field("last", m.last);
}

template <typename F>
void fields(F& field, auto& m, const Write*) {
  field("path", m.path);
}

template <typename F>
void fields(F& field, auto& m, const TriggerRequest*) {
  field("command", m.command);
}

template <typename F>
void fields(F& field, auto& m, const Triggered*) {
  field("numbers", m.numbers);
  field("texts", m.texts);
  field("performed", m.performed);
}

template <typename F>
void fields(F& field, auto& m, const Failed*) {
  field("message", m.message);
}

}  // namespace

template <typename Message>
Frame to_frame(const Message& message, std::string blob) {
  Writer writer;
  fields(writer, message, &message);
  return Frame{Message::kType, writer.take(), std::move(blob)};
}

template <typename Message>
Result<Message> from_frame(const Frame& frame) {
  if (frame.type != Message::kType) {
    return Error{
        fmt::format("'{}' where '{}' was due", to_string(frame.type), to_string(Message::kType))};
  }
  Message message;
  Reader reader(frame);
  fields(reader, message, &message);
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return message;
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
