#include "run/cache/transcript_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/file.h"
#include "base/file_limit_test_support.h"
#include "base/sha256.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string key_of(int number) { return sha256_hex(std::to_string(number)); }
KeptTranscript kept_of(int number, const std::string& packed = "packed") {
  return {"k/c" + std::to_string(number) + "/kernel/libbpf", packed, "context",
          R"({"n":)" + std::to_string(number) + "}"};
}

class TranscriptCacheFile : public ::testing::Test {
 protected:
  TranscriptCache open() {
    return TranscriptCache(
        store_, [this](const std::string& text) { said_.push_back(text); }, milliseconds(200));
  }
  /// Keeps transcripts 0 to n - 1.
  void fill(int n) {
    TranscriptCache cache = open();
    for (int i = 0; i < n; ++i) {
      cache.keep(key_of(i), kept_of(i, std::string(2000, 'a')));
    }
  }
  int found(TranscriptCache& cache, int n) {
    int there = 0;
    for (int i = 0; i < n; ++i) {
      const auto kept = cache.find(key_of(i));
      if (kept && kept->line == kept_of(i).line) ++there;
    }
    return there;
  }
  /// As a disk or somebody else would.
  void change(const char* statement) {
    Database db(file_, milliseconds(200));
    db.run(statement);
    ASSERT_FALSE(db.trouble()) << db.trouble()->message;
  }
  fs::path aside(int number) const { return file_.string() + ".damaged-" + std::to_string(number); }

  Result<TempDir> dir_ = TempDir::create();
  Store store_{dir_->path() / "store"};
  fs::path file_ = store_.root() / "transcripts.db";
  std::vector<std::string> said_{};
};

TEST_F(TranscriptCacheFile, keeps_what_was_said_and_what_was_made_of_it) {
  open().keep(key_of(1), kept_of(1));
  TranscriptCache cache = open();
  const auto kept = cache.find(key_of(1));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->cell, kept_of(1).cell);
  EXPECT_EQ(kept->packed, "packed");
  EXPECT_EQ(kept->context, "context");
  EXPECT_EQ(kept->line, kept_of(1).line);
  EXPECT_FALSE(cache.find(key_of(2)));
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(TranscriptCacheFile, what_is_kept_again_takes_the_place_of_the_old) {
  TranscriptCache cache = open();
  cache.keep(key_of(1), kept_of(1));
  cache.keep(key_of(1), kept_of(1, "again"));
  EXPECT_EQ(cache.find(key_of(1))->packed, "again");
  EXPECT_EQ(cache.stats().transcripts, 1);
}

TEST_F(TranscriptCacheFile, garbage_is_set_aside_and_begun_anew) {
  fs::create_directories(store_.root());
  ASSERT_TRUE(write_file(file_, std::string(9000, 'g')));
  TranscriptCache cache = open();
  cache.keep(key_of(1), kept_of(1));
  EXPECT_EQ(found(cache, 2), 1);
  EXPECT_EQ(fs::file_size(aside(1)), 9000U);
  EXPECT_THAT(
      said_, ElementsAre(HasSubstr("set aside as 'transcripts.db.damaged-1'; a new one is begun")));
  EXPECT_EQ(cache.stats().set_aside, 1);
}

TEST_F(TranscriptCacheFile, a_file_cut_short_is_noticed_when_it_is_read) {
  fill(200);
  const auto size = fs::file_size(file_);
  ASSERT_GT(size, 40000U);
  fs::resize_file(file_, size / 2 + 100);
  TranscriptCache cache = open();
  found(cache, 200);
  cache.verify();
  EXPECT_TRUE(cache.serves());
  EXPECT_TRUE(fs::exists(aside(1)));
  EXPECT_EQ(said_.size(), 1U);
  cache.keep(key_of(1), kept_of(1));
  EXPECT_TRUE(cache.find(key_of(1)));
}

