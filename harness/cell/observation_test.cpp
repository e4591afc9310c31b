#include "cell/observation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using enum ObservedResult;

const Triggered kTriggered{{{"pid", 312},
                            {"ppid", 311},
                            {"fd", 100},
                            {"port", 28531},
                            {"addr", 0x7f000001},
                            {"ret", -115}},
                           {{"comm", "bpfmatrix-trig"}, {"filename", "/init"}},
                           {{"getpid", 312}, {"connect", -115}}};

ObservedValue saw(std::string name, Scalar value) { return {std::move(name), std::move(value)}; }
Scalar number(std::int64_t value) { return value; }

struct Row {
  const char* name;
  Scalar value;
  ObservedResult result;
};
const Row kRows[] = {
    {"pid", number(312), right},
    {"pid", number(311), wrong},
    {"ppid", number(311), right},
    {"comm", "bpfmatrix-trig", right},
    {"comm", "bpfmatrix-tri", wrong},
    {"comm", "", wrong},
    {"fd", number(100), right},
    {"fd__direct", number(-1073741824), wrong},
    {"fd__wrapped", number(100), right},
    {"port", number(28531), right},
    {"port", number(0x736f), wrong},  // the bytes the wrong way round
    {"addr", number(0x7f000001), right},
    {"ret", number(-115), right},
    {"filename", "/init", right},
    {"ret", std::uint64_t{0xffffffffffffff8d}, wrong},  // -115 without its sign
    {"pid", "312", wrong},
    {"rc", number(0), unknown},
    {"rc__peek", number(0), unknown},
    {"fd_count", number(3), unknown},
    {"hits__inner", number(4), unknown},
};

TEST(Observation, each_value_is_held_against_the_truth_of_its_name) {
  for (const Row& row : kRows) {
    std::vector<ObservedValue> values{saw("hits", number(1)), saw(row.name, row.value)};
    compare_with(expected_of(kTriggered), values);
    EXPECT_EQ(values[1].result, row.result) << row.name;
    EXPECT_EQ(values[1].expected.has_value(), row.result != unknown) << row.name;
  }
}

TEST(Observation, without_hits_nothing_was_seen_not_even_wrongly) {
  std::vector<ObservedValue> values{saw("hits", number(0)), saw("hits__inner", number(0)),
                                    saw("pid", number(0)), saw("rc", number(0))};
  compare_with(expected_of(kTriggered), values);
  EXPECT_EQ(values[0].result, unknown);
  EXPECT_EQ(values[1].result, unknown);
  EXPECT_EQ(values[2].result, absent);
  EXPECT_EQ(values[2].expected, Scalar(number(312)));
  EXPECT_EQ(values[3].result, absent);
}

struct Arguments {
  const char* name;
  std::vector<ObservedValue> values;
  ArgumentsSeen seen;
};
const Arguments kArguments[] = {
    {"plain and right",
     {saw("fd", number(100)), saw("port", number(28531))},
     ArgumentsSeen::direct},
    {"plain and wrong", {saw("fd", number(7))}, ArgumentsSeen::wrong},
    {"plain and half right",
     {saw("fd", number(100)), saw("port", number(0))},
     ArgumentsSeen::wrong},
    {"wrapped",
     {saw("fd__direct", number(7)), saw("fd__wrapped", number(100))},
     ArgumentsSeen::wrapped},
    {"not wrapped",
     {saw("fd__direct", number(100)), saw("fd__wrapped", number(7))},
     ArgumentsSeen::direct},
    {"neither",
     {saw("fd__direct", number(7)), saw("fd__wrapped", number(8))},
     ArgumentsSeen::wrong},
    {"no arguments", {saw("pid", number(312)), saw("ret", number(-115))}, ArgumentsSeen::unknown},
    {"never ran", {saw("hits", number(0)), saw("fd", number(0))}, ArgumentsSeen::unknown},
    {"nothing", {}, ArgumentsSeen::unknown},
};

TEST(Observation, the_arguments_were_taken_the_way_that_came_out_right) {
  for (const Arguments& row : kArguments) {
    std::vector<ObservedValue> values = row.values;
    compare_with(expected_of(kTriggered), values);
    EXPECT_EQ(arguments_seen(values), row.seen) << row.name;
  }
}

