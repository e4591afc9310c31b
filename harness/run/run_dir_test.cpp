#include "run/run_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "base/file.h"
#include "base/file_limit_test_support.h"
#include "base/golden_test_support.h"
#include "base/hostile_test_support.h"
#include "base/temp_dir.h"
#include "cell/testing/attempts.h"
#include "outcome/outcome_fields.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

class RunDirectory : public ::testing::Test {
 protected:
  static Outcome outcome(const std::string& cell) {
    Outcome o;
    o.cell = cell;
    return o;
  }

  Result<TempDir> dir_ = TempDir::create();
  fs::path path_ = dir_->path() / "run";
  RunSpec request_{.matrix = {.kernels = {"k"}, .cases = {"*"}, .btf = {{BtfSource::none}}},
                   .objects = {"/x.o"},
                   .cells = {"a", "b"}};
};

TEST_F(RunDirectory, what_was_asked_comes_back_for_a_resume) {
  ASSERT_TRUE(RunDir::create(path_, request_));
  const auto resumed = RunDir::resume(path_);
  ASSERT_TRUE(resumed) << resumed.error().message;
  EXPECT_EQ(resumed->request().matrix.kernels, request_.matrix.kernels);
  EXPECT_EQ(resumed->request().matrix.btf, request_.matrix.btf);
  EXPECT_FALSE(resumed->request().matrix.loaders);
  EXPECT_EQ(resumed->request().objects, request_.objects);
  EXPECT_EQ(resumed->request().cells, request_.cells);
}

TEST_F(RunDirectory, paths_that_are_no_utf8_come_back_byte_by_byte) {
  request_.objects = {"/a\xff/\\xff.o", "/\x1b\u202e\n.o"};
  request_.cells = {kHostile};
  ASSERT_TRUE(RunDir::create(path_, request_));
  const auto read = read_run_spec(path_);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->objects, request_.objects);
  EXPECT_EQ(read->cells, request_.cells);
  const auto text = read_file(path_ / "run.json", 10'000);
  ASSERT_TRUE(text) << text.error().message;
  expect_printable(*text);
}

TEST_F(RunDirectory, a_run_is_never_overwritten) {
  ASSERT_TRUE(RunDir::create(path_, request_));
  const auto again = RunDir::create(path_, request_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "'" + path_.string() + "': has a run already");
}

TEST_F(RunDirectory, resume_knows_finished_cells_and_drops_a_line_cut_short) {
  {
    auto run = RunDir::create(path_, request_);
    ASSERT_TRUE(run->append(outcome("a")));
    ASSERT_TRUE(run->append(outcome("b")));
  }
  const fs::path file = path_ / "outcomes.jsonl";
  fs::resize_file(file, fs::file_size(file) - 10);
  auto run = RunDir::resume(path_);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->finished(), std::set<std::string>{"a"});
  ASSERT_TRUE(run->append(outcome("b")));
  EXPECT_EQ(read_outcomes(file)->size(), 2U);
}

TEST_F(RunDirectory, a_run_with_links_is_not_resumed_and_what_they_lead_to_stays) {
  ASSERT_TRUE(RunDir::create(path_, request_));
  const fs::path elsewhere = dir_->path() / "elsewhere";
  fs::create_directory(elsewhere);
  const fs::path file = elsewhere / "notes.unfinished-abcdef";
  ASSERT_TRUE(write_file(file, "one line\nand half of one"));
  for (const char* name : {"outcomes.jsonl", "transcripts", "kernels", "console"}) {
    const fs::path own = path_ / name;
    const fs::path aside = dir_->path() / "aside";
    const bool is_folder = fs::is_directory(own);
    fs::rename(own, aside);
    fs::create_symlink(is_folder ? elsewhere : file, own);
    const auto resumed = RunDir::resume(path_);
    ASSERT_FALSE(resumed) << name;
    EXPECT_EQ(resumed.error().message,
              "'" + own.string() + "': a symbolic link, which a run has none of");
    EXPECT_EQ(*read_file(file, 100), "one line\nand half of one");
    fs::remove(own);
    fs::rename(aside, own);
  }
  EXPECT_TRUE(RunDir::resume(path_)) << "without links";
}