TEST_F(TranscriptCacheFile, pages_of_noise_are_never_taken_for_transcripts) {
  fill(200);
  {
    std::fstream bytes(file_, std::ios::in | std::ios::out | std::ios::binary);
    for (std::uint64_t at = 8192; at < fs::file_size(file_); at += 4096) {
      bytes.seekp(static_cast<std::streamoff>(at + 100));
      bytes << std::string(1500, '\x5a');
    }
  }
  TranscriptCache cache = open();
  for (int i = 0; i < 200; ++i) {
    const auto kept = cache.find(key_of(i));
    EXPECT_EQ(kept ? kept->line : kept_of(i).line, kept_of(i).line);
  }
  cache.verify();
  EXPECT_TRUE(fs::exists(aside(1)));
}

TEST_F(TranscriptCacheFile, another_version_is_set_aside) {
  fill(1);
  change("PRAGMA user_version = 99");
  TranscriptCache cache = open();
  EXPECT_FALSE(cache.find(key_of(0)));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("not a database of this version")));
}

TEST_F(TranscriptCacheFile, a_line_that_is_not_what_was_kept_is_noticed) {
  fill(3);
  change("UPDATE transcripts SET line = '{\"n\":7}' WHERE cell LIKE 'k/c1/%'");
  TranscriptCache cache = open();
  EXPECT_FALSE(cache.find(key_of(1)));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("'k/c1/kernel/libbpf' is damaged")));
  EXPECT_EQ(found(cache, 3), 0);
  EXPECT_EQ(said_.size(), 1U);
}

TEST_F(TranscriptCacheFile, a_transcript_that_is_not_what_was_kept_is_noticed) {
  fill(1);
  change("UPDATE transcripts SET packed = x'1f8b00'");
  TranscriptCache cache = open();
  EXPECT_FALSE(cache.find(key_of(0)));
  EXPECT_TRUE(fs::exists(aside(1)));
}

TEST_F(TranscriptCacheFile, a_second_damaged_file_gets_the_next_number) {
  for (int n = 1; n <= 2; ++n) {
    fs::create_directories(store_.root());
    ASSERT_TRUE(write_file(file_, std::string(9000, 'g')));
    open();
    EXPECT_TRUE(fs::exists(aside(n)));
  }
}

TEST_F(TranscriptCacheFile, verify_reads_every_byte) {
  fill(20);
  EXPECT_THAT(open().verify(), IsEmpty());
  change("UPDATE transcripts SET sum = 'x' WHERE cell LIKE 'k/c9/%'");
  EXPECT_THAT(open().verify(), ElementsAre(HasSubstr("transcript of 'k/c9/kernel/libbpf'")));
  EXPECT_THAT(open().verify(), IsEmpty());
}

TEST_F(TranscriptCacheFile, a_locked_database_is_done_without) {
  fill(1);
  Database other(file_, milliseconds(200));
  other.run("BEGIN IMMEDIATE");
  TranscriptCache cache = open();
  EXPECT_TRUE(cache.find(key_of(0)));  // who reads is not locked out
  cache.keep(key_of(1), kept_of(1));
  cache.keep(key_of(2), kept_of(2));
  EXPECT_FALSE(cache.serves());
  EXPECT_THAT(said_, ElementsAre(HasSubstr("another process keeps it locked")));
  EXPECT_FALSE(fs::exists(aside(1)));
}

TEST_F(TranscriptCacheFile, an_unusable_place_costs_the_caching_only) {
  fs::create_directories(file_);
  TranscriptCache folder_in_the_way = open();
  EXPECT_FALSE(folder_in_the_way.serves());
  folder_in_the_way.keep(key_of(1), kept_of(1));
  EXPECT_FALSE(folder_in_the_way.find(key_of(1)));
  EXPECT_THAT(folder_in_the_way.verify(), IsEmpty());
  ASSERT_TRUE(write_file(dir_->path() / "file", "x"));
  TranscriptCache no_folder(Store(dir_->path() / "file" / "store"),
                            [this](const std::string& text) { said_.push_back(text); });
  EXPECT_FALSE(no_folder.serves());
  EXPECT_EQ(said_.size(), 2U);
}

