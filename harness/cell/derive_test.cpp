#include "cell/derive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cell/testing/attempts.h"
#include "outcome/outcome_fields.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kPanic =
    "[    3.100000] Kernel panic - not syncing: sysrq triggered crash\n";

Outcome outcome_of(std::vector<Attempt> attempts) {
  const Transcript transcript = transcript_of(std::move(attempts));
  return derive({.transcript = transcript}).outcome;
}

TEST(Derive, a_whole_record_becomes_an_outcome) {
  const Outcome outcome = outcome_of({completed(good_lines())});
  EXPECT_EQ(outcome.cell, "debian-6.1-x86_64/connect-kprobe-inner/kernel/libbpf");
  EXPECT_EQ(outcome.case_id, "connect-kprobe-inner");
  EXPECT_EQ(outcome.kernel.id, "debian-6.1-x86_64");
  EXPECT_EQ(outcome.btf_source, "kernel");
  EXPECT_EQ(outcome.loader, "libbpf");
  EXPECT_EQ(outcome.loader_version, "1.4.6");
  EXPECT_EQ(outcome.object.sha256, std::string(64, 'a'));
  EXPECT_EQ(outcome.end, End::completed);
  EXPECT_EQ(outcome.end_reason, "");
  EXPECT_EQ(outcome.open.result, StageResult::ok);
  EXPECT_EQ(outcome.relocate.stage.result, StageResult::ok);
  EXPECT_EQ(outcome.relocate.applied, 0);
  ASSERT_EQ(outcome.maps.size(), 1U);
  EXPECT_EQ(outcome.maps[0].type, "array");
  EXPECT_EQ(outcome.maps[0].stage.result, StageResult::ok);
  ASSERT_EQ(outcome.programs.size(), 1U);
  const ProgramOutcome& program = outcome.programs[0];
  EXPECT_EQ(program.section, "kprobe/__sys_connect");
  EXPECT_EQ(program.type, "kprobe");
  EXPECT_EQ(program.load.stage.result, StageResult::ok);
  EXPECT_EQ(program.load.stats.insns, 12U);
  EXPECT_EQ(program.load.instructions, 12U);
  EXPECT_EQ(program.load.log_sha256, "");
  EXPECT_EQ(program.attach.stage.result, StageResult::ok);
  EXPECT_EQ(program.attach.method, "kprobe");
  EXPECT_EQ(program.attach.requested, "__sys_connect");
  EXPECT_EQ(program.attach.actual, "__sys_connect");
  EXPECT_EQ(outcome.vm.accel, "tcg");
  EXPECT_TRUE(outcome.vm.cloned);
  EXPECT_EQ(outcome.vm.ready_ms, 20);
  EXPECT_EQ(outcome.vm.wall_ms, 100);
  EXPECT_EQ(outcome.vm.loader_ms, 60);
  EXPECT_TRUE(outcome.vm.btf_parsed_ahead);
  EXPECT_FALSE(outcome.vm.cached);
  EXPECT_THAT(outcome.vm.attempts, IsEmpty());
}

TEST(Derive, what_a_program_saw_is_compared_with_what_the_trigger_did) {
  const Outcome outcome = outcome_of({completed(good_lines())});
  EXPECT_EQ(outcome.trigger.kind, "standard");
  ASSERT_EQ(outcome.trigger.performed.size(), 1U);
  EXPECT_EQ(outcome.trigger.performed[0].ret, -111);
  ASSERT_EQ(outcome.observed.size(), 3U);
  const RunOutcome& run = outcome.programs.at(0).run;
  EXPECT_EQ(run.trigger, "standard");
  EXPECT_EQ(run.fired, 1U);
  EXPECT_EQ(run.run_cnt, 1U);
  EXPECT_EQ(run.run_time_ns, 5200U);
  EXPECT_EQ(run.arguments, ArgumentsSeen::direct);
}

TEST(Derive, a_value_that_is_not_what_the_trigger_did_is_wrong) {
  Attempt attempt = completed(good_lines());
  attempt.triggered->numbers["port"] = 80;
  const Outcome outcome = outcome_of({attempt});
  EXPECT_EQ(outcome.programs.at(0).run.arguments, ArgumentsSeen::wrong);
}

