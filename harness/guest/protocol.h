// What host and agent say to each other, frame by frame, over one byte stream. Compiled on both
// sides. A frame is
//
//     0  magic "BPMX"         8  sequence number      20  CRC32C of bytes 0 to 19
//     4  protocol version    12  bytes of JSON        24  CRC32C of the payload
//     6  type                16  bytes of blob        28  JSON, then blob
//
// all numbers little-endian. No JSON is an empty object. Each side counts its frames from 0, and
// again from 0 after a `park`: what comes then is a new talk, with another host perhaps. A stream
// that breaks any of this is broken for good: there is no search for the next good frame, because a
// lost frame could make a wrong result out of a right one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/words.h"

namespace bpfmatrix {

inline constexpr std::uint16_t kProtocolVersion = 2;
inline constexpr std::size_t kFrameHeaderBytes = 28;
inline constexpr std::size_t kMaxJsonBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMaxFrameBytes = std::size_t{1} << 20;
/// What does not fit into one blob travels in chunks of this size.
inline constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

enum class FrameType : std::uint16_t {
  hello = 1,
  stored,
  file_chunk,
  file_end,
  out,
  err,
  exited,
  done,
  triggered,
  inventory,
  failed,
  put_file,
  read_file,
  run,
  input,
  write,
  trigger,
  take_inventory,
  park,
  refresh,
  shutdown,
};
inline constexpr Word<FrameType> kFrameTypeWords[] = {
    // guest to host
    {FrameType::hello, "hello", "first: who is there"},
    {FrameType::stored, "stored", "answer to put_file"},
    {FrameType::file_chunk, "file_chunk", "both ways: a piece of a file, in the blob"},
    {FrameType::file_end, "file_end", "answer to read_file, after its chunks"},
    {FrameType::out, "out", "what the child wrote to standard output, in the blob"},
    {FrameType::err, "err", "the same for standard error"},
    {FrameType::exited, "exited", "answer to run, after all of its output"},
    {FrameType::done, "done", "answer to write and shutdown"},
    {FrameType::triggered, "triggered", "answer to trigger: what was done, and the truth about it"},
    {FrameType::inventory, "inventory", "answer to take_inventory, in the blob"},
    {FrameType::failed, "failed", "answer in place of any other: the agent could not do it"},
    // host to guest
    {FrameType::put_file, "put_file", "followed by chunks, answered by stored"},
    {FrameType::read_file, "read_file", "answered by chunks and file_end"},
    {FrameType::run, "run",
     "answered by out, err and exited; its blob is the child's standard input"},
    {FrameType::input, "input", "while a child runs: more standard input, no answer"},
    {FrameType::write, "write", "write the blob to a file of the guest, also while a child runs"},
    {FrameType::trigger, "trigger",
     "make the standard system calls, also while a child runs; answered by triggered"},
    {FrameType::take_inventory, "take_inventory",
     "list what of BPF the kernel holds, while a child runs"},
    {FrameType::park, "park",
     "answered by done: this talk is over, the next frame will be a refresh"},
    {FrameType::refresh, "refresh",
     "answered by hello: a clone gets its own time, and in the blob random bytes"},
    {FrameType::shutdown, "shutdown", "power off"},
};
constexpr const auto& words_of(FrameType) { return kFrameTypeWords; }

struct Frame {
  FrameType type = FrameType::hello;
  /// Always an object.
  Json header = Json::object();
  std::string blob{};
};

/// CRC-32C (Castagnoli, as in RFC 3720), going on from `crc`.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);

/// Turns frames into bytes and counts them.
class Encoder {
 public:
  /// Error: the frame is larger than the limits above.
  Result<std::string> encode(const Frame& frame);
  /// A frame went that another encoder made.
  void skip() { ++sequence_; }

 private:
  std::uint32_t sequence_ = 0;
};

/// Turns bytes into frames, however they are cut. Holds at most one frame and what was fed last.
class Decoder {
 public:
  void feed(std::string_view bytes);
  /// The next whole frame; nothing while bytes are missing. Error: the stream is broken, and stays
  /// so.
  Result<std::optional<Frame>> next();
  /// True between frames: a stream that ends here ends whole.
  bool between_frames() const { return buffer_.size() == taken_; }

 private:
  Result<std::optional<Frame>> decode();

  std::string buffer_{};
  std::size_t taken_ = 0;
  std::uint32_t sequence_ = 0;
  std::optional<Error> broken_{};
};

}  // namespace bpfmatrix
