#include "kernels/archive/decompress.h"

#include <gtest/gtest.h>

#include <string>

#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

struct Unpacked {
  std::string bytes{};
  Result<> result{};
};

Unpacked collect(std::string_view packed, std::uint64_t limit) {
  Unpacked collected;
  collected.result = decompress(packed, limit, [&](std::string_view piece) -> Result<> {
    collected.bytes.append(piece);
    return {};
  });
  return collected;
}

TEST(Decompress, gives_back_what_was_packed) {
  const std::string text(1 << 20, 'x');
  for (const Packing packing : {Packing::none, Packing::gzip, Packing::bzip2, Packing::lzma,
                                Packing::xz, Packing::lz4, Packing::zstd}) {
    const Unpacked collected = collect(pack(text, packing), text.size());
    ASSERT_TRUE(collected.result) << collected.result.error().message;
    EXPECT_EQ(collected.bytes, text);
  }
}

TEST(Decompress, stops_at_the_limit) {
  const Unpacked collected = collect(pack(std::string(1 << 20, 'x'), Packing::xz), 1000);
  ASSERT_FALSE(collected.result);
  EXPECT_EQ(collected.result.error().message, "holds more than the limit of 1000 bytes");
}

TEST(Decompress, says_when_the_stream_ends_early) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += std::to_string(i * 7919);
  for (const Packing packing : {Packing::gzip, Packing::bzip2, Packing::xz, Packing::zstd}) {
    const std::string packed = pack(text, packing);
    EXPECT_FALSE(collect(packed.substr(0, packed.size() / 2), 1 << 20).result)
        << static_cast<int>(packing);
  }
}

TEST(Decompress, the_sinks_error_ends_it) {
  const auto result =
      decompress("abc", 10, [](std::string_view) -> Result<> { return Error{"disk full"}; });
  EXPECT_EQ(result.error().message, "disk full");
}

}  // namespace
}  // namespace bpfmatrix
