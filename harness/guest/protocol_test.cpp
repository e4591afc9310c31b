#include "guest/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

Frame frame_of(FrameType type) {
  return Frame{type, {{"path", "/run/x"}, {"number", 7}}, std::string("blob\0with zero", 14)};
}

std::string bytes_of(const Frame& frame) { return *Encoder().encode(frame); }

/// The error of the first frame in `bytes`; empty when there is none.
std::string error_of(std::string_view bytes) {
  Decoder decoder;
  decoder.feed(bytes);
  const auto frame = decoder.next();
  return frame ? std::string() : frame.error().message;
}

/// Puts `value` at `at` and makes the header's checksum right again.
std::string forged(std::string bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
  const std::uint32_t crc = crc32c(std::string_view(bytes).substr(0, 20));
  for (std::size_t i = 0; i < 4; ++i) bytes[20 + i] = static_cast<char>(crc >> (8 * i));
  return bytes;
}

TEST(Crc32c, agrees_with_the_published_check_values) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);  // RFC 3720's polynomial, the usual check string
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c(""), 0U);
}

TEST(Crc32c, goes_on_where_it_stopped) {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(crc32c(text.substr(cut), crc32c(text.substr(0, cut))), crc32c(text)) << cut;
  }
}

TEST(Protocol, every_type_of_frame_comes_back_as_it_was_sent) {
  Encoder encoder;
  Decoder decoder;
  for (const Word<FrameType>& one : words_of(FrameType{})) {
    const Frame sent = frame_of(one.value);
    decoder.feed(*encoder.encode(sent));
    const auto received = decoder.next();
    ASSERT_TRUE(received && *received) << one.word;
    EXPECT_EQ((*received)->type, one.value);
    EXPECT_EQ((*received)->header, sent.header);
    EXPECT_EQ((*received)->blob, sent.blob);
    EXPECT_TRUE(decoder.between_frames());
  }
}

TEST(Protocol, every_type_has_a_name_of_its_own) {
  std::set<std::string_view> names;
  for (const Word<FrameType>& one : words_of(FrameType{})) names.insert(to_string(one.value));
  EXPECT_EQ(names.size(), std::size(kFrameTypeWords));
  EXPECT_FALSE(names.contains(""));
}

TEST(Protocol, frames_may_arrive_byte_by_byte_or_many_at_once) {
  Encoder encoder;
  std::string stream;
  for (const Word<FrameType>& one : words_of(FrameType{})) {
    stream += *encoder.encode(frame_of(one.value));
  }
  for (const std::size_t step : {std::size_t{1}, std::size_t{13}, stream.size()}) {
    Decoder decoder;
    std::size_t frames = 0;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      decoder.feed(std::string_view(stream).substr(at, step));
      for (auto frame = decoder.next(); frame && *frame; frame = decoder.next()) ++frames;
    }
    EXPECT_EQ(frames, std::size(kFrameTypeWords)) << step;
  }
}

TEST(Protocol, a_frame_of_the_largest_size_passes_and_one_byte_more_does_not) {
  Frame frame{FrameType::out};
  frame.blob = std::string(kMaxFrameBytes - kFrameHeaderBytes, 'x');  // no JSON: an empty object
  EXPECT_EQ(error_of(bytes_of(frame)), "");
  frame.blob += 'x';
  EXPECT_THAT(Encoder().encode(frame).error().message, HasSubstr("over the limit"));
}

TEST(Protocol, no_flip_of_a_single_bit_goes_unnoticed) {
  const std::string good = bytes_of(frame_of(FrameType::stored));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(error_of(bad), "") << "bit " << bit;
  }
}

TEST(Protocol, a_cut_frame_is_no_frame_and_no_error) {
  const std::string good = bytes_of(frame_of(FrameType::stored));
  for (std::size_t length = 0; length < good.size(); ++length) {
    Decoder decoder;
    decoder.feed(std::string_view(good).substr(0, length));
    const auto frame = decoder.next();
    ASSERT_TRUE(frame) << length;
    EXPECT_FALSE(*frame) << length;
    EXPECT_EQ(decoder.between_frames(), length == 0);
  }
}

TEST(Protocol, a_length_over_the_limit_is_refused_before_anything_is_waited_for) {
  const std::string good = bytes_of(frame_of(FrameType::out)).substr(0, kFrameHeaderBytes);
  for (const std::uint32_t length : {std::uint32_t{kMaxFrameBytes}, 0x7fffffffU, 0xffffffffU}) {
    EXPECT_THAT(error_of(forged(good, 12, length)), HasSubstr("over the limit"));
    EXPECT_THAT(error_of(forged(good, 16, length)), HasSubstr("over the limit"));
  }
}

TEST(Protocol, another_version_is_named_and_hinted_at) {
  std::string bytes = bytes_of(frame_of(FrameType::hello));
  bytes[4] = 9;
  Decoder decoder;
  decoder.feed(bytes);
  const auto frame = decoder.next();
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().message, "protocol version 9, wanted 2");
  EXPECT_EQ(frame.error().hint, "host and guest agent must come from the same build");
}

TEST(Protocol, an_unknown_type_is_refused) {
  const std::string bytes = bytes_of(frame_of(FrameType::hello));
  EXPECT_EQ(error_of(forged(bytes, 4, kProtocolVersion | (99U << 16))), "unknown frame type 99");
}

TEST(Protocol, a_repeated_or_missing_frame_is_noticed) {
  Encoder encoder;
  const std::string first = *encoder.encode(frame_of(FrameType::out));
  const std::string second = *encoder.encode(frame_of(FrameType::out));
  EXPECT_EQ(error_of(second), "frame 1 where 0 was due");
  Decoder decoder;
  decoder.feed(first + first);
  EXPECT_TRUE(decoder.next());
  EXPECT_EQ(decoder.next().error().message, "frame 0 where 1 was due");
}

TEST(Protocol, a_broken_stream_stays_broken) {
  Decoder decoder;
  decoder.feed("this is the console talking, not the agent");
  EXPECT_FALSE(decoder.next());
  decoder.feed(bytes_of(frame_of(FrameType::hello)));
  EXPECT_EQ(decoder.next().error().message, "not a frame: wrong magic");
}

TEST(Protocol, a_header_that_is_no_object_is_refused) {
  for (const char* json : {"[1]", "3", "nonsense", "{\"a\":1,\"a\":2}"}) {
    std::string bytes = bytes_of(Frame{FrameType::done}).substr(0, kFrameHeaderBytes);
    bytes = forged(bytes, 24, crc32c(json));
    bytes = forged(bytes, 12, static_cast<std::uint32_t>(std::string_view(json).size()));
    EXPECT_NE(error_of(bytes + json), "") << json;
  }
}

TEST(Protocol, text_that_is_no_utf8_is_escaped_and_not_thrown_over) {
  const Frame frame{FrameType::failed, {{"message", "caf\xe9"}}, {}};
  Decoder decoder;
  decoder.feed(bytes_of(frame));
  EXPECT_EQ((**decoder.next()).header["message"], "caf\\xe9");
}

TEST(Protocol, random_bytes_are_never_a_frame) {
  std::mt19937 random(20260101);
  const std::string good = bytes_of(frame_of(FrameType::run));
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    // Half of them behind a good start.
    if (round % 2 == 0) bytes.insert(0, good, 0, random() % good.size());
    Decoder decoder;
    decoder.feed(bytes);
    const auto frame = decoder.next();
    EXPECT_TRUE(!frame || !*frame);
  }
}

}  // namespace
}  // namespace bpfmatrix
