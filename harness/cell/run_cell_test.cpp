#include "cell/run_cell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "cell/testing/attempts.h"
#include "guest/testing/fake_agent.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A cell in a guest whose loader does what `program_` says.
class RunningACell : public ::testing::Test {
 protected:
  void SetUp() override {
    object_.file = dir_->path() / "x.o";
    ASSERT_TRUE(write_file(object_.file, "an object"));
    kernel_.btf = KernelBtf{dir_->path() / "btf", 3, "b"};
    ASSERT_TRUE(write_file(kernel_.btf->file, "BTF"));
    agent_.on_run = [this](const RunRequest&, const std::string& input) {
      input_to_loader_ = input;
      return program_;
    };
    agent_.on_trigger = [](const TriggerRequest&) { return Triggered{{{"fd", 7}}, {}, {}}; };
    ASSERT_TRUE(session_.open(Clock::now() + std::chrono::minutes(1)));
  }

  CellRun run(const GuestUse& use = {}) { return run_cell(session_, input_, use, system_time()); }
  Json request() const { return *parse_json(input_to_loader_, "request"); }

  /// A loader that says these lines, waits where it is ready, and ends.
  static FakeProgram loader(const std::vector<std::string>& lines) {
    FakeProgram program;
    for (const std::string& line : lines) {
      program.push_back(says(line));
      if (line.find("\"ready\"") != std::string::npos) program.push_back(awaits_input());
    }
    program.push_back(exits(0));
    return program;
  }

  Result<TempDir> dir_ = TempDir::create();
  FakeAgent agent_{};
  Session session_{agent_};
  FakeProgram program_ = loader(good_lines());
  std::string input_to_loader_{};
  Cell cell_{.kernel = {"k", Arch::x86_64}, .case_id = "c", .loader = "libbpf"};
  CaseSpec spec_{.id = "c"};
  Kernel kernel_{.id = "k"};
  ObjectFile object_{};
  CellInput input_{&cell_, &spec_, &kernel_, &object_};
};

TEST_F(RunningACell, keeps_every_line_and_what_the_trigger_did) {
  program_.insert(program_.begin(), complains("libbpf: hello\n"));
  const CellRun ran = run();
  EXPECT_EQ(ran.attempt.lines, good_lines());
  EXPECT_EQ(ran.attempt.loader_log, "libbpf: hello\n");
  ASSERT_TRUE(ran.attempt.triggered);
  EXPECT_EQ(ran.attempt.triggered->numbers.at("fd"), 7);
  ASSERT_TRUE(ran.attempt.exited);
  EXPECT_EQ(ran.attempt.exited->code, 0);
  EXPECT_EQ(ran.attempt.session, SessionState::ready);
  EXPECT_FALSE(ran.guest_spoiled);
}

