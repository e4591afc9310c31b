#include "vm/splats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "vm/console.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string console_fixture(const std::string& name) {
  const std::filesystem::path folder =
      std::filesystem::path(BPFMATRIX_SOURCE_DIR) / "harness/vm/testdata";
  const Result<std::string> text = read_file(folder / name, 1 << 20);
  EXPECT_TRUE(text) << text.error().message;
  return text ? clean_console(*text) : "";
}

TEST(FindComplaints, a_boot_without_trouble_has_none) {
  EXPECT_THAT(find_complaints(console_fixture("boot_without_trouble_6.12_x86_64.txt")), IsEmpty());
  EXPECT_THAT(find_complaints(console_fixture("boot_without_trouble_6.1_aarch64.txt")), IsEmpty());
}

TEST(FindComplaints, a_real_warning_comes_with_its_message_and_its_trace) {
  // LKDTM was asked for one: WARNING_MESSAGE to provoke-crash/DIRECT.
  for (const std::string arch : {"x86_64", "aarch64"}) {
    const auto found = find_complaints(console_fixture("warning_5.10_" + arch + ".txt"));
    ASSERT_THAT(found, SizeIs(1)) << arch;
    EXPECT_EQ(found[0].name, "WARNING: at lkdtm_WARNING_MESSAGE");
    EXPECT_THAT(found[0].text,
                StartsWith("Warning message trigger count: 1\nWARNING: CPU: 0 PID: 1 "
                           "at lkdtm_WARNING_MESSAGE+0x"));
    EXPECT_THAT(found[0].text, ::testing::ContainsRegex("Call [Tt]race:"));
    EXPECT_THAT(found[0].text, ::testing::Not(HasSubstr("RAX")));
    EXPECT_THAT(found[0].text, ::testing::Not(HasSubstr("x29")));
    EXPECT_FALSE(found[0].is_stall);
  }
}

struct Named {
  const char* line;
  const char* name;
};
constexpr Named kNames[] = {
    {"WARNING: CPU: 0 PID: 214 at kernel/bpf/verifier.c:4531 check_mem_access+0x12/0x340",
     "WARNING: at kernel/bpf/verifier.c check_mem_access"},
    {"WARNING: CPU: 1 PID: 9 at check_mem_access.isra.0+0x12/0x340",
     "WARNING: at check_mem_access.isra.0"},
    {"WARNING: CPU: 1 PID: 9 at net/core/dev.c:1 napi_poll+0x1/0x9 [veth]",
     "WARNING: at net/core/dev.c napi_poll"},
    {"WARNING: kernel/bpf/verifier.c:4531 at check_mem_access+0x12/0x340, CPU#0: loader/214",
     "WARNING: at kernel/bpf/verifier.c check_mem_access"},
    {"WARNING: at check_mem_access+0x12/0x340, CPU#0: loader/214", "WARNING: at check_mem_access"},
    {"WARNING: possible circular locking dependency detected",
     "WARNING: possible circular locking dependency detected"},
    {"WARNING: suspicious RCU usage", "WARNING: suspicious RCU usage"},
    {"BUG: sleeping function called from invalid context at kernel/locking/mutex.c:283",
     "BUG: sleeping function called from invalid context at kernel/locking/mutex.c"},
    {"BUG: KASAN: slab-out-of-bounds in htab_map_get_next_key+0xd3/0x170",
     "BUG: KASAN: slab-out-of-bounds in htab_map_get_next_key"},
    {"BUG: scheduling while atomic: loader/214/0x00000002", "BUG: scheduling while atomic: #/#"},
    {"UBSAN: array-index-out-of-bounds in kernel/bpf/core.c:12:34",
     "UBSAN: array-index-out-of-bounds in kernel/bpf/core.c"},
    {"kernel BUG at kernel/bpf/arraymap.c:77!", "kernel BUG at kernel/bpf/arraymap.c!"},
    {"BUG kmalloc-64 (Not tainted): Poison overwritten",
     "BUG kmalloc-# (Not tainted): Poison overwritten"},
    {"INFO: task loader:214 blocked for more than 120 seconds.",
     "INFO: task # blocked for more than # seconds."},
    {"watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [loader:214]",
     "watchdog: BUG: soft lockup - CPU# stuck for #! [#]"},
};

TEST(FindComplaints, the_name_is_the_same_whatever_the_numbers) {
  for (const Named& row : kNames) {
    const auto found = find_complaints("[    1.500000] " + std::string(row.line) + "\n");
    ASSERT_THAT(found, SizeIs(1)) << row.line;
    EXPECT_EQ(found[0].name, row.name);
    EXPECT_EQ(found[0].text, row.line);
  }
}

TEST(FindComplaints, only_a_stall_is_one) {
  EXPECT_TRUE(find_complaints("rcu: INFO: rcu_sched self-detected stall on CPU\n")[0].is_stall);
  EXPECT_TRUE(find_complaints("INFO: task a:1 blocked for more than 120 seconds.\n")[0].is_stall);
  EXPECT_FALSE(find_complaints("WARNING: suspicious RCU usage\n")[0].is_stall);
}

TEST(FindComplaints, the_message_of_a_warning_comes_before_it_and_belongs_to_it) {
  const auto found = find_complaints(
      "[    1.000000] something else\n"
      "[    1.500000] ------------[ cut here ]------------\n"
      "[    1.500001] verifier bug: REG INVARIANTS VIOLATION\n"
      "[    1.500002] WARNING: kernel/bpf/verifier.c:1 at reg_bounds+0x1/0x2, CPU#0: a/7\n"
      "[    1.500003] Modules linked in:\n"
      "[    1.500004] ---[ end trace 0000000000000000 ]---\n"
      "[    1.500005] something else again\n");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].text, StartsWith("verifier bug: REG INVARIANTS VIOLATION\nWARNING: "));
  EXPECT_THAT(found[0].text, HasSubstr("Modules linked in:"));
  EXPECT_THAT(found[0].text, ::testing::Not(HasSubstr("something else")));
}

TEST(FindComplaints, one_after_the_other_are_two) {
  EXPECT_THAT(find_complaints("WARNING: a\ntrace\nWARNING: b\n---[ end trace\nWARNING: a\n"),
              SizeIs(3));
}

TEST(FindComplaints, a_flood_costs_what_a_trickle_does) {
  std::string flood;
  for (int i = 0; i < 10'000; ++i) flood += "WARNING: " + std::string(1000, 'x') + "\nline\n";
  const auto found = find_complaints(flood);
  EXPECT_THAT(found, SizeIs(64));
  EXPECT_LT(found[0].text.size(), 400U);
  EXPECT_THAT(find_complaints("WARNING: a\n" + std::string(100'000, '\n'))[0].text.size(),
              ::testing::Lt(100U));
}

}  // namespace
}  // namespace bpfmatrix
