#include "analysis/causes/attach_reason.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

Outcome on(const std::string& arch, bool btf = true) {
  Outcome outcome;
  outcome.kernel.arch = arch;
  outcome.kernel.btf_present = btf;
  outcome.btf_source = "kernel";
  return outcome;
}

ProgramOutcome refused(const std::string& method, const std::string& errno_name,
                       std::vector<AttachCandidate> candidates) {
  ProgramOutcome program;
  program.load.stage.result = StageResult::ok;
  program.attach.stage = {StageResult::failed, errno_name, ""};
  program.attach.method = method;
  program.attach.candidates = std::move(candidates);
  return program;
}

AttachCandidate there(const std::string& symbol) { return {symbol, true, true, false, true}; }
AttachCandidate missing(const std::string& symbol) { return {symbol, false, false, false, false}; }
AttachCandidate event(const std::string& name, bool known) {
  AttachCandidate candidate;
  candidate.symbol = name;
  candidate.is_event = known;
  return candidate;
}

TEST(AttachReason, is_told_by_what_the_kernel_knows_of_the_names) {
  const std::optional<bool> unknown;
  struct Row {
    const char* method;
    const char* errno_name;
    std::vector<AttachCandidate> candidates;
    const char* text;
  };
  const Row rows[] = {
      {"kprobe",
       "ENOENT",
       {missing("sys_connect"), there("__x64_sys_connect")},
       "'sys_connect' does not exist here: since 4.17 the entry of this system call is "
       "'__x64_sys_connect'; ksyscall/connect resolves it on every kernel"},
      {"kprobe",
       "ENOENT",
       {missing("__x64_sys_connect"), there("__arm64_sys_connect")},
       "'__x64_sys_connect' does not exist here: since 4.19 the entry of this system call is "
       "'__arm64_sys_connect'; ksyscall/connect resolves it on every kernel"},
      {"kprobe",
       "ENOENT",
       {missing("tcp_v4_rcv"), there("tcp_v4_rcv.isra.0")},
       "'tcp_v4_rcv' does not exist here; 'tcp_v4_rcv.isra.0' does"},
      {"kprobe",
       "ENOENT",
       {missing("nothing")},
       "'nothing' does not exist here, and no similar symbol does: it was inlined or renamed, or "
       "is not built into this kernel"},
      {"kretprobe",
       "EINVAL",
       {{"f", true, false, true, true}},
       "'f' is on the kernel's blacklist of kprobes: it cannot be probed"},
      {"kprobe",
       "EINVAL",
       {{"f", true, false, false, true}},
       "'f' exists but is not traceable: it is marked notrace, or was built without the call that "
       "tracing needs"},
      {"kprobe", "EINVAL", {there("f")}, ""},
      {"kprobe", "ENOENT", {{"f", unknown, unknown, unknown, unknown}}, ""},
      {"kprobe", "ENOENT", {}, ""},
      {"fentry",
       "ENOENT",
       {{"f", true, true, false, false}},
       "the BTF of this kernel has no function 'f', which fentry needs"},
      {"tracepoint",
       "ENOENT",
       {event("a:b", false), event("c:b", true)},
       "there is no tracepoint 'a:b' here; 'c:b' is one"},
      {"tracepoint", "ENOENT", {event("a:b", false)}, "there is no tracepoint 'a:b' here"},
      {"tracepoint", "EEXIST", {event("a:b", true)}, ""},
      {"xdp", "EBUSY", {}, ""},
  };
  for (const Row& row : rows) {
    const ProgramOutcome program = refused(row.method, row.errno_name, row.candidates);
    EXPECT_EQ(attach_reason(on("x86_64"), program, nullptr), row.text);
  }
}

TEST(AttachReason, a_tracepoint_refuses_who_reads_past_its_record) {
  ProgramOutcome program = refused("", "EACCES", {event("sched:sched_switch", true)});
  program.attach.stage.message =
      "prog 'end': failed to attach to perf_event FD 10: Permission denied";
  EXPECT_EQ(
      attach_reason(on("x86_64"), program, nullptr),
      "the program reads past the end of the record of 'sched:sched_switch', which is checked "
      "when it is attached; /sys/kernel/tracing/events/sched/sched_switch/format has the "
      "fields of this kernel");
  program.attach.stage.message =
      "prog 'end': failed to create tracepoint 'sched/sched_switch' perf "
      "event: Permission denied";
  EXPECT_EQ(attach_reason(on("x86_64"), program, nullptr), "");
}

TEST(AttachReason, a_probe_stands_where_an_instruction_begins) {
  ProgramOutcome program = refused("kprobe", "EILSEQ", {there("vfs_read")});
  program.attach.requested = "vfs_read+0x4";
  EXPECT_EQ(attach_reason(on("x86_64"), program, nullptr),
            "a probe must be at the first byte of an instruction, and no instruction begins there");
  program.attach.requested = "vfs_read+0x0";
  EXPECT_EQ(attach_reason(on("x86_64"), program, nullptr), "");
}

TEST(AttachReason, fentry_needs_trampolines) {
  const ProgramOutcome program = refused("fentry", "ENOTSUPP", {there("__sys_connect")});
  EXPECT_EQ(attach_reason(on("aarch64"), program, nullptr),
            "fentry loads, and its attach fails with ENOTSUPP (524): no trampolines for kernel "
            "functions on arm64 before about 6.4");
  KernelFacts kernel;
  kernel.probed["attach"]["fentry"] = {Ternary::no, "ENOTSUPP"};
  EXPECT_EQ(attach_reason(on("x86_64"), program, &kernel),
            "fentry loads, and its attach fails with ENOTSUPP (524): no trampolines for kernel "
            "functions; the probe could not attach an fentry program to this kernel either");
}

TEST(AttachReason, what_attaches_by_btf_needs_the_kernels_own) {
  ProgramOutcome program;
  program.section = "fentry.s/f";
  program.load.stage.result = StageResult::failed;
  EXPECT_EQ(attach_reason(on("x86_64", false), program, nullptr),
            "fentry needs the kernel's own BTF, and this kernel has none");
  Outcome hidden = on("x86_64");
  hidden.btf_source = "none";
  EXPECT_EQ(attach_reason(hidden, program, nullptr),
            "fentry needs the kernel's own BTF, which was hidden from the loader (BTF source "
            "'none')");
  program.section = "kprobe/f";
  EXPECT_EQ(attach_reason(on("x86_64", false), program, nullptr), "");
}

TEST(AttachReason, many_functions_at_once_need_a_kernel_that_serves_it) {
  const ProgramOutcome program = refused("kprobe.multi", "EINVAL", {});
  KernelFacts kernel;
  kernel.probed["attach"]["kprobe_multi"] = {Ternary::no, "EINVAL"};
  EXPECT_EQ(attach_reason(on("x86_64"), program, &kernel),
            "this kernel does not know links of kind kprobe.multi (they came in 5.18)");
  kernel.probed["attach"]["kprobe_multi"].errno_name = "EOPNOTSUPP";
  kernel.config.emplace();
  EXPECT_EQ(attach_reason(on("x86_64"), program, &kernel),
            "this kernel knows kprobe.multi but does not support it: it was built "
            "without CONFIG_FPROBE");
  EXPECT_EQ(attach_reason(on("x86_64"), program, nullptr), "");
}

TEST(AttachReason, there_is_none_for_what_was_attached) {
  ProgramOutcome program = refused("kprobe", "", {missing("f")});
  program.attach.stage.result = StageResult::ok;
  EXPECT_EQ(attach_reason(on("x86_64"), program, nullptr), "");
}

}  // namespace
}  // namespace bpfmatrix
