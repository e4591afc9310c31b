// The command that runs a cell again, as `explain` prints it: a shell that runs it asks for the
// same run. And what is said of a word that is not understood.
#include <gmock/gmock.h>

#include "base/printable.h"
#include "cli/exit_code.h"
#include "cli/unavailable_world.h"
#include "elf/testing/btf_words.h"
#include "elf/testing/hostile_object.h"
#include "run/run_dir.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

const std::string kProgram = BPFMATRIX_BINARY_DIR "/bin/bpfmatrix";
const std::string kApp = BPFMATRIX_BINARY_DIR "/guest/x86_64/app-own";

class RunAgainCommand : public testing::Test {
 protected:
  /// The first line of `text` that begins so, without that.
  static std::string line_after(const std::string& text, const std::string& label) {
    const std::size_t at = text.find("\n" + label);
    if (at == std::string::npos) return "";
    const std::size_t begin = at + 1 + label.size();
    return text.substr(begin, text.find('\n', begin) - begin);
  }

  /// What run.json has after `options`, and after the command that explain prints of that run.
  void expect_the_same_again(std::vector<std::string> options) {
    const std::string first = world_.path("first");
    options.insert(options.begin(), {"run", "--kernel", "gone-rpm", "--out", first});
    const Said said = world_.says(options);
    ASSERT_EQ(said.exit_code, unknown) << said.err;
    const Said told = world_.says({"explain", first, "*"});
    const std::string command = line_after(told.out, "run it again: bpfmatrix ");
    ASSERT_NE(command, "") << told.out << told.err;
    const std::string second = world_.path("second");
    const Said again = world_.shell_says(kProgram + " " + command + " --out " + second);
    ASSERT_EQ(again.exit_code, unknown) << command << "\n" << again.err;
    const auto before = read_run_spec(first);
    const auto after = read_run_spec(second);
    ASSERT_TRUE(before && after);
    EXPECT_EQ(before->objects, after->objects);
    EXPECT_EQ(before->cells, after->cells);
    EXPECT_EQ(before->matrix.kernels, after->matrix.kernels);
    EXPECT_EQ(before->matrix.btf_files.size(), after->matrix.btf_files.size());
    EXPECT_EQ(to_text({.matrix = {.apps = before->matrix.apps}, .options = before->options}),
              to_text({.matrix = {.apps = after->matrix.apps}, .options = after->options}));
  }

  UnavailableWorld world_{};
  BpfCompiler compiler_{};
};

TEST_F(RunAgainCommand, asks_for_the_same_case) {
  expect_the_same_again({"--case", "ringbuf", "--btf", "kernel", "--loader", "libbpf", "--accel",
                         "tcg", "--cell-timeout", "9", "--isolation", "kernel", "--no-cache"});
}

TEST_F(RunAgainCommand, asks_for_the_same_object_with_an_application_and_all_it_was_given) {
  const std::string object = world_.path("it's $(a) \"name\".bpf.o");
  ASSERT_TRUE(write_file(object, hostile_object(compiler_)));
  const std::string btf = world_.path("given.btf");
  ASSERT_TRUE(write_file(btf, btf_bytes({1, btf_info(BtfKind::int_type), 4, 32})));
  expect_the_same_again({"--object", object, "--btf", "embedded", "--btf-file", btf, "--loader",
                         kApp, "--loader-args", "--quiet * {object} `id` 'x", "--loader-env",
                         "A=$HOME b", "--loader-env", "EMPTY=", "--loader-quiet", "500"});
}

TEST_F(RunAgainCommand, no_arguments_at_all_are_not_the_usual_ones) {
  const std::string object = world_.path("prog.bpf.o");
  ASSERT_TRUE(write_file(object, hostile_object(compiler_)));
  expect_the_same_again({"--object", object, "--loader", kApp, "--loader-args", ""});
  const auto spec = read_run_spec(world_.path("second"));
  ASSERT_TRUE(spec);
  EXPECT_TRUE(spec->matrix.apps[0].arguments.empty());
}

TEST_F(RunAgainCommand, an_empty_value_does_not_take_the_next_option_for_its_own) {
  const std::string object = world_.path("prog.bpf.o");
  ASSERT_TRUE(write_file(object, hostile_object(compiler_)));
  const Said said = world_.says({"run", "--kernel", "gone-rpm", "--object", object, "--loader",
                                 kApp, "--loader-args=", "--out", world_.path("run")});
  EXPECT_EQ(said.exit_code, unknown) << said.err;
  const auto spec = read_run_spec(world_.path("run"));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_TRUE(spec->matrix.apps[0].arguments.empty());
}

TEST_F(RunAgainCommand, a_word_that_nobody_knows_is_answered_with_the_nearest) {
  const std::pair<std::vector<std::string>, std::string> asked[] = {
      {{"run", "--kernal", "x"}, "did you mean '--kernel'?"},
      {{"run", "--cases=x"}, "did you mean '--case'?"},
      {{"rnu"}, "did you mean 'run'?"},
      {{"kernels", "lsit"}, "did you mean 'list'?"},
      {{"run", "--kernel", "gone-rmp"}, "did you mean 'gone-rpm'?"},
      {{"run", "--kernel", "gone-rpm", "--case", "ringbfu"}, "did you mean 'ringbuf'?"},
      {{"kernels", "fetch", "wrong-tar"}, "did you mean 'wrong-tarball'?"},
      {{"shell", "gone-rmp", "--", "true"}, "did you mean 'gone-rpm'?"},
      {{"run", "--kernel", "gone-rpm", "--case", "ringbuf", "--loader", "libpbf"},
       "did you mean 'libbpf'?"},
  };
  for (const auto& [command, hint] : asked) {
    const Said said = world_.says(command);
    EXPECT_NE(said.exit_code, as_expected) << command[0];
    EXPECT_THAT(said.err, HasSubstr("hint: " + hint)) << command[0];
  }
}

TEST_F(RunAgainCommand, a_cell_or_program_that_a_run_lacks_is_answered_with_the_nearest) {
  const std::string run = world_.path("run");
  ASSERT_EQ(
      world_.says({"run", "--kernel", "gone-rpm", "--case", "ringbuf", "--out", run}).exit_code,
      unknown);
  const Said said = world_.says({"explain", run, "gone-rpm/ringbfu/kernel/libbpf"});
  EXPECT_EQ(said.exit_code, wrong_command);
  EXPECT_THAT(said.err, HasSubstr("hint: did you mean 'gone-rpm/ringbuf/kernel/libbpf'?"));
}

}  // namespace
}  // namespace bpfmatrix
