#include "kernels/fetch/download.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "kernels/archive/file_size_limit.h"
#include "kernels/testing/fake_server.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

std::string some_bytes(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; bytes.size() < size; ++i) bytes += std::to_string(i * 7919);
  return bytes.substr(0, size);
}

class DownloadTest : public testing::Test {
 protected:
  DownloadTest() {
    limits_.retry_pause = std::chrono::milliseconds(0);
    limits_.retries = 1;
    limits_.stall_timeout = std::chrono::seconds(1);
    server_.put("/a", bytes_);
  }

  Download wanted() const {
    return {{server_.url() + "/a"}, "a", bytes_.size(), sha256_hex(bytes_), target()};
  }
  fs::path target() const { return dir_->path() / "a"; }
  fs::path part() const { return dir_->path() / "a.part"; }
  Result<> fetch() const { return download_file(wanted(), limits_, {}); }
  void cut(std::size_t after, int times) {
    server_.change("/a", [&](FakePage& page) {
      page.cut_after = after;
      page.cuts = times;
    });
  }
  void expect_whole() const {
    EXPECT_EQ(*read_file(target(), 1 << 22), bytes_);
    EXPECT_FALSE(fs::exists(part()));
  }

  std::string bytes_ = some_bytes(1'000'000);
  FakeServer server_{};
  Result<TempDir> dir_ = TempDir::create();
  TransferLimits limits_{};
};

TEST_F(DownloadTest, the_size_need_not_be_known) {
  Download download = wanted();
  download.bytes = bytes_.size() + 1000;
  download.size_unknown = true;
  const auto done = download_file(download, limits_,
                                  [](const Progress& progress) { EXPECT_EQ(progress.total, 0U); });
  ASSERT_TRUE(done) << done.error().message;
  expect_whole();
}

TEST_F(DownloadTest, a_size_that_is_not_known_is_bounded_all_the_same) {
  Download download = wanted();
  download.bytes = bytes_.size() - 1;
  download.size_unknown = true;
  const auto done = download_file(download, limits_, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message,
            "'" + server_.url() + "/a': larger than the 999999 bytes it may have");
}

TEST_F(DownloadTest, a_whole_file_appears_under_its_name) {
  std::uint64_t last = 0;
  const auto done = download_file(wanted(), limits_, [&](const Progress& progress) {
    EXPECT_EQ(progress.what, "a");
    EXPECT_EQ(progress.total, bytes_.size());
    EXPECT_GT(progress.bytes, last);
    last = progress.bytes;
  });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(last, bytes_.size());
  expect_whole();
}

