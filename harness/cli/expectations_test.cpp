// The commands around expectations, as a person runs them, on what was measured.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"
#include "cli/exit_code.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kMeasured = BPFMATRIX_SOURCE_DIR "/ci/measured";

/// A copy of a part of the suite, to be spoilt.
class ExpectationsOfCases : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(dir_);
    for (const char* part : {"include", "programs", "verifier"}) {
      fs::create_directories(cases() / part);
      fs::copy(fs::path(BPFMATRIX_SOURCE_DIR "/cases") / part, cases() / part,
               fs::copy_options::recursive);
    }
  }
  fs::path cases() const { return dir_->path() / "cases"; }
  fs::path file(const std::string& id) const { return cases() / id / "case.json"; }

  std::string text(const std::string& id) const { return *read_file(file(id), 1 << 20); }
  void replace(const std::string& id, const std::string& what, const std::string& with) {
    std::string json = text(id);
    const std::size_t at = json.find(what);
    ASSERT_NE(at, std::string::npos) << id << ": " << what;
    ASSERT_TRUE(write_file(file(id), json.replace(at, what.size(), with)));
  }
  Said judge(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"judge", kMeasured, "--dir", cases().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return bpfmatrix_says(arguments);
  }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(ExpectationsOfCases, a_run_is_judged_by_what_the_cases_expect_now) {
  const Said before = judge();
  EXPECT_EQ(before.exit_code, unknown) << "the other cases have no expectation here";
  EXPECT_THAT(before.out, Not(HasSubstr("unexpected")));
  replace("verifier/helper-unknown", "\"helper_unknown\"", "\"license\"");
  const Said said = judge();
  EXPECT_EQ(said.exit_code, unexpected);
  EXPECT_THAT(said.out, HasSubstr("cause: wanted license, got helper_unknown"));
  EXPECT_THAT(said.out, HasSubstr("look closer: bpfmatrix explain " + kMeasured));
  EXPECT_EQ(bpfmatrix_says({"judge", (cases() / "nowhere").string()}).exit_code, wrong_command);
}

TEST_F(ExpectationsOfCases, are_rewritten_from_what_was_seen_and_hold_then) {
  replace("verifier/helper-unknown", "\"helper_unknown\"", "\"license\"");
  replace("verifier/helper-aging", "\"load\": \"failed\"", "\"load\": \"ok\"");
  replace("programs/panic-sysrq", "\"panicked\"", "\"completed\"");
  const std::string before = text("verifier/helper-unknown");
  const Said preview = judge({"--preview"});
  EXPECT_EQ(preview.exit_code, unexpected);
  EXPECT_EQ(text("verifier/helper-unknown"), before);

  const Said said = judge({"--update-expectations"});
  EXPECT_EQ(said.exit_code, unknown) << said.out;
  EXPECT_THAT(said.out, Not(HasSubstr("unexpected")));
  EXPECT_THAT(said.out, HasSubstr("+++ " + file("verifier/helper-unknown").string()));
  EXPECT_THAT(said.out, HasSubstr("observed on debian-5.10-"));
  EXPECT_THAT(said.out, Not(HasSubstr(file("verifier/loop-bounded").string())));
  // Nothing more to do, and nothing spoilt.
  EXPECT_THAT(judge({"--update-expectations"}).out, Not(HasSubstr("+++")));
  const Said check = bpfmatrix_says({"cases", "check", "--dir", cases().string()});
  EXPECT_EQ(check.exit_code, as_expected) << check.out;
}

TEST_F(ExpectationsOfCases, a_flag_that_runs_code_on_this_machine_is_named_and_not_given_to_clang) {
  const std::string folder = file("verifier/loop-bounded").parent_path().string();
  replace("verifier/loop-bounded", "\"shows\"",
          "\"cflags\": [\"-DX\", \"-fplugin=" + folder + "/evil.so\"], \"shows\"");
  replace("verifier/helper-unknown", "\"shows\"",
          "\"cflags\": [\"-MF\", \"" + folder + "/written\"], \"shows\"");
  const Said said = bpfmatrix_says({"cases", "check", "--dir", cases().string()});
  EXPECT_EQ(said.exit_code, unexpected);
  EXPECT_THAT(said.out, HasSubstr("'" + file("verifier/loop-bounded").string() +
                                  "': key 'cflags': '-fplugin=" + folder +
                                  "/evil.so' is not an allowed flag\n  allowed are -D, -U"));
  EXPECT_THAT(said.out, HasSubstr("key 'cflags': '-MF' is not an allowed flag"));
  EXPECT_FALSE(fs::exists(folder + "/written"));
}

TEST_F(ExpectationsOfCases, headers_of_a_suite_do_not_lead_out_of_it) {
  fs::remove_all(cases() / "include");
  fs::create_directory_symlink("/etc", cases() / "include");
  const Said said = bpfmatrix_says({"cases", "check", "--dir", cases().string()});
  EXPECT_EQ(said.exit_code, wrong_command);
  EXPECT_THAT(said.err, HasSubstr("include': leads out of '" + cases().string() + "'"));
}

TEST_F(ExpectationsOfCases, everything_wrong_is_found_without_a_kernel) {
  replace("verifier/helper-unknown", "\"shows\"", "\"shos\"");
  replace("verifier/loop-bounded", "\"expect\": [",
          R"("expect": [{"when": "kernel < 5.0 and kernel > 5.8", "load": "failed"},)");
  const Said said = bpfmatrix_says({"cases", "check", "--dir", cases().string()});
  EXPECT_EQ(said.exit_code, unexpected);
  EXPECT_THAT(said.out, HasSubstr("key 'shows': missing"));
  EXPECT_THAT(said.out, HasSubstr("expect[0]': 'kernel < 5.0 and kernel > 5.8' can never hold"));
  EXPECT_THAT(said.out, HasSubstr("2 problems in 2 of them"));
  EXPECT_EQ(bpfmatrix_says({"cases", "check", "--dir", (cases() / "nowhere").string()}).exit_code,
            wrong_command);
}

}  // namespace
}  // namespace bpfmatrix
