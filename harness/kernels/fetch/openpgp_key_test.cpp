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

std::string fingerprint_in(const std::string& armoured) {
  const auto key = read_armoured_key(armoured);
  return key ? key->primary.fingerprint : key.error().message;
}

TEST(OpenpgpKey, tells_the_fingerprint_that_gnupg_tells) {
  for (const char* algorithm : {"ed25519", "rsa2048"}) {
    const FakeKey key({.algorithm = algorithm});
    EXPECT_EQ(fingerprint_in(armoured(key)), key.fingerprint());
  }
}

TEST(OpenpgpKey, the_keys_of_the_catalog_are_what_their_names_say) {
  int keys = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(BPFMATRIX_SOURCE_DIR "/kernels/keys")) {
    const auto found = read_armoured_key(*read_file(file.path(), 64 << 10));
    ASSERT_TRUE(found) << file.path() << ": " << found.error().message;
    EXPECT_EQ(found->primary.fingerprint, file.path().stem());
    EXPECT_FALSE(weakness(*found)) << file.path();
    ++keys;
  }
  EXPECT_GE(keys, 1);
}

TEST(OpenpgpKey, refuses_two_keys_and_what_is_no_key) {
  const std::string one = armoured(FakeKey());
  EXPECT_EQ(read_armoured_key(one + armoured(FakeKey())).error().message,
            "not one armoured OpenPGP public key");
  EXPECT_FALSE(read_armoured_key(""));
  EXPECT_FALSE(read_armoured_key(one.substr(0, one.size() / 2)));
  EXPECT_FALSE(read_armoured_key("-----END PGP PUBLIC KEY BLOCK-----" + one.substr(0, 60)));
}

TEST(OpenpgpKey, a_damaged_key_is_refused_or_another) {
  const std::string good = armoured(FakeKey());
  const std::string fingerprint = fingerprint_in(good);
  for (std::size_t at = good.find("\n\n") + 2; at < good.size(); at += 3) {
    for (const char c : {'A', '/', '!', '\n'}) {
      std::string bad = good;
      bad[at] = c;
      (void)read_armoured_key(bad);
    }
    (void)read_armoured_key(good.substr(0, at) + good.substr(good.find("=")));
  }
  EXPECT_EQ(fingerprint_in(good), fingerprint);
}

std::string exported(const std::vector<const FakeKey*>& keys) {
  const auto folder = TempDir::create();
  std::string bytes;
  for (const FakeKey* key : keys) {
    key->export_to(folder->path() / "key");
    bytes += *read_file(folder->path() / "key", 64 << 10);
  }
  return bytes;
}

TEST(Keyring, has_each_key_with_its_own_packets_strength_and_times) {
  const FakeKey curve({.made = "20170101T000000", .expires = "20200101T000000"});
  const FakeKey rsa({.algorithm = "rsa2048", .made = "20190503T000000"});
  const auto keys = read_keyring(exported({&curve, &rsa}));
  ASSERT_TRUE(keys) << keys.error().message;
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ((*keys)[0].primary.fingerprint, curve.fingerprint());
  EXPECT_EQ((*keys)[0].packets, exported({&curve}));
  EXPECT_EQ((*keys)[0].primary.made.time_since_epoch(), std::chrono::seconds(1483228800));
  // gpg takes the day, and noon of it.
  EXPECT_EQ(std::chrono::floor<std::chrono::days>(*(*keys)[0].expires).time_since_epoch(),
            std::chrono::days(18262));
  EXPECT_EQ((*keys)[1].primary.fingerprint, rsa.fingerprint());
  EXPECT_EQ((*keys)[1].primary.algorithm, 1);
  EXPECT_EQ((*keys)[1].primary.bits, 2048U);
  EXPECT_FALSE((*keys)[1].expires);
}

TEST(Keyring, the_newest_signature_of_a_key_on_itself_says_when_it_expires) {
  const FakeKey key({.made = "20170101T000000", .signs = "20190101T000000"});
  key.end_at("20210101T000000");
  const auto keys = read_keyring(exported({&key}));
  ASSERT_TRUE(keys && keys->size() == 1);
  EXPECT_EQ(std::chrono::floor<std::chrono::days>(*keys->front().expires).time_since_epoch(),
            std::chrono::days(18628));
}

TEST(Keyring, rsa_and_dsa_under_2048_bits_are_weak) {
  for (const auto& [algorithm, wanted] :
       std::vector<std::pair<std::string, std::string>>{{"rsa1024", "RSA of 1024 bits"},
                                                        {"dsa1024", "DSA of 1024 bits"},
                                                        {"rsa2048", ""},
                                                        {"ed25519", ""},
                                                        {"nistp256", ""}}) {
    const FakeKey key({.algorithm = algorithm});
    EXPECT_EQ(weakness(*read_armoured_key(armoured(key))).value_or(""), wanted) << algorithm;
  }
}

TEST(Keyring, a_weak_subkey_that_can_sign_makes_it_weak) {
  KeyBlock key{.primary = {.algorithm = 1, .bits = 4096}};
  key.subkeys = {{.algorithm = 16, .bits = 1024}};
  EXPECT_FALSE(weakness(key)) << "it only encrypts";
  key.subkeys.push_back({.algorithm = 1, .bits = 1024});
  EXPECT_EQ(weakness(key), "a subkey: RSA of 1024 bits");
  key.subkeys = {{.algorithm = 99}};
  EXPECT_EQ(weakness(key), "a subkey: algorithm 99, which is not known");
}

TEST(Keyring, damage_anywhere_is_an_error_or_another_key) {
  const FakeKey key;
  const std::string good = exported({&key});
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0xff);
    (void)read_keyring(bad);
    (void)read_keyring(std::string_view(good).substr(0, at));
  }
  EXPECT_EQ(read_keyring("text").error().message, "not a keyring: malformed packets");
  EXPECT_TRUE(read_keyring("")->empty());
}

TEST(SignatureTime, is_the_one_that_the_signature_covers) {
  // Version 3, and version 4 with a second time in the part that nobody signed.
  EXPECT_EQ(signature_time("iBUDBQBdGrrqBbVVs4SDxl0BCgAAAAA=")->time_since_epoch(),
            std::chrono::seconds(0x5d1abaea));
  EXPECT_EQ(signature_time("iBgEAAEIAAYFAl0auuoABgUCAAAAAQAAAAA=")->time_since_epoch(),
            std::chrono::seconds(0x5d1abaea));
}

TEST(SignatureTime, of_what_is_no_signature_is_an_error) {
  for (const char* text : {"", "(none)", "AAAA", "iBUDBQBdGrrq", "iAA=", "iBYEAAEIAAYFAl0auuoA"}) {
    EXPECT_FALSE(signature_time(text)) << text;
  }
  // Only in the part that nobody signed.
  EXPECT_FALSE(signature_time("iBIEAAEIAAAABgUCAAAAAQAAAAA="));
}

}  // namespace
}  // namespace bpfmatrix