TEST_F(DownloadTest, a_broken_connection_is_gone_on_with_where_it_ended) {
  cut(400'000, 1);
  const auto done = fetch();
  ASSERT_TRUE(done) << done.error().message;
  expect_whole();
  ASSERT_EQ(server_.requests().size(), 2U);
  EXPECT_EQ(server_.requests()[1].range, "400000-");
}

TEST_F(DownloadTest, what_a_dead_process_left_is_gone_on_with) {
  ASSERT_TRUE(write_file(part(), bytes_.substr(0, 250'000)));
  ASSERT_TRUE(fetch());
  expect_whole();
  EXPECT_EQ(server_.requests()[0].range, "250000-");
}

TEST_F(DownloadTest, a_part_that_is_whole_is_taken_without_asking) {
  ASSERT_TRUE(write_file(part(), bytes_));
  ASSERT_TRUE(fetch());
  expect_whole();
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(DownloadTest, starts_over_when_the_server_cannot_resume) {
  ASSERT_TRUE(write_file(part(), bytes_.substr(0, 250'000)));
  server_.change("/a", [](FakePage& page) { page.ignore_range = true; });
  const auto done = fetch();
  ASSERT_TRUE(done) << done.error().message;
  expect_whole();
}

TEST_F(DownloadTest, starts_over_when_the_part_was_of_something_else) {
  ASSERT_TRUE(write_file(part(), std::string(250'000, 'x')));
  ASSERT_TRUE(fetch());
  expect_whole();
  EXPECT_EQ(server_.requests().back().range, "");
}

TEST_F(DownloadTest, a_part_that_is_too_long_is_thrown_away) {
  ASSERT_TRUE(write_file(part(), bytes_ + "more"));
  ASSERT_TRUE(fetch());
  expect_whole();
}

TEST_F(DownloadTest, keeps_the_part_when_the_connection_breaks_for_good) {
  cut(100'000, 100);
  const auto done = fetch();
  ASSERT_FALSE(done);
  EXPECT_FALSE(fs::exists(target()));
  EXPECT_EQ(fs::file_size(part()), 200'000U);  // two tries, each got further
  cut(0, 0);
  ASSERT_TRUE(fetch());
  expect_whole();
}

TEST_F(DownloadTest, tampered_bytes_are_named_with_both_hashes_and_leave_nothing) {
  std::string tampered = bytes_;
  tampered[500'000] ^= 1;
  server_.put("/a", tampered);
  const auto done = fetch();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "sha256 mismatch in '" + server_.url() + "/a': want " +
                                      sha256_hex(bytes_) + ", got " + sha256_hex(tampered));
  EXPECT_TRUE(fs::is_empty(dir_->path()));
}

TEST_F(DownloadTest, a_truncated_file_is_an_error_even_if_the_server_calls_it_whole) {
  for (const bool no_length : {false, true}) {
    server_.put("/a", FakePage{.body = bytes_.substr(0, 10'000), .no_length = no_length});
    const auto done = fetch();
    ASSERT_FALSE(done);
    EXPECT_FALSE(fs::exists(target()));
    fs::remove(part());
  }
}

TEST_F(DownloadTest, more_than_announced_is_refused) {
  server_.put("/a", bytes_ + "!");
  const auto done = fetch();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message,
            "'" + server_.url() + "/a': larger than the 1000000 bytes announced");
  EXPECT_TRUE(fs::is_empty(dir_->path()));
}

TEST_F(DownloadTest, what_is_not_there_is_looked_for_under_the_next_name) {
  Download download = wanted();
  download.urls.insert(download.urls.begin(), server_.url() + "/by-hash");
  ASSERT_TRUE(download_file(download, limits_, {}));
  expect_whole();
}

TEST_F(DownloadTest, a_404_names_the_url_and_leaves_nothing) {
  server_.remove("/a");
  const auto done = fetch();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message,
            "'" + server_.url() + "/a': The requested URL returned error: 404");
  EXPECT_TRUE(fs::is_empty(dir_->path()));
}

TEST_F(DownloadTest, a_stalled_server_is_given_up) {
  server_.change("/a", [](FakePage& page) { page.stall = true; });
  limits_.retries = 0;
  EXPECT_FALSE(fetch());
}

TEST_F(DownloadTest, follows_redirects_but_never_to_a_file) {
  server_.put("/old", FakePage{.status = 302, .location = "/a"});
  server_.put("/evil", FakePage{.status = 302, .location = "file:///etc/hostname"});
  EXPECT_EQ(*download_text(server_.url() + "/old", 1 << 20, limits_), bytes_);
  EXPECT_FALSE(download_text(server_.url() + "/evil", 1 << 20, limits_));
}

TEST_F(DownloadTest, text_has_a_limit) {
  EXPECT_FALSE(download_text(server_.url() + "/a", bytes_.size() - 1, limits_));
}

TEST_F(DownloadTest, other_schemes_are_refused) {
  EXPECT_FALSE(download_text("ftp://127.0.0.1:1/a", 100, limits_));
}

TEST_F(DownloadTest, files_of_this_machine_serve_as_a_mirror) {
  const fs::path source = dir_->path() / "a mirror";
  fs::create_directory(source);
  ASSERT_TRUE(write_file(source / "a+b~1.deb", bytes_));
  Download download = wanted();
  download.urls = {join_url("file://" + dir_->path().string() + "/", "a mirror/a+b~1.deb")};
  const auto done = download_file(download, limits_, {});
  ASSERT_TRUE(done) << done.error().message;
  expect_whole();
  EXPECT_FALSE(download_text("file:///no/such/file", 100, limits_));
}

TEST_F(DownloadTest, a_write_that_fails_is_an_error_that_names_the_file_and_leaves_nothing) {
  const FileSizeLimit limit(300'000);
  const auto done = fetch();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "'" + part().string() + "': File too large");
  EXPECT_TRUE(fs::is_empty(dir_->path()));
}

TEST_F(DownloadTest, a_full_disk_is_an_error_that_names_the_file_and_leaves_nothing) {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", dir_->path().c_str(), "tmpfs", 0, "size=256k") != 0) {
    GTEST_SKIP() << "mounting a small file system is not allowed here";
  }
  const auto done = fetch();
  EXPECT_TRUE(fs::is_empty(dir_->path()));
  ::umount(dir_->path().c_str());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "'" + part().string() + "': No space left on device");
}

TEST(JoinUrl, escapes_what_a_url_gives_a_meaning_to) {
  EXPECT_EQ(join_url("http://h/debian/", "pool/a+b~1 2%#?.deb"),
            "http://h/debian/pool/a+b~1%202%25%23%3F.deb");
}

}  // namespace
}  // namespace bpfmatrix
