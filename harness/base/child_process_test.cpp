#include "base/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "base/fd.h"

namespace bpfmatrix {
namespace {

using namespace std::chrono_literals;

Command shell(const std::string& script) { return Command{.argv = {"sh", "-c", script}}; }
bool exists(pid_t pid) { return ::kill(pid, 0) == 0; }

TEST(RunCommand, gives_both_streams_and_the_exit_code) {
  const Result<CommandOutput> output = run_command(shell("echo out; echo err >&2; exit 3"), 10s);
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(output->out, "out\n");
  EXPECT_EQ(output->err, "err\n");
  EXPECT_EQ(to_string(output->status), "exit code 3");
}

TEST(RunCommand, says_which_signal_ended_it) {
  const Result<CommandOutput> output = run_command(shell("kill -9 $$"), 10s);
  ASSERT_TRUE(output);
  EXPECT_EQ(to_string(output->status), "signal 9 (Killed)");
}

TEST(RunCommand, a_missing_program_is_an_error_that_names_it) {
  const Result<CommandOutput> output = run_command(Command{.argv = {"no-such-program-here"}}, 10s);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().message, "'no-such-program-here': no such program in PATH");
}

TEST(RunCommand, ends_what_does_not_end) {
  const Result<CommandOutput> output = run_command(shell("sleep 60"), 50ms);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().message, "'sh': did not end within 50 ms");
}

TEST(RunCommand, ends_what_floods) {
  const Result<CommandOutput> output = run_command(shell("yes"), 10s, 1000);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().message, "'sh': wrote more than 1000 bytes");
}

TEST(RunCommand, runs_where_it_is_told_to) {
  Command command = shell("pwd");
  command.directory = "/usr";
  EXPECT_EQ(run_command(command, 10s)->out, "/usr\n");
  command.directory = "/no/such/folder";
  const Result<CommandOutput> output = run_command(command, 10s);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().message, "'sh': No such file or directory");
}

TEST(ChildProcess, inherits_only_what_it_is_given_under_the_number_asked_for) {
  auto [ours, theirs] = socket_pair();
  const int leaked = ::dup(1);  // without close-on-exec, as a careless library would
  Result<ChildProcess> child = ChildProcess::start(
      Command{.argv = {"sh", "-c", "echo hello >&5; ls /proc/self/fd | tr '\\n' ' ' >&5"},
              .fds = {{5, theirs.get()}}});
  ASSERT_TRUE(child) << child.error().message;
  theirs.reset();
  ASSERT_TRUE(child->wait(10s));
  char text[200] = {};
  ASSERT_GT(::read(ours.get(), text, sizeof text - 1), 0);
  // 3 is the directory that ls reads.
  EXPECT_TRUE(std::string(text).starts_with("hello\n0 1 2 3 5 ")) << text;
  ::close(leaked);
}

TEST(ChildProcess, stop_asks_first_and_kills_after_the_grace) {
  Result<ChildProcess> polite = ChildProcess::start(shell("sleep 60"));
  EXPECT_EQ(polite->stop(10s).signal, SIGTERM);
  auto [ours, theirs] = socket_pair();
  Command stubborn_command = shell("trap '' TERM; echo ready >&5; while :; do sleep 0.1; done");
  stubborn_command.fds = {{5, theirs.get()}};
  Result<ChildProcess> stubborn = ChildProcess::start(stubborn_command);
  char ready = 0;
  ASSERT_EQ(::read(ours.get(), &ready, 1), 1);
  EXPECT_EQ(stubborn->stop(50ms).signal, SIGKILL);
}

TEST(ChildProcess, dies_with_its_owner) {
  pid_t pid = 0;
  {
    const Result<ChildProcess> child = ChildProcess::start(shell("exec sleep 60"));
    pid = child->pid();
    EXPECT_TRUE(exists(pid));
  }
  EXPECT_FALSE(exists(pid));
}

TEST(ChildProcess, dies_with_the_thread_that_started_it) {
  std::optional<Result<ChildProcess>> child;
  std::thread([&] { child.emplace(ChildProcess::start(shell("exec sleep 60"))); }).join();
  const auto status = (*child)->wait(10s);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->signal, SIGKILL);
}

TEST(ChildProcess, the_environment_can_be_overridden_by_name) {
  Command command = shell("echo $HOME-$BPFMATRIX_TEST");
  command.environment = {{"HOME", "/h"}, {"BPFMATRIX_TEST", "x"}};
  EXPECT_EQ(run_command(command, 10s)->out, "/h-x\n");
}

TEST(FindProgram, knows_the_folders_that_an_ordinary_users_path_leaves_out) {
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const auto found = find_program("ldconfig");  // of libc-bin: on every Debian, and in sbin
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->filename(), "ldconfig");
}

TEST(ShellQuote, can_be_pasted) {
  EXPECT_EQ(shell_quote({"qemu", "-append", "a b", "it's", ""}),
            "qemu -append 'a b' 'it'\\''s' ''");
}

}  // namespace
}  // namespace bpfmatrix
