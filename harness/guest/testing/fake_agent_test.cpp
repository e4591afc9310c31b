#include "guest/testing/fake_agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guest/session.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

Clock::time_point in_a_moment() { return Clock::now() + std::chrono::minutes(1); }

class FakeAgentTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(session_.open(in_a_moment())); }

  /// The lines of a run; standard error goes to err_.
  std::vector<std::string> run(const std::string& path,
                               std::function<void(std::string_view)> on = {}) {
    std::vector<std::string> lines;
    const RunEvents events{[&](std::string_view line) {
                             lines.emplace_back(line);
                             if (on) on(line);
                           },
                           [&](std::string_view bytes) { err_ += bytes; }};
    exited_ = session_.run(RunRequest{{path}}, "first\n", events, in_a_moment());
    return lines;
  }

  FakeAgent agent_{};
  Session session_{agent_};
  std::string err_{};
  Result<Exited> exited_ = Error{"nothing ran"};
};

TEST_F(FakeAgentTest, a_file_that_was_sent_can_be_read) {
  const std::string bytes(2 * kChunkBytes + 1, 'b');
  ASSERT_TRUE(session_.put_file("/run/bpfmatrix/x", bytes, 0644, in_a_moment()));
  EXPECT_EQ(*session_.read_file("/run/bpfmatrix/x", bytes.size(), in_a_moment()), bytes);
  EXPECT_EQ(session_.read_file("/run/bpfmatrix/x", 3, in_a_moment()).error().message,
            "guest agent: '/run/bpfmatrix/x': larger than the limit of 3 bytes");
  EXPECT_EQ(session_.read_file("/y", 3, in_a_moment()).error().message,
            "guest agent: /y: No such file or directory");
  EXPECT_TRUE(session_.put_file("/run/bpfmatrix/empty", "", 0644, in_a_moment()));
}

TEST_F(FakeAgentTest, a_program_says_its_lines_and_ends) {
  agent_.programs["/loader"] = {says("one"), complains("hm"), says("two"), exits(3)};
  EXPECT_THAT(run("/loader"), ElementsAre("one", "two"));
  EXPECT_EQ(err_, "hm");
  ASSERT_TRUE(exited_);
  EXPECT_EQ(exited_->code, 3);
  EXPECT_THAT(agent_.runs.at(0).argv, ElementsAre("/loader"));
}

TEST_F(FakeAgentTest, a_program_waits_for_input_while_the_host_does_other_things) {
  agent_.programs["/loader"] = {says("ready"), awaits_input(), says("done"), exits(0)};
  agent_.files["/x"] = "";
  agent_.on_trigger = [](const TriggerRequest&) { return Triggered{.numbers = {{"pid", 77}}}; };
  const auto lines = run("/loader", [&](std::string_view line) {
    if (line != "ready") return;
    EXPECT_TRUE(session_.write("/x", "text", in_a_moment()));
    EXPECT_EQ(session_.trigger({}, in_a_moment())->numbers.at("pid"), 77);
    EXPECT_TRUE(session_.input("go\n", true, in_a_moment()));
  });
  EXPECT_THAT(lines, ElementsAre("ready", "done"));
  EXPECT_TRUE(exited_);
  EXPECT_EQ(agent_.input, "first\ngo\n");
  EXPECT_EQ(agent_.files["/x"], "text");
  EXPECT_THAT(agent_.writes, ElementsAre(Pair("/x", "text")));
}

TEST_F(FakeAgentTest, a_program_that_is_not_there_cannot_be_run) {
  run("/nothing");
  EXPECT_EQ(exited_.error().message, "guest agent: /nothing: No such file or directory");
  EXPECT_EQ(session_.state(), SessionState::ready);
}

TEST_F(FakeAgentTest, a_program_that_does_not_end_hangs) {
  agent_.programs["/loader"] = {says("one")};
  EXPECT_THAT(run("/loader"), ElementsAre("one"));
  EXPECT_EQ(session_.state(), SessionState::hung);
}

TEST_F(FakeAgentTest, a_program_can_take_the_machine_with_it) {
  agent_.programs["/loader"] = {says("one"), dies()};
  EXPECT_THAT(run("/loader"), ElementsAre("one"));
  EXPECT_EQ(session_.state(), SessionState::lost);
}

TEST_F(FakeAgentTest, each_run_can_be_another) {
  agent_.on_run = [&](const RunRequest&, const std::string&) -> std::optional<FakeProgram> {
    if (agent_.runs.size() == 1) return FakeProgram{exits(Exited{.timed_out = true})};
    return std::nullopt;
  };
  agent_.programs["/loader"] = {exits(0)};
  run("/loader");
  EXPECT_TRUE(exited_->timed_out);
  run("/loader");
  EXPECT_EQ(exited_->code, 0);
}

TEST_F(FakeAgentTest, it_is_parked_and_refreshed) {
  agent_.hello.release = "of the clone";
  ASSERT_TRUE(session_.park({{"/loader"}}, in_a_moment()));
  ASSERT_TRUE(session_.refresh({1, "random"}, in_a_moment()));
  ASSERT_TRUE(session_.open(in_a_moment()));
  EXPECT_EQ(session_.hello().release, "of the clone");
  EXPECT_THAT(agent_.parks.at(0).standby, ElementsAre("/loader"));
  EXPECT_TRUE(session_.shutdown(in_a_moment()));
  EXPECT_TRUE(agent_.shut_down);
}

TEST_F(FakeAgentTest, a_write_can_kill_it) {
  agent_.on_write = [](FakeAgent& agent, const std::string& path, const std::string&) {
    if (path == "/proc/sysrq-trigger") agent.close();
    return path == "/proc/sysrq-trigger";
  };
  EXPECT_FALSE(session_.write("/proc/sysrq-trigger", "c", in_a_moment()));
  EXPECT_EQ(session_.state(), SessionState::lost);
}

}  // namespace
}  // namespace bpfmatrix