TEST(Derive, what_the_case_expects_counts_where_the_trigger_says_nothing) {
  std::vector<std::string> lines = good_lines();
  lines[9] = R"({"event":"observed","map":"observed","values":{"hits":1,"answer":41}})";
  CaseSpec spec;
  spec.truth = {{"answer", std::int64_t{42}}};
  const Transcript transcript = transcript_of({completed(lines)});
  const Outcome outcome = derive({.transcript = transcript, .spec = &spec}).outcome;
  ASSERT_EQ(outcome.observed.size(), 2U);
  EXPECT_EQ(outcome.observed[0].result, ObservedResult::wrong);
  EXPECT_EQ(derive({.transcript = transcript}).outcome.observed[0].result, ObservedResult::unknown)
      << "without the case nobody knows";
}

TEST(Derive, a_program_that_is_not_attached_or_was_displaced_has_no_run) {
  std::vector<std::string> lines = good_lines();
  lines.insert(lines.begin() + 8, R"({"event":"displaced","program":"on_connect"})");
  const Outcome displaced = outcome_of({completed(lines)});
  EXPECT_TRUE(displaced.programs.at(0).run.displaced);
  EXPECT_EQ(displaced.programs.at(0).run.trigger, "");
  EXPECT_FALSE(displaced.programs.at(0).run.fired);
}

TEST(Derive, without_a_trigger_nothing_is_known_of_what_a_program_did) {
  Attempt attempt = completed(good_lines());
  attempt.triggered.reset();
  attempt.trigger_error = "no network";
  const Outcome outcome = outcome_of({attempt});
  EXPECT_EQ(outcome.trigger.problem, "no network");
  EXPECT_EQ(outcome.trigger.kind, "");
  EXPECT_EQ(outcome.programs.at(0).run.trigger, "");
  EXPECT_EQ(outcome.end, End::completed) << "the record is as good as before";
}

TEST(Derive, a_rejected_program_has_its_log) {
  const Transcript transcript = transcript_of({completed(rejected_lines())});
  const Derived derived = derive({.transcript = transcript});
  const LoadOutcome& load = derived.outcome.programs.at(0).load;
  EXPECT_EQ(load.stage.result, StageResult::failed);
  EXPECT_EQ(load.stage.errno_name, "EACCES");
  EXPECT_THAT(load.log_tail, HasSubstr("R1 invalid mem access"));
  EXPECT_EQ(load.log_sha256.size(), 64U);
  EXPECT_EQ(derived.logs.at("on_connect").substr(0, 8), "0: (61) ");
}

struct EndCase {
  const char* name;
  void (*change)(Attempt&, TranscriptInputs&);
  End end;
  const char* reason;
};

const EndCase kEnds[] = {
    {"whole", [](Attempt&, TranscriptInputs&) {}, End::completed, ""},
    {"no line of the contract",
     [](Attempt& a, TranscriptInputs&) { a.lines[1] = R"({"event":"hello"})"; }, End::lost,
     "'loader': unknown event 'hello'"},
    {"the trigger could not be pulled",
     [](Attempt& a, TranscriptInputs&) { a.go_error = "trigger: closed"; }, End::lost,
     "trigger: closed"},
    {"time is up", [](Attempt& a, TranscriptInputs&) { a.exited = Exited{.timed_out = true}; },
     End::hung, "the loader did not end within 120 s"},
    {"bytes were dropped", [](Attempt& a, TranscriptInputs&) { a.exited->dropped_out_bytes = 7; },
     End::lost, "7 bytes of the loader's record were lost"},
    {"ended before it was done",
     [](Attempt& a, TranscriptInputs&) {
       a.lines.pop_back();
       a.exited = Exited{.signal = 11};
     },
     End::lost,
     "the loader ended with signal 11 (Segmentation fault) before its record was complete"},
    {"ended badly although it was done",
     [](Attempt& a, TranscriptInputs&) { a.exited = Exited{.signal = 9}; }, End::lost,
     "the loader ended with signal 9 (Killed) after its record was complete"},
    {"failed although it was done",
     [](Attempt& a, TranscriptInputs&) { a.exited = Exited{.code = 3}; }, End::lost,
     "the loader ended with exit code 3 after its record was complete"},
    {"the agent refused, and nothing was limited",
     [](Attempt& a, TranscriptInputs&) {
       a.exited.reset();
       a.session_error = "guest agent: no";
     },
     End::lost, "guest agent: no"},
    {"the agent could not limit it",
     [](Attempt& a, TranscriptInputs& inputs) {
       a.exited.reset();
       a.session_error = "guest agent: no lockdown";
       inputs.spec.privileges.lockdown = "integrity";
     },
     End::unavailable, "guest agent: no lockdown"},
    {"no answer",
     [](Attempt& a, TranscriptInputs&) {
       a.exited.reset();
       a.session = SessionState::hung;
       a.session_error = "guest agent: no answer before the deadline";
     },
     End::hung, "guest agent: no answer before the deadline"},
    {"no machine",
     [](Attempt& a, TranscriptInputs&) {
       a = Attempt{.no_machine = VmExit{End::unavailable, "no QEMU", ""}};
     },
     End::unavailable, "no QEMU"},
};