TEST(Observation, a_syscall_probe_is_known_by_its_section) {
  for (const char* section :
       {"kprobe/sys_connect", "kprobe/__x64_sys_connect", "kretprobe/__arm64_sys_connect",
        "fentry/__sys_connect", "ksyscall/connect", "kretsyscall/connect",
        "kprobe.multi/__sys_connect", "tracepoint/syscalls/sys_enter_connect",
        "tp/syscalls/sys_exit_connect"}) {
    EXPECT_TRUE(is_syscall_probe(section)) << section;
  }
  for (const char* section : {"xdp", "kprobe/tcp_v4_connect", "lsm/socket_connect",
                              "kprobe/notsys_x", "raw_tp/sched_switch", "", "ksyscall"}) {
    EXPECT_FALSE(is_syscall_probe(section)) << section;
  }
}

ProgramOutcome program(std::string name, std::string section, StageResult attach) {
  ProgramOutcome p;
  p.name = std::move(name);
  p.section = std::move(section);
  p.attach.stage.result = attach;
  return p;
}

TEST(Observation, the_only_attached_program_has_the_objects_hits) {
  Outcome outcome;
  outcome.programs = {program("a", "kprobe/sys_connect", StageResult::failed),
                      program("b", "kprobe/__sys_connect", StageResult::ok)};
  outcome.observed = {saw("hits", number(2)), saw("fd", number(100))};
  judge_run(&kTriggered, {}, outcome);
  EXPECT_EQ(outcome.programs[0].run.trigger, "");
  EXPECT_EQ(outcome.programs[0].run.fired, std::nullopt);
  EXPECT_EQ(outcome.programs[0].run.arguments, ArgumentsSeen::unknown);
  EXPECT_EQ(outcome.programs[1].run.trigger, "standard");
  EXPECT_EQ(outcome.programs[1].run.fired, 2U);
  EXPECT_EQ(outcome.programs[1].run.arguments, ArgumentsSeen::direct);
  EXPECT_EQ(outcome.trigger.kind, "standard");
  EXPECT_EQ(outcome.trigger.performed.size(), 2U);
}

TEST(Observation, with_several_programs_attached_none_is_given_the_hits) {
  Outcome outcome;
  outcome.programs = {program("a", "xdp", StageResult::ok), program("b", "tc", StageResult::ok)};
  outcome.observed = {saw("hits", number(2))};
  judge_run(&kTriggered, {}, outcome);
  EXPECT_EQ(outcome.programs[0].run.fired, std::nullopt);
  EXPECT_EQ(outcome.programs[0].run.trigger, "standard");
}

TEST(Observation, counts_and_arguments_that_bear_a_programs_name_are_that_programs) {
  Outcome outcome;
  outcome.programs = {program("a", "kprobe/__x64_sys_connect", StageResult::ok),
                      program("b", "kprobe/__sys_connect", StageResult::ok)};
  outcome.observed = {saw("hits", number(2)), saw("hits__b", number(1)), saw("fd__a", number(7)),
                      saw("fd__b", number(100))};
  judge_run(&kTriggered, {}, outcome);
  EXPECT_EQ(outcome.programs[0].run.fired, std::nullopt);
  EXPECT_EQ(outcome.programs[1].run.fired, 1U);
  EXPECT_EQ(outcome.programs[0].run.arguments, ArgumentsSeen::wrong);
  EXPECT_EQ(outcome.programs[1].run.arguments, ArgumentsSeen::direct);
}

TEST(Observation, who_has_given_way_to_another_program_was_not_triggered) {
  Outcome outcome;
  outcome.programs = {program("a", "xdp", StageResult::ok), program("b", "xdp", StageResult::ok)};
  outcome.programs[0].run.displaced = true;
  outcome.observed = {saw("hits", number(2))};
  judge_run(&kTriggered, {}, outcome);
  EXPECT_EQ(outcome.programs[0].run.trigger, "");
  EXPECT_EQ(outcome.programs[1].run.fired, 2U);
}

TEST(Observation, a_case_may_know_more_truths_and_the_triggers_own_come_first) {
  Outcome outcome;
  outcome.observed = {saw("hits", number(1)), saw("sum", number(30)), saw("pid", number(312))};
  judge_run(&kTriggered, {{"sum", 30}, {"pid", 1}}, outcome);
  EXPECT_EQ(outcome.observed[1].result, right);
  EXPECT_EQ(outcome.observed[2].result, right);
}

TEST(Observation, without_a_trigger_nothing_is_told) {
  Outcome outcome;
  outcome.programs = {program("a", "kprobe/__sys_connect", StageResult::ok)};
  outcome.observed = {saw("hits", number(2)), saw("fd", number(100))};
  judge_run(nullptr, {{"sum", 30}}, outcome);
  EXPECT_EQ(outcome.trigger.kind, "");
  EXPECT_EQ(outcome.programs[0].run.trigger, "");
  EXPECT_EQ(outcome.observed[1].result, unknown);
}

}  // namespace
}  // namespace bpfmatrix
