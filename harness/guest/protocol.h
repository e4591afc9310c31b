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

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace bpfmatrix {

inline constexpr std::uint16_t kProtocolVersion = 1;
inline constexpr std::size_t kFrameHeaderBytes = 28;
inline constexpr std::size_t kMaxJsonBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMaxFrameBytes = std::size_t{1} << 20;
/// What does not fit into one blob travels in chunks of this size.
inline constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

enum class FrameType : std::uint16_t {
  // guest to host
  hello = 1,   ///< first: who is there
  stored,      ///< answer to put_file
  file_chunk,  ///< both ways: a piece of a file, in the blob
  file_end,    ///< answer to read_file, after its chunks
  out,         ///< what the child wrote to standard output, in the blob
  err,         ///< the same for standard error
  exited,      ///< answer to run, after all of its output
  done,        ///< answer to write and shutdown
  triggered,   ///< answer to trigger: what was done, and the truth about it
  failed,      ///< answer in place of any other: the agent could not do it
  // host to guest
  put_file,   ///< followed by chunks, answered by stored
  read_file,  ///< answered by chunks and file_end
  run,        ///< answered by out, err and exited; its blob is the child's standard input
  input,      ///< while a child runs: more standard input, no answer
  write,      ///< write the blob to a file of the guest, also while a child runs
  trigger,    ///< make the standard system calls, also while a child runs; answered by triggered
  park,       ///< answered by done: this talk is over, the next frame will be a refresh
  refresh,    ///< answered by hello: a clone gets its own time, and in the blob random bytes
  shutdown,   ///< power off
};
inline constexpr std::array kFrameTypes{
    FrameType::hello,     FrameType::stored,  FrameType::file_chunk, FrameType::file_end,
    FrameType::out,       FrameType::err,     FrameType::exited,     FrameType::done,
    FrameType::triggered, FrameType::failed,  FrameType::put_file,   FrameType::read_file,
    FrameType::run,       FrameType::input,   FrameType::write,      FrameType::trigger,
    FrameType::park,      FrameType::refresh, FrameType::shutdown};

std::string_view to_string(FrameType type);

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
