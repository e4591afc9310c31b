// Any bytes as a stream of frames: as they are, and as frames whose lengths and checksums are
// right, which nobody guesses. What is read as a message is written as it was.
#include <algorithm>
#include <type_traits>

#include "base/testing/fuzz_target.h"
#include "guest/line_splitter.h"
#include "guest/messages.h"

namespace bpfmatrix {
namespace {

void append(std::string& bytes, std::uint64_t value, std::size_t size) {
  bytes.append(reinterpret_cast<const char*>(&value), size);
}

std::size_t take_number(std::string_view& bytes, std::size_t size) {
  std::size_t value = 0;
  for (const char c : bytes.substr(0, size)) value = value << 8 | static_cast<unsigned char>(c);
  bytes.remove_prefix(std::min(size, bytes.size()));
  return value;
}

std::string_view take(std::string_view& bytes, std::size_t size) {
  const std::string_view taken = bytes.substr(0, size);
  bytes.remove_prefix(taken.size());
  return taken;
}

/// Of each frame the input has its type (one byte), the lengths of JSON and blob (two and one), and
/// these two.
std::string as_frames(std::string_view bytes) {
  std::string stream;
  for (std::uint32_t sequence = 0; !bytes.empty(); ++sequence) {
    const std::size_t type = take_number(bytes, 1);
    const std::size_t json_bytes = take_number(bytes, 2);
    const std::size_t blob_bytes = take_number(bytes, 1);
    const std::string_view json = take(bytes, json_bytes);
    const std::string_view blob = take(bytes, blob_bytes);
    std::string frame("BPMX");
    append(frame, kProtocolVersion, 2);
    append(frame, type, 2);
    append(frame, sequence, 4);
    append(frame, json.size(), 4);
    append(frame, blob.size(), 4);
    append(frame, crc32c(frame), 4);
    append(frame, crc32c(blob, crc32c(json)), 4);
    stream.append(frame).append(json).append(blob);
  }
  return stream;
}

template <typename Message>
void try_message(const Frame& frame) {
  const Result<Message> message = from_frame<Message>(frame);
  if (!message) return;
  const Frame again = to_frame(*message, frame.blob);
  if constexpr (std::is_same_v<Message, Inventory>) {
    // Its JSON is in the blob, where spaces and the order of keys count for nothing.
    const Result<Json> blob = parse_json(frame.blob, "blob");
    const Result<Json> written = parse_json(again.blob, "blob");
    return require(blob && written && *blob == *written, "an inventory is written as it was read");
  }
  require(again.header == frame.header && again.blob == frame.blob,
          "a message is written as it was read");
}

void try_frame(const Frame& frame) {
  require(frame.header.is_object(), "a frame's JSON is an object");
  const Result<std::string> bytes = Encoder().encode(frame);
  if (bytes) {
    Decoder decoder;
    decoder.feed(*bytes);
    const auto again = decoder.next();
    require(again && *again && (*again)->header == frame.header && (*again)->blob == frame.blob,
            "a frame is read as it was written");
  }
  const auto each = [&frame]<typename... Messages>() { (try_message<Messages>(frame), ...); };
  each.template operator()<Hello, PutFile, Stored, ReadFile, FileEnd, RunRequest, Exited, Input,
                           Park, Write, TriggerRequest, Triggered, Inventory, Refresh, Failed>();
}

/// In pieces, as a channel gives it.
void try_stream(std::string_view bytes) {
  constexpr std::size_t kPiece = 37;
  Decoder decoder;
  for (;;) {
    const auto frame = decoder.next();
    if (!frame) return require(!decoder.next(), "a stream that is broken stays so");
    if (*frame) {
      try_frame(**frame);
    } else if (bytes.empty()) {
      return;
    } else {
      decoder.feed(take(bytes, kPiece));
    }
  }
}

void try_lines(std::string_view bytes) {
  LineSplitter lines(16);
  std::size_t kept = 0;
  const auto count = [&kept](std::string_view line) {
    require(line.size() <= 16, "a line is no longer than its limit");
    kept += line.size() + 1;
  };
  for (std::string_view rest = bytes; !rest.empty();) lines.feed(take(rest, 5), count);
  lines.finish(count);
  require(kept + lines.dropped_bytes() <= bytes.size() + 1, "no more comes out than went in");
}

void try_protocol(std::string_view bytes) {
  try_stream(bytes);
  try_stream(as_frames(bytes));
  try_lines(bytes);
}

std::string as_seed(const Frame& frame) {
  const std::string json = frame.header.empty() ? "" : json_text(frame.header);
  std::string seed{static_cast<char>(frame.type), static_cast<char>(json.size() >> 8),
                   static_cast<char>(json.size()), static_cast<char>(frame.blob.size())};
  return seed + json + frame.blob;
}

std::vector<std::string> seeds() {
  const std::vector<Frame> frames{
      to_frame(Hello{"0.1.0", "6.1.0-50", "x86_64", 1855, "quiet", "virtio", 4111222, {"a"}}),
      to_frame(PutFile{"/run/bpfmatrix/x", 0755, 12}, "bytes"),
      to_frame(Stored{12, 0xffffffff}),
      to_frame(ReadFile{"/proc/kallsyms", 99}),
      to_frame(FileEnd{5, true}),
      to_frame(RunRequest{.argv = {"/x"}, .environment = {{"A", ""}}, .capabilities = {"CAP_BPF"}}),
      to_frame(Exited{.signal = 9, .leftovers = {"pins"}}),
      to_frame(Inventory{.programs = {{1, 2, "a", 3}}, .maps = {4}, .links = {{{6, 7, 1}}}}),
      to_frame(Input{true}),
      to_frame(Park{{"/loader"}}),
      to_frame(Write{"/proc/sysrq-trigger"}),
      to_frame(TriggerRequest{{"/init", "-x"}}),
      to_frame(Triggered{{{"pid", 12}}, {{"comm", "trig"}}, {{"connect", -115}}}),
      to_frame(Refresh{1'700'000'000, "random"}),
      to_frame(Failed{"no such file"}),
  };
  std::vector<std::string> all;
  std::string one_stream;
  for (const Frame& frame : frames) {
    all.push_back(as_seed(frame));
    one_stream += all.back();
  }
  all.push_back(one_stream);
  return all;
}

const FuzzTarget target("protocol", try_protocol, seeds);

}  // namespace
}  // namespace bpfmatrix
