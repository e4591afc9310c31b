#include "guest/protocol.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace bpfmatrix {

namespace {

constexpr std::uint32_t kMagic = 0x584d5042;  // "BPMX"
constexpr std::size_t kHeaderCrcAt = 20;
constexpr std::size_t kPayloadCrcAt = 24;

using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

// Slicing by eight: a guest under emulation checks the 5 MB of a kernel's BTF three times faster
// than byte by byte.
constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
    tables[0][i] = crc;
  }
  for (std::size_t slice = 1; slice < tables.size(); ++slice) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[slice - 1][i];
      tables[slice][i] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr CrcTables kCrc = make_crc_tables();

template <typename T>
void put(std::string& bytes, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bytes.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i)));
  }
}

template <typename T>
T get(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return static_cast<T>(value);
}

struct Header {
  std::uint16_t type = 0;
  std::uint32_t sequence = 0;
  std::uint32_t json_bytes = 0;
  std::uint32_t blob_bytes = 0;
  std::uint32_t payload_crc = 0;

  std::size_t payload_bytes() const { return std::size_t{json_bytes} + blob_bytes; }
};

bool fits(std::size_t json_bytes, std::size_t blob_bytes) {
  return json_bytes <= kMaxJsonBytes && blob_bytes <= kMaxFrameBytes &&
         kFrameHeaderBytes + json_bytes + blob_bytes <= kMaxFrameBytes;
}

Result<Header> parse_header(std::string_view bytes) {
  if (get<std::uint32_t>(bytes, 0) != kMagic) return Error{"not a frame: wrong magic"};
  const auto version = get<std::uint16_t>(bytes, 4);
  if (version != kProtocolVersion) {
    return Error{fmt::format("protocol version {}, wanted {}", version, kProtocolVersion),
                 "host and guest agent must come from the same build"};
  }
  if (crc32c(bytes.substr(0, kHeaderCrcAt)) != get<std::uint32_t>(bytes, kHeaderCrcAt)) {
    return Error{"frame header: wrong checksum"};
  }
  Header header{get<std::uint16_t>(bytes, 6), get<std::uint32_t>(bytes, 8),
                get<std::uint32_t>(bytes, 12), get<std::uint32_t>(bytes, 16),
                get<std::uint32_t>(bytes, kPayloadCrcAt)};
  if (!fits(header.json_bytes, header.blob_bytes)) {
    return Error{fmt::format("frame of {} and {} bytes is over the limit of {}", header.json_bytes,
                             header.blob_bytes, kMaxFrameBytes)};
  }
  return header;
}

Result<FrameType> parse_type(std::uint16_t number) {
  for (const Word<FrameType>& one : words_of(FrameType{})) {
    if (static_cast<std::uint16_t>(one.value) == number) return one.value;
  }
  return Error{fmt::format("unknown frame type {}", number)};
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) {
  crc = ~crc;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    const std::uint64_t word = get<std::uint64_t>(bytes, 0) ^ crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) crc ^= kCrc[7 - i][(word >> (8 * i)) & 0xff];
  }
  for (const char c : bytes)
    crc = (crc >> 8) ^ kCrc[0][(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

Result<std::string> Encoder::encode(const Frame& frame) {
  // Text from outside (a loader's, a kernel's) need not be UTF-8.
  const std::string json = frame.header.empty() ? "" : json_text(frame.header);
  if (!fits(json.size(), frame.blob.size())) {
    return Error{fmt::format("'{}' frame of {} and {} bytes is over the limit",
                             to_string(frame.type), json.size(), frame.blob.size())};
  }
  std::string bytes;
  bytes.reserve(kFrameHeaderBytes + json.size() + frame.blob.size());
  put(bytes, kMagic);
  put(bytes, kProtocolVersion);
  put(bytes, static_cast<std::uint16_t>(frame.type));
  put(bytes, sequence_++);
  put(bytes, static_cast<std::uint32_t>(json.size()));
  put(bytes, static_cast<std::uint32_t>(frame.blob.size()));
  put(bytes, crc32c(bytes));
  put(bytes, crc32c(frame.blob, crc32c(json)));
  return bytes + json + frame.blob;
}

void Decoder::feed(std::string_view bytes) {
  if (broken_) return;
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_.append(bytes);
}

Result<std::optional<Frame>> Decoder::next() {
  if (broken_) return *broken_;
  Result<std::optional<Frame>> frame = decode();
  if (!frame) {
    broken_ = frame.error();
    buffer_ = std::string();
    taken_ = 0;
  }
  return frame;
}

Result<std::optional<Frame>> Decoder::decode() {
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  if (rest.size() < kFrameHeaderBytes) return std::optional<Frame>();
  const Result<Header> header = parse_header(rest);
  if (!header) return header.error();
  if (rest.size() < kFrameHeaderBytes + header->payload_bytes()) return std::optional<Frame>();

  const std::string_view payload = rest.substr(kFrameHeaderBytes, header->payload_bytes());
  if (crc32c(payload) != header->payload_crc) return Error{"frame payload: wrong checksum"};
  if (header->sequence != sequence_) {
    return Error{fmt::format("frame {} where {} was due", header->sequence, sequence_)};
  }
  const Result<FrameType> type = parse_type(header->type);
  if (!type) return type.error();
  Result<Json> json = header->json_bytes == 0
                          ? Json::object()
                          : parse_json(payload.substr(0, header->json_bytes), to_string(*type));
  if (!json) return std::move(json).error();
  if (!json->is_object()) return Error{fmt::format("'{}': wanted an object", to_string(*type))};

  taken_ += kFrameHeaderBytes + payload.size();
  ++sequence_;
  return std::optional(
      Frame{*type, *std::move(json), std::string(payload.substr(header->json_bytes))});
}

}  // namespace bpfmatrix