TEST(Derive, how_an_attempt_ended_is_what_it_left) {
  for (const EndCase& one : kEnds) {
    Transcript transcript = transcript_of({completed(good_lines())});
    one.change(transcript.attempts[0], transcript.inputs);
    const AttemptEnd end = end_of(transcript.attempts[0], transcript.inputs);
    EXPECT_EQ(to_string(end.end), to_string(one.end)) << one.name;
    EXPECT_EQ(end.reason, one.reason) << one.name;
  }
}

TEST(Derive, a_panic_on_the_console_counts_more_than_the_lost_channel) {
  const Outcome outcome = outcome_of({given_up(SessionState::lost, std::string(kPanic))});
  EXPECT_EQ(outcome.end, End::panicked);
  EXPECT_THAT(outcome.end_reason, HasSubstr("sysrq triggered crash"));
  EXPECT_THAT(outcome.console_tail, HasSubstr("Kernel panic"));
}

TEST(Derive, a_lost_attempt_says_nothing_and_the_last_that_was_not_lost_counts) {
  const Outcome outcome = outcome_of({given_up(SessionState::lost, "x"), completed(good_lines()),
                                      booted(given_up(SessionState::lost, "x"))});
  EXPECT_EQ(outcome.end, End::completed);
  ASSERT_EQ(outcome.vm.attempts.size(), 3U);
  EXPECT_EQ(outcome.vm.attempts[0].end, End::lost);
  EXPECT_EQ(outcome.vm.attempts[1].end, End::completed);
  EXPECT_FALSE(outcome.vm.attempts[2].cloned);
  EXPECT_EQ(outcome.vm.wall_ms, 2100) << "of all of them";
  EXPECT_THAT(outcome.vm.flaky, IsEmpty());
}

TEST(Derive, attempts_that_differ_are_flaky_and_a_person_hears_of_it) {
  const Transcript transcript =
      transcript_of({given_up(SessionState::hung, "x"), completed(good_lines()),
                     booted(completed(rejected_lines()))});
  const Derived derived = derive({.transcript = transcript});
  EXPECT_FALSE(derived.outcome.vm.flaky.empty());
  EXPECT_EQ(derived.notices.size(), derived.outcome.vm.flaky.size());
}

TEST(Derive, attempts_that_are_all_lost_leave_the_cell_lost) {
  const Outcome outcome =
      outcome_of({given_up(SessionState::lost, "x"), given_up(SessionState::lost, "x"),
                  booted(given_up(SessionState::lost, "x"))});
  EXPECT_EQ(outcome.end, End::lost);
}

Attempt cold(Attempt attempt) {
  attempt.kind = AttemptKind::cold_check;
  return booted(std::move(attempt));
}

TEST(Derive, a_cold_check_that_agrees_only_says_that_there_was_one) {
  const Outcome outcome = outcome_of({completed(good_lines()), cold(completed(good_lines()))});
  EXPECT_TRUE(outcome.vm.cold_checked);
  EXPECT_TRUE(outcome.vm.cloned) << "the first attempt counts";
  EXPECT_THAT(outcome.vm.flaky, IsEmpty());
  EXPECT_THAT(outcome.vm.attempts, IsEmpty());
}

