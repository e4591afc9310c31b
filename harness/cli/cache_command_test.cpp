// `bpfmatrix cache`: what it says of a store that is empty, filled, damaged, and in use.
#include <gmock/gmock.h>

#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"
#include "cli/exit_code.h"
#include "run/cache/transcript_cache.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

class CacheCommand : public ::testing::Test {
 protected:
  Said cache(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "cache");
    arguments.insert(arguments.end(), {"--store", store_.root().string()});
    return bpfmatrix_says(std::move(arguments));
  }
  void fill(int count) const {
    TranscriptCache cache(store_, [](const std::string& said) { ADD_FAILURE() << said; });
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(i);
      cache.keep(sha256_hex(number),
                 {"k/c" + number + "/kernel/libbpf", "packed " + number, "context", "{}"});
    }
  }
  void expect_transcripts(int count) const {
    const Said said = cache({"stats", "--json"});
    EXPECT_EQ(said.exit_code, as_expected) << said.err;
    const auto stats = parse_json(said.out, "stats");
    ASSERT_TRUE(stats) << said.out;
    EXPECT_EQ((*stats)["transcripts"], count);
    EXPECT_EQ((*stats)["file"], file_.string());
  }

  Result<TempDir> dir_ = TempDir::create();
  Store store_{dir_->path() / "store"};
  fs::path file_ = store_.root() / "transcripts.db";
};

TEST_F(CacheCommand, an_empty_store_has_none_and_is_whole) {
  const Said stats = cache({"stats"});
  EXPECT_EQ(stats.exit_code, as_expected) << stats.err;
  EXPECT_THAT(stats.out, HasSubstr("transcripts 0"));
  EXPECT_THAT(stats.out, HasSubstr("last used   never to never\n"));
  EXPECT_EQ(cache({"verify"}).out, "0 transcripts are intact\n");
  EXPECT_EQ(cache({"gc"}).out, "0 transcripts removed, 0.0 MiB freed\n");
}

TEST_F(CacheCommand, what_was_kept_is_counted_verified_and_removed) {
  fill(20);
  expect_transcripts(20);
  EXPECT_EQ(cache({"verify"}).out, "20 transcripts are intact\n");
  EXPECT_THAT(cache({"gc"}).out, HasSubstr("0 transcripts removed"));
  const Said gone = cache({"gc", "--max-mib", "0"});
  EXPECT_EQ(gone.exit_code, as_expected) << gone.err;
  EXPECT_THAT(gone.out, MatchesRegex("20 transcripts removed, [0-9.]+ MiB freed\n"));
  expect_transcripts(0);
}

TEST_F(CacheCommand, a_damaged_one_is_noticed_set_aside_and_begun_anew) {
  fill(20);
  std::string bytes = *read_file(file_, 1 << 20);
  const std::size_t at = bytes.find("k/c7/kernel/libbpf");
  ASSERT_NE(at, bytes.npos);
  bytes[at] = 'K';
  ASSERT_TRUE(write_file(file_, bytes));
  const Said said = cache({"verify"});
  EXPECT_EQ(said.exit_code, ExitCode::unknown);
  EXPECT_EQ(said.out, "the transcript of 'K/c7/kernel/libbpf' is damaged\n");
  EXPECT_THAT(said.err, HasSubstr("set aside as 'transcripts.db.damaged-1'; a new one is begun"));
  EXPECT_EQ(*read_file(file_.string() + ".damaged-1", 1 << 20), bytes);
  expect_transcripts(0);
  EXPECT_THAT(cache({"stats"}).out, HasSubstr("set aside   1\n"));
  fill(3);
  EXPECT_EQ(cache({"verify"}).exit_code, as_expected);
}

TEST_F(CacheCommand, what_is_no_database_is_set_aside_whatever_is_asked) {
  fs::create_directories(store_.root());
  ASSERT_TRUE(write_file(file_, std::string(9000, 'g')));
  const Said said = cache({"stats"});
  EXPECT_EQ(said.exit_code, ExitCode::unknown);
  EXPECT_THAT(said.err, HasSubstr("set aside as 'transcripts.db.damaged-1'"));
  EXPECT_EQ(cache({"stats"}).exit_code, as_expected);
}

TEST_F(CacheCommand, several_at_once_do_not_harm_one_another) {
  fill(200);
  std::vector<Said> said(6);
  std::vector<std::thread> at_once;
  for (std::size_t i = 0; i < said.size(); ++i) {
    const char* const what = i % 3 == 0 ? "gc" : i % 3 == 1 ? "verify" : "stats";
    at_once.emplace_back([&, i, what] { said[i] = cache({what}); });
  }
  fill(200);
  for (std::thread& one : at_once) one.join();
  for (const Said& one : said) {
    EXPECT_EQ(one.exit_code, as_expected);
    EXPECT_THAT(one.err, IsEmpty());
  }
  expect_transcripts(200);
}

TEST_F(CacheCommand, a_store_that_cannot_be_made_is_one_error) {
  ASSERT_TRUE(write_file(store_.root(), "a file"));
  for (const char* what : {"stats", "gc", "verify"}) {
    const Said said = cache({what});
    EXPECT_EQ(said.exit_code, ExitCode::unknown);
    EXPECT_EQ(said.out, "");
    EXPECT_THAT(said.err,
                MatchesRegex("error: transcript cache: '.*transcripts\\.db': store: '.*/store/"
                             "blobs': Not a directory: it is not used\n"));
  }
}

TEST_F(CacheCommand, a_wrong_value_is_a_wrong_command) {
  for (const char* value : {"-1", "many", ""}) {
    EXPECT_EQ(cache({"gc", "--max-mib", value}).exit_code, wrong_command) << value;
    EXPECT_EQ(cache({"gc", "--max-days", value}).exit_code, wrong_command) << value;
  }
}

}  // namespace
}  // namespace bpfmatrix
