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

SaidValue saw(std::string name, Scalar value) { return {std::move(name), std::move(value)}; }
Scalar number(std::int64_t value) { return value; }

std::vector<ObservedValue> compared(const std::vector<SaidValue>& values) {
  return compare(values, expected_values(kTriggered, {}));
}

struct ObservationRow {
  const char* name;
  Scalar value;
  ObservedResult result;
};
const ObservationRow kRows[] = {
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

TEST(Observation, each_value_is_compared_with_what_its_name_should_be) {
  for (const ObservationRow& row : kRows) {
    const auto values = compared({saw("hits", number(1)), saw(row.name, row.value)});
    EXPECT_EQ(values[1].result, row.result) << row.name;
    EXPECT_EQ(values[1].expected.has_value(), row.result != unknown) << row.name;
  }
}

TEST(Observation, without_a_run_nothing_was_seen_not_even_wrongly) {
  const auto values = compared({saw("hits", number(0)), saw("hits__inner", number(0)),
                                saw("pid", number(0)), saw("rc", number(0))});
  EXPECT_EQ(values[0].result, unknown);
  EXPECT_EQ(values[1].result, unknown);
  EXPECT_EQ(values[2].result, absent);
  EXPECT_EQ(values[2].expected, Scalar(number(312)));
  EXPECT_EQ(values[3].result, absent);
}

struct Arguments {
  const char* name;
  std::vector<SaidValue> values;
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

TEST(Observation, the_arguments_were_read_the_way_that_came_out_right) {
  for (const Arguments& row : kArguments) {
    EXPECT_EQ(arguments_seen(compared(row.values)), row.seen) << row.name;
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

TEST(Observation, counts_that_bear_a_programs_name_are_that_programs) {
  const auto values = compared({saw("hits", number(2)), saw("hits__b", number(1))});
  EXPECT_EQ(fired_count(values), 2U);
  EXPECT_EQ(fired_count(values, "b"), 1U);
  EXPECT_FALSE(fired_count(values, "a"));
}

TEST(Observation, arguments_that_bear_a_programs_name_are_that_programs) {
  const auto values =
      compared({saw("hits", number(2)), saw("fd__a", number(7)), saw("fd__b", number(100))});
  EXPECT_EQ(arguments_seen(values, "a"), ArgumentsSeen::wrong);
  EXPECT_EQ(arguments_seen(values, "b"), ArgumentsSeen::direct);
  EXPECT_EQ(arguments_seen(values, "c"), ArgumentsSeen::unknown);
}

TEST(Observation, a_case_may_expect_more_and_the_trigger_comes_first) {
  const ExpectedValues expected =
      expected_values(kTriggered, {{"sum", std::int64_t{30}}, {"pid", std::int64_t{1}}});
  EXPECT_EQ(expected.at("sum"), Scalar(std::int64_t{30}));
  EXPECT_EQ(expected.at("pid"), Scalar(std::int64_t{312}));
}

TEST(Observation, without_a_trigger_nothing_is_expected) {
  EXPECT_TRUE(expected_values(std::nullopt, {{"sum", std::int64_t{30}}}).empty());
}

}  // namespace
}  // namespace bpfmatrix