TEST_F(RunDirectory, a_link_that_takes_the_place_of_a_folder_meanwhile_leads_nowhere) {
  auto run = RunDir::create(path_, request_);
  ASSERT_TRUE(run) << run.error().message;
  const fs::path elsewhere = dir_->path() / "elsewhere";
  fs::create_directory(elsewhere);
  for (const char* name : {"transcripts", "kernels", "console"}) {
    fs::rename(path_ / name, dir_->path() / name);
    fs::create_directory_symlink(elsewhere, path_ / name);
  }
  EXPECT_TRUE(run->keep_transcript("a", "packed"));
  EXPECT_TRUE(run->restore_transcript("b", "packed"));
  EXPECT_TRUE(run->keep_console("a", "text"));
  EXPECT_TRUE(run->keep_facts({.sha256 = std::string(64, 'a'), .gzip = "facts"}));
  EXPECT_TRUE(write_file(run->console_log("k", 1), "text"));
  EXPECT_TRUE(fs::is_empty(elsewhere));
  EXPECT_TRUE(fs::exists(dir_->path() / "transcripts/a.json.gz"));
  EXPECT_TRUE(fs::exists(dir_->path() / "transcripts/b.json.gz"));
  EXPECT_TRUE(fs::exists(dir_->path() / "console/a.log"));
  EXPECT_TRUE(fs::exists(dir_->path() / "console/k-1.log"));
  EXPECT_TRUE(fs::exists(dir_->path() / "kernels" / (std::string(64, 'a') + ".json.gz")));
}

TEST_F(RunDirectory, an_error_names_the_file_by_its_path) {
  auto run = RunDir::create(path_, request_);
  ASSERT_TRUE(run) << run.error().message;
  fs::create_directory(path_ / "transcripts/a.json.gz");
  EXPECT_EQ(run->keep_transcript("a", "packed").error().message,
            "'" + (path_ / "transcripts/a.json.gz").string() + "': Is a directory");
}

