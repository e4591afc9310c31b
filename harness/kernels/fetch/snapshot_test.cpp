#include "kernels/fetch/snapshot.h"

#include <gtest/gtest.h>

#include "kernels/find/fetch_kernel.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTime = "20181120T000000Z";

std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// From now to `hours` after the snapshot.
std::chrono::seconds after_snapshot(std::chrono::hours hours) {
  return *parse_snapshot_time(kTime) + hours - now();
}

/// Its key was made before the snapshot and has expired since.
class Snapshot : public testing::Test {
 protected:
  Snapshot() {
    publish({.date = after_snapshot(-6h), .valid_until = after_snapshot(162h)});
    options_.archives.snapshots = options_.mirror;
  }

  void publish(const FakeRelease& release) { archive_.publish(classic_kernel(), release); }
  Result<Kernel> fetch(const std::string& snapshot = kTime) const {
    return fetch_kernel(
        {"sid-4.18-x86_64", Arch::x86_64,
         DebSource{"bookworm", "linux-image-cloud-amd64", "test.gpg", snapshot, keys_}},
        options_);
  }
  void expect_refused(const std::string& wanted) const {
    const auto kernel = fetch();
    ASSERT_FALSE(kernel);
    EXPECT_NE(kernel.error().message.find(wanted), std::string::npos) << kernel.error().message;
  }

  FakeArchive archive_{
      std::string("/") + kTime,
      {.made = "20170101T000000", .expires = "20200101T000000", .signs = "20181119T180000"}};
  FetchOptions options_ = archive_.options();
  std::vector<std::string> keys_ = archive_.keys();
};

TEST(SnapshotTime, is_of_one_form) {
  EXPECT_EQ(parse_snapshot_time("19700102T030405Z"), std::chrono::sys_seconds(97445s));
  for (const char* text : {"", "20181120", "20181120T000000", "20181320T000000Z",
                           "20180230T000000Z", "20181120T240000Z", "2018-1-20T00000Z",
                           "20181120T0000 0Z", "../81120T000000Z", "20181120T000000ZZ"}) {
    EXPECT_FALSE(parse_snapshot_time(text)) << text;
  }
}

TEST_F(Snapshot, a_kernel_of_the_past_comes_though_its_release_and_key_have_expired) {
  const auto kernel = fetch();
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->release, "6.1.0-50-cloud-amd64");
  EXPECT_EQ(kernel->origin.signed_by, archive_.key().fingerprint());
  EXPECT_EQ(kernel->origin.chain[0], "the archive as of 20181120T000000Z");
  EXPECT_EQ(kernel->origin.chain.size(), 5U);
}

TEST_F(Snapshot, the_same_is_refused_as_of_today) {
  options_.mirror += std::string("/") + kTime;
  const auto stale = fetch("");
  ASSERT_FALSE(stale);
  EXPECT_NE(stale.error().message.find("stale: valid until 2018-11-26 18:00 UTC"),
            std::string::npos)
      << stale.error().message;
  publish({.date = after_snapshot(-6h), .valid_until = 0s});
  const auto kernel = fetch("");
  ASSERT_FALSE(kernel);
  EXPECT_NE(kernel.error().message.find("has expired 2020-01-01 "), std::string::npos)
      << kernel.error().message;
}

TEST_F(Snapshot, a_release_of_an_earlier_day_is_refused) {
  publish({.date = after_snapshot(-240h), .valid_until = after_snapshot(-72h)});
  expect_refused("stale: valid until 2018-11-17 00:00 UTC");
}

TEST_F(Snapshot, a_release_of_a_later_day_is_refused) {
  publish({.date = after_snapshot(72h), .valid_until = after_snapshot(240h)});
  expect_refused("dated 2018-11-23 00:00 UTC, which is in the future");
}

TEST_F(Snapshot, a_tampered_release_is_refused) {
  archive_.server().change(archive_.release_path(), [](FakePage& page) {
    page.body.replace(page.body.find("Origin: Test"), 12, "Origin: Evil");
  });
  expect_refused("bad signature");
}

TEST_F(Snapshot, a_signature_made_after_the_key_had_expired_is_refused) {
  const FakeKey key({.made = "20170101T000000", .signs = "20181119T180000"});
  archive_.serve_release(archive_.release_text(), key);
  key.end_at("20180601T000000");
  keys_ = {key.fingerprint()};
  key.export_to(archive_.keyrings() / "test.gpg");
  expect_refused(", which had expired 2018-06-01 ");
}

/// Whoever holds a key that expired in 2009 signs the state of 2018 as of 2008, when it was good.
TEST_F(Snapshot, a_signature_that_was_dated_back_to_a_time_when_its_key_was_good_is_refused) {
  const FakeKey old(
      {.made = "20060101T000000", .expires = "20090101T000000", .signs = "20080601T000000"});
  old.export_to(archive_.keyrings() / "test.gpg");
  archive_.serve_release(archive_.release_text(), old);
  keys_ = {old.fingerprint()};
  expect_refused("key " + keys_[0] + " had expired 2009-01-01");
  EXPECT_NE(fetch().error().hint.find("may have dated it"), std::string::npos);
}

TEST_F(Snapshot, a_snapshot_that_is_not_there_is_named) {
  archive_.server().remove(archive_.release_path());
  expect_refused("/20181120T000000Z/dists/bookworm/InRelease': The requested URL returned error");
}

}  // namespace
}  // namespace bpfmatrix