TEST(Derive, a_cold_check_that_differs_makes_the_cell_flaky) {
  const Outcome outcome = outcome_of({completed(good_lines()), cold(completed(rejected_lines()))});
  EXPECT_EQ(outcome.programs.at(0).load.stage.result, StageResult::ok);
  EXPECT_FALSE(outcome.vm.flaky.empty());
  EXPECT_EQ(outcome.vm.attempts.size(), 2U);
}

TEST(Derive, what_the_kernel_complained_of_in_any_attempt_is_kept) {
  Attempt first = completed(good_lines());
  EXPECT_FALSE(outcome_of({first}).splats) << "nobody listened";
  first.console = "[    3.000000] random: crng init done\n";
  EXPECT_THAT(*outcome_of({first}).splats, IsEmpty());
  first.console =
      "[    3.000000] WARNING: CPU: 0 PID: 9 at kernel/bpf/core.c:7 bpf_check+0x1/0x20\n"
      "[    3.000001] WARNING: CPU: 0 PID: 9 at kernel/bpf/core.c:7 bpf_check+0x1/0x20\n";
  Attempt second = booted(completed(good_lines()));
  second.console = "rcu: INFO: rcu_sched self-detected stall on CPU\n";
  const Transcript transcript = transcript_of({first, second});
  const Derived derived = derive({.transcript = transcript});
  ASSERT_EQ(derived.outcome.splats->size(), 2U);
  EXPECT_EQ(derived.outcome.splats->at(0).name, "WARNING: at kernel/bpf/core.c bpf_check");
  EXPECT_EQ(derived.outcome.splats->at(0).count, 2);
  EXPECT_TRUE(derived.outcome.splats->at(1).stall);
  EXPECT_THAT(derived.outcome.vm.flaky, IsEmpty());
  EXPECT_THAT(
      derived.notices,
      ::testing::Contains(HasSubstr("the kernel complained: WARNING: at kernel/bpf/core.c")));
}

TEST(Derive, a_cell_that_was_not_run_says_why) {
  Transcript transcript = transcript_of({});
  transcript.unavailable = "kernel 'x': not in the store";
  const Outcome outcome = derive({.transcript = transcript}).outcome;
  EXPECT_EQ(outcome.end, End::unavailable);
  EXPECT_EQ(outcome.end_reason, "kernel 'x': not in the store");
  EXPECT_EQ(outcome.open.result, StageResult::not_reached);
}

TEST(Derive, an_object_that_is_none_fails_to_open) {
  Transcript transcript = transcript_of({});
  transcript.object_problem = "LLVM bitcode, not a BPF object";
  const Outcome outcome =
      derive({.transcript = transcript, .facts_sha256 = std::string(64, 'a')}).outcome;
  EXPECT_EQ(outcome.end, End::completed);
  EXPECT_EQ(outcome.kernel.facts, "") << "the same in every run";
  EXPECT_EQ(outcome.open.result, StageResult::failed);
  EXPECT_EQ(outcome.open.message, "LLVM bitcode, not a BPF object");
}

TEST(Derive, without_the_object_relocations_are_not_compared) {
  const Outcome outcome = outcome_of({completed(good_lines())});
  EXPECT_EQ(outcome.relocate.not_compared, "the object is gone");
  EXPECT_FALSE(outcome.object.global_data);
}

TEST(Derive, an_object_without_relocations_needs_no_BTF) {
  ObjectFile object;
  object.info.license = "GPL";
  object.info.btf = true;
  const Transcript transcript = transcript_of({completed(good_lines())});
  const Outcome outcome = derive({.transcript = transcript, .object = &object}).outcome;
  EXPECT_EQ(outcome.relocate.not_compared, "");
  EXPECT_EQ(outcome.object.license, "GPL");
  EXPECT_TRUE(outcome.object.btf);
  EXPECT_EQ(outcome.object.global_data, false);
}