TEST_F(RunDirectory, a_line_cut_short_may_be_long) {
  { ASSERT_TRUE(RunDir::create(path_, request_)->append(outcome("a"))); }
  const fs::path file = path_ / "outcomes.jsonl";
  const auto size = fs::file_size(file);
  for (const std::size_t more : {std::size_t{1}, std::size_t{65'536}, std::size_t{200'000}}) {
    std::ofstream(file, std::ios::app) << std::string(more, 'x');
    const auto run = RunDir::resume(path_);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(fs::file_size(file), size) << more;
  }
  ASSERT_TRUE(write_file(file, std::string(100'000, 'x')));
  ASSERT_TRUE(RunDir::resume(path_));
  EXPECT_EQ(fs::file_size(file), 0U);
}

TEST_F(RunDirectory, what_is_no_regular_file_is_not_waited_for) {
  { ASSERT_TRUE(RunDir::create(path_, request_)); }
  const fs::path file = path_ / "outcomes.jsonl";
  fs::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  const std::string error = "'" + file.string() + "': not a regular file";
  EXPECT_EQ(RunDir::resume(path_).error().message, error);
  EXPECT_EQ(read_outcomes(file).error().message, error);
  fs::remove(path_ / "run.json");
  ASSERT_EQ(::mkfifo((path_ / "run.json").c_str(), 0600), 0);
  EXPECT_FALSE(RunDir::resume(path_));
}

TEST_F(RunDirectory, a_line_that_does_not_fit_is_an_error_and_leaves_no_half) {
  auto run = RunDir::create(path_, request_);
  const fs::path file = path_ / "outcomes.jsonl";
  ASSERT_TRUE(run->append(outcome("a")));
  let_files_grow_to(fs::file_size(file) + 100);
  const Result<> appended = run->append(outcome("b"));
  let_files_grow_to(RLIM_INFINITY);
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().message, "'" + file.string() + "': File too large");
  ASSERT_TRUE(run->append(outcome("b")));
  const auto outcomes = read_outcomes(file);
  ASSERT_TRUE(outcomes) << outcomes.error().message;
  EXPECT_EQ(outcomes->size(), 2U);
}

TEST_F(RunDirectory, threads_never_mix_their_lines) {
  auto run = RunDir::create(path_, request_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) EXPECT_TRUE(run->append(outcome(std::string(1000, 'x'))));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto outcomes = read_outcomes(path_ / "outcomes.jsonl");
  ASSERT_TRUE(outcomes) << outcomes.error().message;
  EXPECT_EQ(outcomes->size(), 100U);
}

TEST_F(RunDirectory, a_transcript_is_kept_by_the_name_of_its_cell) {
  auto run = RunDir::create(path_, request_);
  const Transcript transcript = transcript_of({completed(good_lines())});
  const std::string cell = transcript.inputs.cell;
  ASSERT_TRUE(run->keep_transcript(cell, pack(transcript)));
  const Result<Transcript> read = read_transcript(path_, cell);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->inputs.cell, cell);
  EXPECT_EQ(transcribed_cells(path_), std::vector<std::string>{cell});
  EXPECT_FALSE(read_transcript(path_, "another/cell"));
  EXPECT_FALSE(read_transcript(path_, "../../run"));
}

TEST_F(RunDirectory, how_it_was_run_comes_back_for_a_resume) {
  request_.options = RunOptions{"tcg", 7, 9, false, "kernel", 20};
  ASSERT_TRUE(RunDir::create(path_, request_));
  const auto resumed = RunDir::resume(path_);
  ASSERT_TRUE(resumed) << resumed.error().message;
  ASSERT_TRUE(resumed->request().options);
  EXPECT_EQ(resumed->request().options->accel, "tcg");
  EXPECT_EQ(resumed->request().options->cell_timeout_s, 7);
  EXPECT_EQ(resumed->request().options->boot_timeout_s, 9);
  EXPECT_FALSE(resumed->request().options->cache);
  EXPECT_EQ(resumed->request().options->isolation, "kernel");
  EXPECT_EQ(resumed->request().options->cold_check, 20);
}

TEST(RunSchema, is_made_from_the_list_of_fields) {
  expect_golden(BPFMATRIX_SOURCE_DIR "/harness/run/run.schema.json", run_schema().dump(1) + "\n");
}

TEST_F(RunDirectory, one_process_at_a_time) {
  const auto run = RunDir::create(path_, request_);
  ASSERT_TRUE(run);
  const auto other = RunDir::resume(path_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "'" + path_.string() + "': another process is using it");
}

TEST_F(RunDirectory, resume_removes_what_was_being_written) {
  ASSERT_TRUE(RunDir::create(path_, request_));
  fs::create_directory(path_ / "kernels");
  const auto left = [&](const std::string& folder) {
    return path_ / folder / "x.unfinished-aB3xYz";
  };
  const char* const folders[] = {"", "transcripts", "kernels", "console"};
  for (const char* folder : folders) std::ofstream(left(folder)) << "half";
  ASSERT_TRUE(RunDir::resume(path_));
  for (const char* folder : folders) EXPECT_FALSE(fs::exists(left(folder))) << folder;
}

TEST_F(RunDirectory, one_that_was_killed_before_it_was_a_run_is_begun_anew) {
  fs::create_directory(path_);
  const fs::path left = path_ / "run.json.unfinished-aB3xYz";
  std::ofstream(left) << "half";
  std::ofstream(path_ / "outcomes.jsonl");
  ASSERT_TRUE(RunDir::create(path_, request_));
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(RunDir::resume(path_));
}

TEST_F(RunDirectory, what_was_known_is_appended_with_what_it_was_made_of) {
  auto run = RunDir::create(path_, request_);
  ASSERT_TRUE(run->restore_transcript("a", pack(transcript_of({}))));
  ASSERT_TRUE(run->append_known({outcome("a"), outcome("b")}));
  EXPECT_TRUE(read_transcript(path_, "a"));
  EXPECT_EQ(read_outcomes(path_ / "outcomes.jsonl")->size(), 2U);
}

TEST_F(RunDirectory, what_is_no_run_says_so) {
  const auto run = RunDir::resume(dir_->path());
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().hint, "is this the directory of a run?");
}

TEST_F(RunDirectory, outcome_text_that_is_not_utf8_does_not_lose_the_line) {
  auto run = RunDir::create(path_, request_);
  Outcome bad = outcome("a");
  bad.console_tail = "\xff\xfe";
  ASSERT_TRUE(run->append(bad));
  EXPECT_TRUE(read_outcomes(path_ / "outcomes.jsonl"));
}

}  // namespace
}  // namespace bpfmatrix