TEST_F(RunningACell, the_object_is_in_the_guest_before_the_loader_runs) {
  run();
  EXPECT_EQ(agent_.files.at("/run/bpfmatrix/cell/object.o"), "an object");
  EXPECT_EQ(request()["object"], "/run/bpfmatrix/cell/object.o");
  EXPECT_TRUE(request()["btf"].is_null());
  EXPECT_EQ(request()["hold"], true);
  ASSERT_EQ(agent_.runs.size(), 1U);
  EXPECT_THAT(agent_.runs[0].argv, ElementsAre("/bpfmatrix/loaders/libbpf"));
  EXPECT_FALSE(agent_.runs[0].hide_btf);
  EXPECT_TRUE(agent_.runs[0].hold_input);
  EXPECT_EQ(agent_.runs[0].deadline_ms, 120'000);
}

TEST_F(RunningACell, embedded_BTF_is_handed_over_and_the_kernels_own_hidden) {
  cell_.btf = BtfSource::embedded;
  run();
  EXPECT_EQ(agent_.files.at(std::string(kBtfInGuest)), "BTF");
  EXPECT_EQ(request()["btf"], kBtfInGuest);
  EXPECT_TRUE(agent_.runs.at(0).hide_btf);
}

TEST_F(RunningACell, embedded_BTF_that_is_there_already_is_not_sent_again) {
  cell_.btf = BtfSource::embedded;
  run({.btf_in_guest = true});
  EXPECT_FALSE(agent_.files.contains(std::string(kBtfInGuest)));
  EXPECT_EQ(request()["btf"], kBtfInGuest);
}

TEST_F(RunningACell, without_BTF_there_is_none_to_find) {
  cell_.btf = BtfSource::none;
  run();
  EXPECT_TRUE(request()["btf"].is_null());
  EXPECT_TRUE(agent_.runs.at(0).hide_btf);
}

TEST_F(RunningACell, its_privileges_are_the_agents_to_take) {
  spec_.privileges.memlock_bytes = 4096;
  spec_.privileges.capabilities = {"CAP_BPF"};
  spec_.privileges.lockdown = "integrity";
  run();
  const RunRequest& request = agent_.runs.at(0);
  EXPECT_EQ(request.memlock_bytes, 4096);
  EXPECT_TRUE(request.limit_capabilities);
  EXPECT_THAT(request.capabilities, ElementsAre("CAP_BPF"));
  EXPECT_EQ(request.lockdown, "integrity");
}

TEST_F(RunningACell, instructions_are_asked_for_where_there_are_relocations) {
  run();
  EXPECT_FALSE(request().contains("insns"));
}

TEST_F(RunningACell, and_only_there) {
  object_.info.relocations.core[0] = 1;
  run();
  EXPECT_EQ(request()["insns"], true);
}

TEST_F(RunningACell, an_application_is_put_beside_the_object_and_told_where_it_is) {
  const auto file = dir_->path() / "app";
  ASSERT_TRUE(write_file(file, "an application"));
  const AppFile app{{.name = "app", .path = "./app", .arguments = {"{object}", "-v"}},
                    file,
                    std::string(64, 'a')};
  input_.app = &app;
  run();
  EXPECT_EQ(agent_.files.at("/run/bpfmatrix/cell/apps/app"), "an application");
  EXPECT_THAT(agent_.runs.at(0).argv, ElementsAre("/bpfmatrix/loaders/app"));
  const Json json = request()["app"];
  EXPECT_EQ(json["argv"],
            Json({"/run/bpfmatrix/cell/apps/app", "/run/bpfmatrix/cell/object.o", "-v"}));
  EXPECT_EQ(json["version"], "sha256 aaaaaaaaaaaaaaaa");
}

TEST_F(RunningACell, what_the_case_writes_is_written_while_programs_are_attached) {
  spec_.trigger.emplace();
  spec_.trigger->write = WriteTrigger{"/proc/sysrq-trigger", "c"};
  run();
  EXPECT_THAT(agent_.writes, ElementsAre(std::pair("/proc/sysrq-trigger", "c")));
}

TEST_F(RunningACell, what_cannot_be_written_is_told_at_once_and_the_loader_need_not_wait) {
  spec_.trigger.emplace();
  spec_.trigger->write = WriteTrigger{"/no/such/file", "c"};
  const CellRun ran = run();
  EXPECT_THAT(ran.attempt.go_error, HasSubstr("/no/such/file"));
  ASSERT_TRUE(ran.attempt.exited) << ran.attempt.session_error;
  EXPECT_FALSE(ran.attempt.exited->timed_out);
}

TEST_F(RunningACell, a_trigger_that_cannot_be_pulled_leaves_the_record_as_good) {
  agent_.on_trigger = [](const TriggerRequest&) { return Result<Triggered>(Error{"no loopback"}); };
  const CellRun ran = run();
  EXPECT_THAT(ran.attempt.trigger_error, HasSubstr("no loopback"));
  EXPECT_EQ(ran.attempt.lines, good_lines());
  EXPECT_EQ(ran.attempt.go_error, "");
}

TEST_F(RunningACell, what_is_not_attached_is_not_triggered) {
  spec_.attach = false;
  program_ = loader(rejected_lines());
  const CellRun ran = run();
  EXPECT_FALSE(ran.attempt.triggered);
  EXPECT_EQ(request()["hold"], false);
  EXPECT_THAT(agent_.triggers, IsEmpty());
}

TEST_F(RunningACell, a_loader_that_breaks_the_contract_is_not_waited_for) {
  program_ = {says("no JSON"), awaits_input(), exits(0)};
  const CellRun ran = run();
  EXPECT_THAT(ran.attempt.lines, ElementsAre("no JSON"));
  EXPECT_TRUE(ran.attempt.exited) << "it was told to go on";
  EXPECT_FALSE(ran.attempt.triggered);
}

TEST_F(RunningACell, a_guest_that_dies_leaves_what_it_said) {
  program_ = {says(good_lines()[0]), dies()};
  const CellRun ran = run();
  EXPECT_THAT(ran.attempt.lines, ElementsAre(good_lines()[0]));
  EXPECT_EQ(ran.attempt.session, SessionState::lost);
  EXPECT_FALSE(ran.attempt.exited);
  EXPECT_NE(ran.attempt.session_error, "");
}

TEST_F(RunningACell, a_loader_that_never_ends_is_hung) {
  program_ = {says(good_lines()[0])};
  const CellRun ran = run();
  EXPECT_EQ(ran.attempt.session, SessionState::hung);
}

TEST_F(RunningACell, an_object_that_cannot_be_read_is_said_so) {
  object_.file = "/nowhere/x.o";
  const CellRun ran = run();
  EXPECT_THAT(ran.attempt.session_error, HasSubstr("/nowhere/x.o"));
  EXPECT_THAT(agent_.runs, IsEmpty());
}

TEST_F(RunningACell, what_the_agent_could_not_clear_away_spoils_the_guest) {
  program_.back() = exits(Exited{.code = 0, .leftovers = {"a mount"}});
  EXPECT_TRUE(run().guest_spoiled);
}

TEST_F(RunningACell, a_program_that_reaches_out_spoils_the_guest) {
  object_.info.reaches_out = true;
  EXPECT_TRUE(run().guest_spoiled);
}

TEST_F(RunningACell, the_kernel_is_asked_what_it_holds_before_the_loader_goes_on) {
  agent_.inventory = Inventory{{{17, 2, "on_connect", 1}}, {}, {}, {}, false};
  const CellRun ran = run();
  ASSERT_TRUE(ran.attempt.inventory);
  EXPECT_EQ(ran.attempt.inventory->programs.at(0).id, 17U);
}

TEST_F(RunningACell, where_the_agent_cannot_ask_the_kernel_the_cell_goes_on) {
  const CellRun ran = run();
  EXPECT_FALSE(ran.attempt.inventory);
  EXPECT_EQ(ran.attempt.session, SessionState::ready);
  EXPECT_TRUE(ran.attempt.exited);
}

TEST_F(RunningACell, says_when_the_loader_has_begun) {
  int begun = 0;
  run({.on_begun = [&] { ++begun; }});
  EXPECT_EQ(begun, 1);
}

TEST_F(RunningACell, the_last_in_a_guest_is_told_so) {
  run({.last_in_guest = true});
  EXPECT_TRUE(agent_.runs.at(0).last);
}

}  // namespace
}  // namespace bpfmatrix
