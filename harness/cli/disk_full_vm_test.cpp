// A run that cannot write down what it finds out: one error, nothing half, and it goes on later.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "base/file.h"
#include "base/temp_dir.h"
#include "base/unfinished.h"
#include "cli/command_test_support.h"
#include "cli/exit_code.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

std::string errors_in(const std::string& talk) {
  std::string errors;
  for (std::size_t at = talk.find("error: "); at != talk.npos; at = talk.find("error: ", at + 1)) {
    errors += talk.substr(at, talk.find('\n', at) - at + 1);
  }
  return errors;
}

std::vector<std::string> half_written(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.find(kUnfinishedMark) != name.npos) names.push_back(entry.path().string());
  }
  return names;
}

/// No file of a run that is limited may be larger; all but those with an obstacle are smaller.
constexpr std::uintmax_t kLimitBytes = 8 << 20;

/// Where a run will want to write, and why it cannot.
struct Obstacle {
  const char* name;
  void (*put)(const fs::path& run, const std::string& kernel);
  fs::path (*at)(const std::string& kernel);
  bool limited;
  const char* error;
};
fs::path outcomes_of(const std::string&) { return "outcomes.jsonl"; }
fs::path transcript_of(const std::string& kernel) {
  return "transcripts/" + kernel + "@ringbuf@kernel@libbpf.json.gz";
}

constexpr Obstacle kObstacles[] = {
    {"outcomes.jsonl",
     [](const fs::path& run, const std::string& kernel) {
       EXPECT_TRUE(write_file(run / outcomes_of(kernel), ""));
       fs::resize_file(run / outcomes_of(kernel), kLimitBytes);
     },
     outcomes_of, true, "error: 'RUN/outcomes\\.jsonl': File too large\n"},
    {"a transcript",
     [](const fs::path& run, const std::string& kernel) {
       fs::create_directories(run / transcript_of(kernel));
     },
     transcript_of, false, "error: 'RUN/transcripts/[^/]+\\.json\\.gz': Is a directory\n"},
};

class DiskFullVm : public ::testing::Test {
 protected:
  static Said says(const std::vector<std::string>& arguments) {
    return bpfmatrix_says(arguments, std::chrono::seconds(600));
  }
  /// ulimit counts in 512 bytes.
  static Said says_limited(std::vector<std::string> arguments) {
    const std::string script = "ulimit -f " + std::to_string(kLimitBytes / 512) + "; exec \"$@\"";
    const std::vector<std::string> before{"sh", "-c", script, "sh",
                                          BPFMATRIX_BINARY_DIR "/bin/bpfmatrix"};
    arguments.insert(arguments.begin(), before.begin(), before.end());
    const auto ran = run_command({.argv = std::move(arguments)}, std::chrono::seconds(600));
    EXPECT_TRUE(ran) << ran.error().message;
    if (!ran) return {};
    return {ran->status.code.value_or(-1), ran->out, ran->err};
  }
  static std::vector<std::string> run_of(const std::string& kernel, const fs::path& out) {
    return {"run",    "--accel", "tcg",     "--no-cache", "--kernel",          kernel,  "--btf",
            "kernel", "--case",  "ringbuf", "--case",     "pointer-unchecked", "--out", out};
  }

  void expect_stopped_and_resumed(const std::string& kernel, const Obstacle& obstacle) {
    SCOPED_TRACE(kernel + " " + obstacle.name);
    const fs::path out = scratch_->path() / (kernel + "-" + obstacle.name);
    fs::create_directory(out);
    obstacle.put(out, kernel);
    const Said full =
        obstacle.limited ? says_limited(run_of(kernel, out)) : says(run_of(kernel, out));
    EXPECT_EQ(full.exit_code, unknown) << full.err;
    const std::string error = std::regex_replace(obstacle.error, std::regex("RUN"), out.string());
    EXPECT_THAT(errors_in(full.err), MatchesRegex(error));
    EXPECT_THAT(full.err, HasSubstr("hint: make room, then continue: bpfmatrix run --resume " +
                                    shell_quote({out.string()}) + "\n"));
    EXPECT_THAT(full.out, IsEmpty());
    EXPECT_THAT(half_written(out), IsEmpty());

    fs::remove(out / obstacle.at(kernel));
    EXPECT_EQ(says({"run", "--resume", out}).exit_code, as_expected);
    const Said judged = says({"judge", out, "--same-as", scratch_->path() / kernel});
    EXPECT_EQ(judged.exit_code, as_expected) << judged.out;
    EXPECT_THAT(judged.err, HasSubstr("2 cells: no difference from "));
  }

  Result<TempDir> scratch_ = TempDir::create();
};

TEST_F(DiskFullVm, a_run_stops_with_one_error_and_is_resumed_when_there_is_room) {
  for (const std::string kernel : {"debian-6.1-x86_64", "debian-6.1-aarch64"}) {
    ASSERT_EQ(says(run_of(kernel, scratch_->path() / kernel)).exit_code, as_expected);
    for (const Obstacle& obstacle : kObstacles) expect_stopped_and_resumed(kernel, obstacle);
  }
}

}  // namespace
}  // namespace bpfmatrix
