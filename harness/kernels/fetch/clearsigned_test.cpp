#include "kernels/fetch/clearsigned.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

class Clearsigned : public testing::Test {
 protected:
  Clearsigned() { key_.export_to(keyring()); }

  std::filesystem::path keyring() const { return dir_->path() / "keyring.gpg"; }
  Result<SignedText> verify(std::string_view bytes) const {
    return verify_clearsigned(bytes, "InRelease", keyring());
  }

  Result<TempDir> dir_ = TempDir::create();
  FakeKey key_{};
};

TEST_F(Clearsigned, gives_the_text_and_who_signed_it) {
  const auto text = verify(key_.clearsign("Suite: a\n- dashed\n"));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(text->text, "Suite: a\n- dashed\n");
  EXPECT_EQ(text->fingerprint.size(), 40U);
  EXPECT_EQ(text->signer, "Test Archive <archive@example.invalid>");
}

TEST_F(Clearsigned, a_changed_text_is_a_bad_signature) {
  std::string bytes = key_.clearsign("Suite: a\n");
  bytes[bytes.find("Suite: a") + 7] = 'b';
  const auto text = verify(bytes);
  ASSERT_FALSE(text);
  EXPECT_TRUE(text.error().message.starts_with("signature of 'InRelease': bad signature by key "))
      << text.error().message;
}

TEST_F(Clearsigned, a_key_that_is_not_in_the_keyring_does_not_count) {
  const FakeKey other;
  const auto text = verify(other.clearsign("Suite: a\n"));
  ASSERT_FALSE(text);
  EXPECT_TRUE(text.error().message.ends_with("is not in the keyring")) << text.error().message;
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

}  // namespace
}  // namespace bpfmatrix
