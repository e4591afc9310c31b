#include "base/sha256.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

// The examples of FIPS 180-2.
constexpr char kEmpty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, known_answers) {
  EXPECT_EQ(sha256_hex(""), kEmpty);
  EXPECT_EQ(sha256_hex("abc"), kAbc);
}

TEST(Sha256, in_pieces_and_from_a_file_it_is_the_same) {
  Sha256 hash;
  hash.update("a");
  hash.update("bc");
  EXPECT_EQ(hash.finish(), kAbc);
  const Result<TempDir> dir = TempDir::create();
  ASSERT_TRUE(write_file(dir->path() / "f", "abc"));
  EXPECT_EQ(*sha256_file(dir->path() / "f"), kAbc);
}

TEST(Sha256, a_file_beyond_the_limit_is_refused_before_it_is_read) {
  const Result<TempDir> dir = TempDir::create();
  const auto sparse = dir->path() / "sparse";
  ASSERT_TRUE(write_file(sparse, ""));
  std::filesystem::resize_file(sparse, std::uint64_t{100} << 30);
  const Result<std::string> hash = sha256_file(sparse);
  ASSERT_FALSE(hash);
  EXPECT_EQ(hash.error().message,
            "'" + sparse.string() + "': larger than the limit of 8589934592 bytes");
}

TEST(Sha256, knows_what_a_hash_looks_like) {
  EXPECT_TRUE(is_sha256(kAbc));
  EXPECT_FALSE(is_sha256("abc"));
  EXPECT_FALSE(is_sha256(std::string(64, 'g')));
  EXPECT_FALSE(is_sha256(std::string(64, 'A')));
}

}  // namespace
}  // namespace bpfmatrix
