#include "kernels/fetch/openpgp_key.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

std::string armoured(const FakeKey& key) {
  const auto folder = TempDir::create();
  key.export_armoured_to(folder->path() / "key");
  return *read_file(folder->path() / "key", 64 << 10);
}

TEST(OpenpgpKey, tells_the_fingerprint_that_gnupg_tells) {
  for (const char* algorithm : {"ed25519", "rsa2048"}) {
    const FakeKey key({.algorithm = algorithm});
    const auto found = key_fingerprint(armoured(key));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(*found, key.fingerprint());
  }
}

TEST(OpenpgpKey, the_keys_of_the_catalog_are_what_their_names_say) {
  int keys = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(BPFMATRIX_SOURCE_DIR "/kernels/keys")) {
    const auto found = key_fingerprint(*read_file(file.path(), 64 << 10));
    ASSERT_TRUE(found) << file.path() << ": " << found.error().message;
    EXPECT_EQ(*found, file.path().stem());
    ++keys;
  }
  EXPECT_GE(keys, 1);
}

TEST(OpenpgpKey, refuses_two_keys_and_what_is_no_key) {
  const std::string one = armoured(FakeKey());
  EXPECT_EQ(key_fingerprint(one + armoured(FakeKey())).error().message,
            "not one armoured OpenPGP public key");
  EXPECT_FALSE(key_fingerprint(""));
  EXPECT_FALSE(key_fingerprint(one.substr(0, one.size() / 2)));
  EXPECT_FALSE(key_fingerprint("-----END PGP PUBLIC KEY BLOCK-----" + one.substr(0, 60)));
}

TEST(OpenpgpKey, a_damaged_key_is_refused_or_another) {
  const std::string good = armoured(FakeKey());
  const std::string fingerprint = *key_fingerprint(good);
  for (std::size_t at = good.find("\n\n") + 2; at < good.size(); at += 3) {
    for (const char c : {'A', '/', '!', '\n'}) {
      std::string bad = good;
      bad[at] = c;
      (void)key_fingerprint(bad);
    }
    (void)key_fingerprint(good.substr(0, at) + good.substr(good.find("=")));
  }
  EXPECT_EQ(*key_fingerprint(good), fingerprint);
}

}  // namespace
}  // namespace bpfmatrix