TEST_F(TranscriptCacheFile, one_that_another_process_set_aside_is_let_go) {
  TranscriptCache first = open();
  first.keep(key_of(1), kept_of(1));
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file_.string() + suffix);
  first.keep(key_of(2), kept_of(2));
  first.keep(key_of(3), kept_of(3));
  EXPECT_TRUE(open().find(key_of(3)));
  EXPECT_FALSE(fs::exists(aside(1)));
}

TEST_F(TranscriptCacheFile, gc_removes_the_oldest) {
  fill(100);
  change("UPDATE transcripts SET used = 1000 WHERE cell LIKE 'k/c1_/%'");
  TranscriptCache cache = open();
  EXPECT_EQ(cache.gc({}).transcripts, 10);
  EXPECT_EQ(cache.gc({.max_bytes = 0}).transcripts, 90);
  EXPECT_LT(cache.stats().bytes, 100'000);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(TranscriptCacheFile, what_was_used_today_does_not_age) {
  fill(2);
  change("UPDATE transcripts SET used = 1000");
  TranscriptCache cache = open();
  cache.mark_used({key_of(0), key_of(99)});
  EXPECT_EQ(cache.gc({}).transcripts, 1);
  EXPECT_TRUE(cache.find(key_of(0)));
}

TEST_F(TranscriptCacheFile, it_shrinks_only_when_it_is_too_large) {
  fill(50);
  TranscriptCache cache = open();
  cache.keep_within({.max_bytes = 100 << 20});
  EXPECT_EQ(cache.stats().transcripts, 50);
  cache.keep_within({.max_bytes = 20'000});
  EXPECT_LT(cache.stats().transcripts, 50);
}

TEST_F(TranscriptCacheFile, one_that_cannot_grow_is_done_without_and_keeps_what_it_has) {
  fill(5);
  TranscriptCache cache = open();
  let_files_grow_to(100'000);
  std::string hard_to_keep;
  for (int i = 0; i < 5000; ++i) hard_to_keep += key_of(i);
  for (int i = 5; i < 10; ++i) cache.keep(key_of(i), kept_of(i, hard_to_keep));
  let_files_grow_to(RLIM_INFINITY);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("it cannot be used")));
  EXPECT_FALSE(cache.serves());
  said_.clear();
  TranscriptCache again = open();
  EXPECT_TRUE(again.find(key_of(0)));
  EXPECT_THAT(again.verify(), IsEmpty());
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(TranscriptCacheFile, threads_share_one) {
  TranscriptCache cache = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        cache.keep(key_of(t * 50 + i), kept_of(t * 50 + i));
        EXPECT_TRUE(cache.find(key_of(t * 50 + i)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cache.stats().transcripts, 200);
  EXPECT_THAT(said_, IsEmpty());
}

/// Begins at once with the others, on a store that is not there yet.
pid_t start_keeper(const Store& store, int first) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int said = 0;
  {
    TranscriptCache cache(store, [&](const std::string&) { ++said; });
    for (int i = first; i < first + 100; ++i) cache.keep(key_of(i), kept_of(i));
  }
  ::_exit(said == 0 ? 0 : 1);
}

TEST_F(TranscriptCacheFile, processes_share_it) {
  const std::vector<pid_t> children{start_keeper(store_, 0), start_keeper(store_, 100),
                                    start_keeper(store_, 200)};
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  TranscriptCache cache = open();
  EXPECT_EQ(found(cache, 300), 300);
  EXPECT_THAT(cache.verify(), IsEmpty());
}

TEST_F(TranscriptCacheFile, a_process_that_is_killed_leaves_whole_transcripts_only) {
  const pid_t child = ::fork();
  if (child == 0) {
    TranscriptCache cache(store_, {});
    for (int i = 0;; ++i) cache.keep(key_of(i), kept_of(i));
  }
  std::this_thread::sleep_for(milliseconds(300));
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  TranscriptCache cache = open();
  EXPECT_GT(cache.stats().transcripts, 0);
  EXPECT_THAT(cache.verify(), IsEmpty());
}

}  // namespace
}  // namespace bpfmatrix
