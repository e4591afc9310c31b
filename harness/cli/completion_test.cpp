// What a shell completes: asked as its script asks, and by a bash that has read the script.
#include <gmock/gmock.h>

#include "base/text.h"
#include "cli/exit_code.h"
#include "cli/unavailable_world.h"

namespace bpfmatrix {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class Completion : public testing::Test {
 protected:
  /// The words that are offered; ":files" where names of files are.
  std::vector<std::string> offered(std::vector<std::string> words) const {
    words.insert(words.begin(), {"complete", "--"});
    const Said said = world_.says(words);
    EXPECT_EQ(said.exit_code, as_expected) << said.err;
    std::vector<std::string> found;
    for (const std::string_view line : split(said.out, '\n')) {
      if (!line.empty()) found.emplace_back(line.substr(0, line.find('\t')));
    }
    return found;
  }

  UnavailableWorld world_{};
};

TEST_F(Completion, commands_are_offered_and_what_is_for_scripts_is_not) {
  EXPECT_THAT(offered({"r"}), ElementsAre("run", "report", "repro"));
  EXPECT_THAT(offered({""}), Contains("completion"));
  EXPECT_THAT(offered({""}), Not(Contains("complete")));
  EXPECT_THAT(offered({"kernels", "fe"}), ElementsAre("fetch"));
}

TEST_F(Completion, options_are_offered_with_what_they_are_for) {
  EXPECT_THAT(offered({"run", "--cell"}), ElementsAre("--cell-timeout"));
  EXPECT_THAT(offered({"run", "--kernel", "x", "--iso"}), ElementsAre("--isolation"));
  EXPECT_THAT(world_.says({"complete", "--", "run", "--cell"}).out,
              ::testing::StartsWith("--cell-timeout\tSeconds a cell may take\n"));
}

TEST_F(Completion, closed_values_are_offered_and_nothing_else) {
  EXPECT_THAT(offered({"run", "--arch", ""}), ElementsAre("x86_64", "aarch64"));
  EXPECT_THAT(offered({"run", "--accel", "k"}), ElementsAre("kvm"));
  EXPECT_THAT(offered({"run", "--btf", ""}), ElementsAre("kernel", "embedded", "both", "none"));
  EXPECT_THAT(offered({"report", "r", "--format", "j"}), ElementsAre("json", "junit"));
  EXPECT_THAT(offered({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(offered({"run", "--jobs", ""}), IsEmpty());
}

TEST_F(Completion, a_value_behind_an_equals_sign_is_offered_as_the_shell_splits_words) {
  EXPECT_THAT(offered({"run", "--arch=x"}), ElementsAre("--arch=x86_64"));
  EXPECT_THAT(offered({"run", "--arch", "=", "x"}), ElementsAre("x86_64"));
  EXPECT_THAT(offered({"run", "--arch", "="}), ElementsAre("x86_64", "aarch64"));
}

TEST_F(Completion, kernels_and_cases_are_those_of_this_installation) {
  EXPECT_THAT(offered({"run", "--kernel", "gone"}),
              UnorderedElementsAre("gone-tarball", "gone-rpm", ":files"));
  EXPECT_THAT(offered({"run", "--kernel", "gone-rpm", "wrong"}),
              UnorderedElementsAre("wrong-tarball", "wrong-rpm", ":files"));
  EXPECT_THAT(offered({"shell", "no-n"}), UnorderedElementsAre("no-network", ":files"));
  EXPECT_THAT(offered({"run", "--case", "ringb"}), ElementsAre("ringbuf"));
}

TEST_F(Completion, files_are_offered_where_a_path_will_do) {
  EXPECT_THAT(offered({"run", "--object", ""}), ElementsAre(":files"));
  EXPECT_THAT(offered({"explain", ""}), ElementsAre(":files"));
  EXPECT_THAT(offered({"shell", "k", "--", ""}), ElementsAre(":files"));
}

TEST_F(Completion, a_bash_that_has_read_the_script_completes) {
  const std::string program = BPFMATRIX_BINARY_DIR "/bin/bpfmatrix";
  const auto completed = [&](const std::string& words, int at) {
    const Said said = world_.shell_says(
        "bash -c 'eval \"$(" + program + " completion bash)\"; COMP_WORDS=(" + program + " " +
        words + "); COMP_CWORD=" + std::to_string(at) + "; _bpfmatrix; echo \"${COMPREPLY[*]}\"'");
    EXPECT_EQ(said.exit_code, 0) << said.err;
    return said.out;
  };
  EXPECT_EQ(completed("kernels ve", 2), "verify\n");
  EXPECT_EQ(completed("run --arch = x", 4), "x86_64\n");
  EXPECT_EQ(completed("run --object /etc/hostna", 3), "/etc/hostname\n");
}

TEST_F(Completion, every_shell_has_a_script_and_no_other) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Said said = world_.says({"completion", shell});
    EXPECT_EQ(said.exit_code, as_expected);
    EXPECT_THAT(said.out, ::testing::HasSubstr(" complete -- "));
  }
  EXPECT_EQ(world_.says({"completion", "csh"}).exit_code, wrong_command);
}

}  // namespace
}  // namespace bpfmatrix