TEST(Derive, what_the_kernel_is_known_to_have_is_in_the_candidates) {
  KernelFacts facts;
  facts.arch = "x86_64";
  const Transcript transcript = transcript_of({completed(good_lines())});
  const Outcome outcome =
      derive({.transcript = transcript, .facts = &facts, .facts_sha256 = "f"}).outcome;
  EXPECT_EQ(outcome.kernel.facts, "f");
  ASSERT_FALSE(outcome.programs.at(0).attach.candidates.empty());
  EXPECT_EQ(outcome.programs.at(0).attach.candidates[0].symbol, "__sys_connect");
  EXPECT_THAT(outcome_of({completed(good_lines())}).programs.at(0).attach.candidates, IsEmpty());
}

TEST(Derive, the_users_BTF_is_counted_against_the_kernel) {
  Transcript transcript = transcript_of({completed(good_lines())});
  transcript.inputs.embedded = EmbeddedBtf{EmbeddedOrigin::file, 10, "b", {}, {}};
  const Outcome outcome =
      derive({.transcript = transcript, .given_share = BtfShare{.compared = 9, .alike = 8}})
          .outcome;
  ASSERT_TRUE(outcome.embedded);
  EXPECT_EQ(outcome.embedded->functions, 9U);
  EXPECT_EQ(outcome.embedded->functions_in_kernel, 8U);
}

TEST(Derive, an_application_has_its_own_end) {
  std::vector<std::string> lines = good_lines();
  lines.insert(lines.end() - 1,
               R"({"event":"app","exit_code":0,"signal":null,"stop_signal":2,"probes":3})");
  Transcript transcript = transcript_of({completed(lines)});
  transcript.inputs.app = AppInput{LoaderApp{.name = "app", .path = "/home/me/app"}, "s"};
  const Outcome outcome = derive({.transcript = transcript}).outcome;
  ASSERT_TRUE(outcome.app);
  EXPECT_EQ(outcome.app->path, "/home/me/app");
  EXPECT_EQ(outcome.app->exit_code, 0);
  EXPECT_EQ(outcome.app->stop_signal, 2);
  EXPECT_EQ(outcome.app->probes, 3);
}

TEST(Derive, what_was_to_share_the_kernel_is_there_even_if_nothing_was_said_of_it) {
  std::vector<std::string> lines = good_lines();
  lines.insert(
      lines.end() - 1,
      R"({"event":"beside","object":"first","program":"p","result":"ok","errno":null,"message":null,"method":"xdp","requested":"lo"})");
  Transcript transcript = transcript_of({completed(lines)});
  transcript.inputs.spec.together = {{"first", "hash"}, {"second", "hash"}};
  const Outcome outcome = derive({.transcript = transcript}).outcome;
  ASSERT_TRUE(outcome.beside);
  ASSERT_EQ(outcome.beside->size(), 2U);
  EXPECT_EQ((*outcome.beside)[0].stage.result, StageResult::ok);
  EXPECT_EQ((*outcome.beside)[1].object, "second");
  EXPECT_EQ((*outcome.beside)[1].stage.result, StageResult::not_reached);
}

TEST(Derive, what_the_loader_was_allowed_is_what_was_asked) {
  Transcript transcript = transcript_of({completed(good_lines())});
  transcript.inputs.spec.privileges.memlock_bytes = 4096;
  transcript.inputs.spec.privileges.lockdown = "integrity";
  const Outcome outcome = derive({.transcript = transcript}).outcome;
  EXPECT_EQ(outcome.privileges.memlock_bytes, 4096U);
  EXPECT_EQ(outcome.privileges.lockdown, "integrity");
}

TEST(Derive, whether_memory_is_counted_is_the_agents_word) {
  Attempt attempt = completed(good_lines());
  attempt.exited->memlock_counted = true;
  EXPECT_EQ(outcome_of({attempt}).memlock_counted, true);
}

TEST(Derive, what_an_earlier_run_had_is_said_so) {
  const Transcript transcript = transcript_of({completed(good_lines())});
  EXPECT_TRUE(derive({.transcript = transcript, .recalled = true}).outcome.vm.cached);
  EXPECT_TRUE(as_recalled(Outcome()).vm.cached);
}

TEST(Derive, is_a_function_of_its_input) {
  const std::vector<Attempt> attempts{completed(rejected_lines())};
  EXPECT_EQ(to_line(outcome_of(attempts)), to_line(outcome_of(attempts)));
}

}  // namespace
}  // namespace bpfmatrix
