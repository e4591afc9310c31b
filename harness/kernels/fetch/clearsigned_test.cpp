#include "kernels/fetch/clearsigned.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/confinement.h"
#include "base/file.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

class Clearsigned : public testing::Test {
 protected:
  Clearsigned() { key_.export_to(keyring()); }

  std::filesystem::path keyring() const { return dir_->path() / "keyring.gpg"; }
  Result<SignedText> verify(std::string_view bytes) const {
    return verify_clearsigned(bytes, "InRelease", {keyring(), {fingerprint_}});
  }

  Result<TempDir> dir_ = TempDir::create();
  FakeKey key_{};
  std::string fingerprint_ = key_.fingerprint();
};

TEST_F(Clearsigned, gives_the_text_and_who_signed_it) {
  const auto text = verify(key_.clearsign("Suite: a\n- dashed\n"));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(text->text, "Suite: a\n- dashed\n");
  ASSERT_EQ(text->signatures.size(), 1U);
  EXPECT_EQ(text->signatures[0].fingerprint, fingerprint_);
  EXPECT_EQ(text->signatures[0].signer, "Test Archive <archive@example.invalid>");
  EXPECT_FALSE(text->signatures[0].key_expired);
}

TEST_F(Clearsigned, a_changed_text_is_a_bad_signature) {
  std::string bytes = key_.clearsign("Suite: a\n");
  bytes[bytes.find("Suite: a") + 7] = 'b';
  const auto text = verify(bytes);
  ASSERT_FALSE(text);
  EXPECT_TRUE(text.error().message.starts_with("signature of 'InRelease': bad signature by key "))
      << text.error().message;
}

TEST_F(Clearsigned, a_key_that_is_not_named_does_not_count_though_the_keyring_has_it) {
  const FakeKey other;
  other.export_to(dir_->path() / "other");
  const std::string both =
      *read_file(keyring(), 1 << 20) + *read_file(dir_->path() / "other", 1 << 20);
  ASSERT_TRUE(write_file(keyring(), both));
  const auto text = verify(other.clearsign("Suite: a\n"));
  ASSERT_FALSE(text);
  EXPECT_TRUE(text.error().message.ends_with("is not one that may sign")) << text.error().message;
  EXPECT_EQ(text.error().hint, "only what one of these keys signed is accepted: " + fingerprint_);
  EXPECT_TRUE(verify(key_.clearsign("Suite: a\n")));
}

TEST_F(Clearsigned, a_keyring_without_the_named_keys_is_an_error_of_its_own) {
  const std::string wanted(40, 'A');
  const auto text = verify_clearsigned(key_.clearsign("a\n"), "R", {keyring(), {wanted}});
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message, "signature of 'R': keyring '" + keyring().string() +
                                      "': has none of the keys that may sign: " + wanted);
}

TEST_F(Clearsigned, a_weak_key_signs_only_what_is_pinned) {
  const FakeKey weak({.algorithm = "rsa1024"});
  weak.export_to(keyring());
  TrustedKeys keys{keyring(), {weak.fingerprint()}};
  const std::string bytes = weak.clearsign("Suite: a\n");
  const auto text = verify_clearsigned(bytes, "R", keys);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message, "signature of 'R': keyring '" + keyring().string() + "': key " +
                                      weak.fingerprint() +
                                      ": RSA of 1024 bits; wanted 2048 bits or more");
  EXPECT_NE(text.error().hint.find("release_sha256"), std::string::npos);
  keys.may_be_weak = true;
  EXPECT_TRUE(verify_clearsigned(bytes, "R", keys));
}

TEST_F(Clearsigned, the_times_of_signature_and_key_are_told) {
  const FakeKey old(
      {.made = "20170101T000000", .expires = "20200101T000000", .signs = "20181119T180000"});
  old.export_to(keyring());
  const auto text = verify_clearsigned(old.clearsign("a\n"), "R", {keyring(), {old.fingerprint()}});
  ASSERT_TRUE(text) << text.error().message;
  const Signature& signature = text->signatures.front();
  EXPECT_EQ(signature.made.time_since_epoch(), std::chrono::seconds(1542650400));
  ASSERT_TRUE(signature.key_expired);
  EXPECT_EQ(std::chrono::floor<std::chrono::days>(*signature.key_expired).time_since_epoch(),
            std::chrono::days(18262));
}

TEST_F(Clearsigned, what_is_no_keyring_is_named) {
  ASSERT_TRUE(write_file(keyring(), "text"));
  const auto text = verify(key_.clearsign("Suite: a\n"));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message, "signature of 'InRelease': keyring '" + keyring().string() +
                                      "': not a keyring: malformed packets");
}

TEST_F(Clearsigned, text_without_a_signature_is_refused) {
  EXPECT_EQ(verify("Suite: a\n").error().message,
            "signature of 'InRelease': not one whole signed text");
  EXPECT_FALSE(verify(""));
}

TEST_F(Clearsigned, status_lines_in_the_text_forge_nothing) {
  const FakeKey other;
  const auto text =
      verify(other.clearsign("[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG 0E98404D386FA1D9 Debian\n"
                             "[GNUPG:] VALIDSIG A 2025-08-09 1754731018 0 4 0 1 8 01 "
                             "1F89983E0081FDE018F3CC9673A4F27B8DD47936\n"));
  EXPECT_FALSE(text);
}

TEST_F(Clearsigned, only_one_whole_signed_text_and_nothing_around_it_is_taken) {
  const std::string good = key_.clearsign("Suite: a\n");
  EXPECT_FALSE(verify("Suite: evil\n" + good));
  EXPECT_FALSE(verify(good + "Suite: evil\n"));
  EXPECT_FALSE(verify(good + good));
  for (std::size_t size = 0; size < good.size() - 2; size += 37) {
    EXPECT_FALSE(verify(good.substr(0, size))) << size;
  }
}

TEST_F(Clearsigned, a_missing_keyring_says_what_to_install) {
  std::filesystem::remove(keyring());
  const auto text = verify(key_.clearsign("Suite: a\n"));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message,
            "keyring '" + keyring().string() + "': not there; signatures cannot be checked");
  EXPECT_EQ(text.error().hint, "install the package 'debian-archive-keyring'");
}

TEST_F(Clearsigned, a_missing_gpgv_says_what_to_install) {
  const std::string bytes = key_.clearsign("Suite: a\n");
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const auto text = verify(bytes);
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().hint, "install the package 'gpgv'");
}

/// One that says yes to everything, from a place that the confined child may not even read.
TEST_F(Clearsigned, gpgv_is_confined_to_the_text_and_the_keys) {
  if (!ChildCage(Confinement{}).guards_files()) return;  // this kernel has no Landlock
  const std::string bytes = key_.clearsign("Suite: a\n");
  const std::filesystem::path fake = dir_->path() / "gpgv";
  ASSERT_TRUE(write_file(fake,
                         "#!/bin/sh\necho '[GNUPG:] GOODSIG A B'\n"
                         "echo '[GNUPG:] VALIDSIG A B 1 0 4 0 1 8 01 A'\n"
                         "echo 'Suite: evil' > text\n"));
  std::filesystem::permissions(fake, std::filesystem::perms::owner_all);
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", (dir_->path().string() + ":" + path).c_str(), 1);
  const auto text = verify(bytes);
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().message.find("Permission denied"), std::string::npos)
      << text.error().message;
}

}  // namespace
}  // namespace bpfmatrix
