#include "vm/console.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace bpfmatrix {
namespace {

std::string fixture(const std::string& name) {
  const std::filesystem::path folder =
      std::filesystem::path(BPFMATRIX_SOURCE_DIR) / "harness/vm/testdata";
  Result<std::string> text = read_file(folder / name, 1 << 20);
  EXPECT_TRUE(text) << text.error().message;
  return text ? *std::move(text) : "";
}

struct Recorded {
  const char* file;
  std::optional<End> end;
  const char* line;
};
// Consoles of real kernels, cut to the lines around the trouble.
const Recorded kRecorded[] = {
    {"sysrq_crash_5.10_x86_64.txt", End::panicked,
     "Kernel panic - not syncing: sysrq triggered crash"},
    {"sysrq_crash_6.1_aarch64.txt", End::panicked,
     "Kernel panic - not syncing: sysrq triggered crash"},
    {"sysrq_crash_7.2_x86_64.txt", End::panicked,
     "Kernel panic - not syncing: sysrq triggered crash"},
    {"init_exited_6.12_x86_64.txt", End::panicked,
     "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000000"},
    {"out_of_memory_6.1_x86_64.txt", End::panicked,
     "Kernel panic - not syncing: System is deadlocked on memory"},
    {"boot_without_trouble_6.12_x86_64.txt", std::nullopt, ""},
    {"boot_without_trouble_6.1_aarch64.txt", std::nullopt, ""},
};

TEST(FindTrouble, in_consoles_of_real_kernels) {
  for (const Recorded& row : kRecorded) {
    const auto trouble = find_trouble(clean_console(fixture(row.file)));
    ASSERT_EQ(trouble.has_value(), row.end.has_value()) << row.file;
    if (!trouble) continue;
    EXPECT_EQ(trouble->end, *row.end) << row.file;
    EXPECT_EQ(trouble->line, row.line) << row.file;
  }
}

struct Line {
  const char* console;
  std::optional<End> end;
};
constexpr Line kLines[] = {
    // x86_64
    {"[    1.5] BUG: kernel NULL pointer dereference",
     std::nullopt},  // no time stamp of the kernel's
    {"[    1.500000] BUG: kernel NULL pointer dereference, address: 0000000000000010",
     End::panicked},
    {"[    1.500000][    T1] BUG: unable to handle page fault for address: ffff", End::panicked},
    {"[    1.500000] Oops: 0002 [#1] PREEMPT SMP PTI", End::panicked},
    {"[    1.500000] Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI", End::panicked},
    {"[    1.500000] invalid opcode: 0000 [#1] SMP", End::panicked},
    {"[    1.500000] general protection fault, probably for non-canonical address", End::panicked},
    {"[    1.500000] kernel BUG at kernel/bpf/verifier.c:123!", End::panicked},
    {"[    1.500000] BUG: KASAN: slab-out-of-bounds in bpf_prog_run+0x10/0x20", End::panicked},
    {"PANIC: early exception 0x0d IP 10:ffffffff81000000 error 0", End::panicked},
    // aarch64
    {"[    1.500000] Unable to handle kernel NULL pointer dereference at virtual address",
     End::panicked},
    {"[    1.500000] Internal error: Oops: 0000000096000004 [#1] SMP", End::panicked},
    {"[    1.500000] Internal error: Oops - BUG: 0 [#1] SMP", End::panicked},
    // stuck
    {"[   30.000000] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [loader:77]", End::hung},
    {"[   30.000000] NMI watchdog: Watchdog detected hard LOCKUP on cpu 0", End::hung},
    {"[   30.000000] rcu: INFO: rcu_preempt self-detected stall on CPU", End::hung},
    {"[   30.000000] INFO: rcu_sched detected stalls on CPUs/tasks:", End::hung},
    {"[   30.000000] INFO: task kworker/0:1:12 blocked for more than 120 seconds.", End::hung},
    {"[   30.000000] BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0", End::hung},
    {"[   30.000000] Kernel panic - not syncing: softlockup: hung tasks", End::hung},
    // words that only look like it
    {"[    0.000000] Kernel command line: panic=-1 oops=panic", std::nullopt},
    {"[    0.000000] Kernel command line: x=[#1]", std::nullopt},
    {"[    1.500000] loader: the program said Oops: 0002", std::nullopt},
    {"[    1.500000] sysrq: Trigger a crash", std::nullopt},
    {"[    1.500000] debug: BUG_ON is off", std::nullopt},
    {"[    1.500000] watchdog: soft lockup detector on", std::nullopt},
    // a program's unfinished line in front
    {"loading... [    1.500000] Kernel panic - not syncing: x", End::panicked},
};

TEST(FindTrouble, by_the_grammar_of_a_line) {
  for (const Line& row : kLines) {
    const auto trouble = find_trouble(std::string("first\n") + row.console + "\nlast");
    EXPECT_EQ(trouble ? std::optional(trouble->end) : std::nullopt, row.end) << row.console;
  }
}

TEST(FindTrouble, the_first_line_names_the_cause) {
  const auto trouble = find_trouble(
      "[    1.000000] BUG: unable to handle page fault\n[    1.000001] Oops: 0000 [#1] SMP\n"
      "[    1.000002] Kernel panic - not syncing: Fatal exception\n");
  EXPECT_EQ(trouble->line, "BUG: unable to handle page fault");
}

TEST(FindTrouble, a_panic_counts_more_than_a_stall_before_it) {
  const auto trouble = find_trouble(
      "[   22.000000] rcu: INFO: rcu_sched self-detected stall on CPU\n"
      "[   23.000000] Kernel panic - not syncing: Fatal exception\n");
  EXPECT_EQ(trouble->end, End::panicked);
  const auto consequence = find_trouble(
      "[   22.000000] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!\n"
      "[   22.000001] Kernel panic - not syncing: softlockup: hung tasks\n");
  EXPECT_EQ(consequence->end, End::hung);
  EXPECT_EQ(consequence->line, "watchdog: BUG: soft lockup - CPU#0 stuck for 22s!");
}

struct Raw {
  std::string_view raw;
  const char* clean;
};
const Raw kRaw[] = {
    {"plain\r\n\ttext", "plain\n\ttext"},
    {"\033[1;31mred\033[0m", "red"},
    {"\033]0;title\atext", "text"},
    {"\033c\033Mtext", "text"},
    {"cut \033[", "cut "},
    {"cut \033", "cut "},
    {"\033[never ends\nnext", "ever ends\nnext"},
    {"\033]no bell\nnext", "\nnext"},
    {"\377\001x", "??x"},
    {std::string_view("a\0b", 3), "ab"},
};

TEST(CleanConsole, leaves_plain_lines) {
  for (const Raw& row : kRaw) EXPECT_EQ(clean_console(row.raw), row.clean);
}

TEST(LastLines, at_most_so_many) {
  EXPECT_EQ(last_lines("a\nb\nc\n", 2), "b\nc");
  EXPECT_EQ(last_lines("a\nb", 5), "a\nb");
  EXPECT_EQ(last_lines("\n\na\n\n", 1), "a");
  EXPECT_EQ(last_lines("", 3), "");
  EXPECT_EQ(last_lines("a\n", 0), "");
}

const ExitStatus kExit0{.code = 0, .signal = {}};
const ExitStatus kExit1{.code = 1, .signal = {}};
const ExitStatus kKilled{.code = {}, .signal = 9};
constexpr const char* kPanic = "[    1.000000] Kernel panic - not syncing: x\n";
constexpr const char* kStall = "[   30.000000] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!\n";
constexpr const char* kCalm = "[    0.000000] Linux version 6.1\n";

struct Exit {
  ExitFacts facts;
  End end;
  const char* reason;
};
const Exit kExits[] = {
    {{Stop::finished, "", {}, "", kCalm}, End::completed, ""},
    {{Stop::finished, "", {}, "", ""}, End::completed, ""},
    {{Stop::finished, "", kExit0, "", kStall}, End::completed, ""},
    {{Stop::channel_lost, "closed", kExit0, "", kPanic},
     End::panicked,
     "Kernel panic - not syncing: x"},
    {{Stop::deadline, "no answer for 60000 ms", {}, "", kPanic},
     End::panicked,
     "Kernel panic - not syncing: x"},
    {{Stop::deadline, "no answer for 60000 ms", {}, "", kStall},
     End::hung,
     "watchdog: BUG: soft lockup - CPU#0 stuck for 22s!"},
    {{Stop::deadline, "no answer for 60000 ms", {}, "", kCalm},
     End::hung,
     "no answer for 60000 ms"},
    {{Stop::deadline, "no answer for 60000 ms", {}, "", "", true},
     End::hung,
     "no answer for 60000 ms"},
    {{Stop::channel_lost, "closed", kKilled, "", "", true},
     End::lost,
     "QEMU ended with signal 9 (Killed)"},
    {{Stop::deadline, "no answer for 60000 ms", {}, "", ""},
     End::lost,
     "not one byte on the console; no answer for 60000 ms"},
    {{Stop::channel_lost, "a frame's checksum is wrong", {}, "", kCalm},
     End::lost,
     "a frame's checksum is wrong"},
    {{Stop::channel_lost, "closed", kKilled, "", kCalm},
     End::lost,
     "QEMU ended with signal 9 (Killed)"},
    {{Stop::channel_lost, "closed", kExit1, "qemu: a\nqemu: could not load kernel\n", ""},
     End::lost,
     "not one byte on the console; QEMU ended with exit code 1: qemu: could not load kernel"},
};

TEST(ClassifyExit, by_what_was_seen) {
  for (const Exit& row : kExits) {
    const VmExit exit = classify_exit(row.facts);
    EXPECT_EQ(to_string(exit.end), to_string(row.end)) << row.reason;
    EXPECT_EQ(exit.reason, row.reason);
  }
}

TEST(ClassifyExit, keeps_the_last_forty_lines) {
  std::string console;
  for (int i = 1; i <= 100; ++i) console += "line " + std::to_string(i) + "\r\n";
  const VmExit exit = classify_exit({.stop = Stop::deadline, .detail = "late", .console = console});
  EXPECT_TRUE(exit.console_tail.starts_with("line 61\n"));
  EXPECT_TRUE(exit.console_tail.ends_with("line 100"));
}

}  // namespace
}  // namespace bpfmatrix
