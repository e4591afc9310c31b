#include "analysis/causes/classify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/causes/cause_rules.h"
#include "analysis/testing/kernel_logs.h"

namespace bpfmatrix {
namespace {

using testing::ElementsAre;

Diagnosis judged(const std::string& kernel, const std::string& program) {
  const KernelLog log = kernel_log(kernel, program);
  return classify(failure_of(log));
}

Cause cause(const Failure& failure) { return classify(failure).cause; }

TEST(Classify, names_helper_register_relocation_or_loop) {
  EXPECT_EQ(judged("6.1-x86_64", "helper_not_allowed").subject, "bpf_get_current_pid_tgid");
  EXPECT_EQ(judged("6.1-x86_64", "helper_unknown").subject, "unknown#9999");
  EXPECT_EQ(judged("6.1-x86_64", "uninitialised_register").subject, "R7");
  EXPECT_EQ(judged("6.12-aarch64", "core_field_missing").subject,
            "<byte_off> [5] struct task_struct.no_such_field (0:1 @ offset 8)");
  EXPECT_EQ(judged("5.10-x86_64", "kfunc_unknown").subject, "no_such_kfunc");
  EXPECT_EQ(judged("7.2-aarch64", "fentry_missing").subject, "no_such_function");
  EXPECT_EQ(judged("5.8.18-x86_64", "stack_too_deep").subject, "640");
  EXPECT_EQ(judged("4.18.0-x86_64", "ringbuf_map").subject, "p");
}

TEST(Classify, names_the_instruction_and_its_source) {
  const Diagnosis core = judged("6.12-x86_64", "core_field_missing");
  EXPECT_EQ(core.instruction, 3U);
  const Diagnosis loop = judged("5.1.15-x86_64", "bounded_loop");
  EXPECT_EQ(loop.instruction, 10U);
  EXPECT_THAT(loop.lines, testing::Contains("back-edge from insn 10 to 2"));
  const Diagnosis null = judged("7.2-x86_64", "map_out_of_bounds");
  ASSERT_TRUE(null.source);
  EXPECT_EQ(null.source->file, "map_out_of_bounds.bpf.c");
}

TEST(Classify, a_judgement_on_the_whole_program_has_no_place) {
  EXPECT_EQ(judged("6.1-x86_64", "stack_too_deep").instruction, std::nullopt);
  EXPECT_FALSE(judged("6.1-x86_64", "stack_too_deep").source);
}

TEST(Classify, poison_is_told_from_an_unknown_helper_without_libbpfs_help) {
  EXPECT_EQ(cause({.errno_name = "EINVAL",
                   .log = "3: (85) call unknown#195896080\n"
                          "invalid func unknown#195896080\n"}),
            Cause::core_poison_reached);
}

TEST(Classify, a_context_that_a_kernel_without_btf_cannot_look_up_is_for_want_of_its_btf) {
  // 5.10.223 without CONFIG_DEBUG_INFO_BTF, of libxdp's dispatcher.
  const std::string reason =
      "Arg#0 type PTR in prog0() is not supported yet.\n"
      "processed 0 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 "
      "mark_read 0\n";
  const std::string start = "Validating prog0() func#1...\n";
  EXPECT_EQ(cause({.errno_name = "EINVAL", .log = start + "btf_vmlinux is malformed\n" + reason}),
            Cause::no_kernel_btf);
  EXPECT_EQ(cause({.errno_name = "EINVAL", .log = start + reason}), Cause::bad_call);
}

TEST(Classify, a_map_the_kernel_may_know_is_only_not_created) {
  EXPECT_EQ(cause({.stage = Stage::map, .errno_name = "EINVAL"}), Cause::map_create_failed);
  EXPECT_EQ(cause({.stage = Stage::map, .errno_name = "EINVAL", .facts = {.type_known = false}}),
            Cause::map_type_unknown);
  EXPECT_EQ(cause({.stage = Stage::map, .errno_name = "EINVAL", .facts = {.type_known = true}}),
            Cause::map_create_failed);
}

TEST(Classify, a_program_type_is_unknown_only_if_a_probe_says_so) {
  EXPECT_EQ(cause({.errno_name = "EINVAL"}), Cause::unknown);
  EXPECT_EQ(cause({.errno_name = "EINVAL", .facts = {.type_known = false}}),
            Cause::program_type_unknown);
}

TEST(Classify, a_flag_is_too_new_only_if_a_probe_says_so) {
  const auto with = [](std::optional<bool> known) {
    return cause(
        {.errno_name = "EINVAL",
         .facts = {.type_known = true, .attributes_known = known, .attach_type_known = true}});
  };
  EXPECT_EQ(with(false), Cause::attribute_too_new);
  EXPECT_EQ(with(true), Cause::unknown);
  EXPECT_EQ(with({}), Cause::unknown);
}

TEST(Classify, e2big_without_a_log_is_judged_by_the_programs_length) {
  EXPECT_EQ(cause({.errno_name = "E2BIG"}), Cause::unknown);
  EXPECT_EQ(cause({.errno_name = "E2BIG", .facts = {.instructions = 4097}}),
            Cause::program_too_long);
  EXPECT_EQ(cause({.errno_name = "E2BIG", .facts = {.instructions = 4096}}),
            Cause::attribute_too_new);
  EXPECT_EQ(cause({.errno_name = "E2BIG",
                   .log = "BPF program is too large. Processed 131073 insn\n",
                   .facts = {.instructions = 5000}}),
            Cause::too_many_insns);
}

TEST(Classify, eperm_is_memlock_then_capability_then_lockdown) {
  const auto with = [](FailureFacts facts) {
    return cause({.stage = Stage::map, .errno_name = "EPERM", .facts = facts});
  };
  EXPECT_EQ(with({}), Cause::unknown);
  EXPECT_EQ(with({.memlock_limited = true, .locked_down = true}), Cause::memlock);
  EXPECT_EQ(with({.memlock_limited = false}), Cause::capability);
  EXPECT_EQ(with({.memlock_limited = false, .locked_down = true}), Cause::lockdown);
  EXPECT_EQ(cause({.errno_name = "EPERM",
                   .message = "libbpf: permission error while running as root; try raising "
                              "'ulimit -l'? current value: 64.0 KiB\n"}),
            Cause::memlock);
}

TEST(Classify, eacces_is_never_a_missing_capability) {
  EXPECT_EQ(cause({.errno_name = "EACCES", .message = "permission denied"}), Cause::unknown);
}

TEST(Classify, an_immediate_load_is_told_apart_by_what_the_object_holds) {
  const auto with = [](FailureFacts facts) {
    return cause(
        {.errno_name = "EINVAL", .log = "unrecognized bpf_ld_imm64 insn\n", .facts = facts});
  };
  EXPECT_EQ(with({}), Cause::ldimm64_unsupported);
  EXPECT_EQ(with({.global_data = true}), Cause::global_data_unsupported);
  EXPECT_EQ(with({.callbacks = true}), Cause::callback_unsupported);
  EXPECT_EQ(with({.global_data = true, .callbacks = true}), Cause::ldimm64_unsupported);
}

TEST(Classify, a_full_log_buffer_says_nothing_of_the_program) {
  EXPECT_EQ(cause({.errno_name = "ENOSPC", .log = "0: (b7) r0 = 0\nR7 !read_ok\n"}),
            Cause::log_truncated);
}

TEST(Classify, what_no_log_shows_yet_is_read_as_the_kernel_source_has_it) {
  struct Line {
    const char* errno_name;
    const char* reason;
    Cause cause;
  };
  const Line lines[] = {
      {"EINVAL", "program of this type cannot use helper bpf_get_current_task#35",
       Cause::helper_not_allowed},
      {"EINVAL", "kfunc 'bpf_x' is referenced but wasn't resolved", Cause::kfunc_unknown},
      {"EACCES", "calling kernel function bpf_task_release is not allowed",
       Cause::kfunc_not_allowed},
      {"EACCES", "R0 leaks addr as return value", Cause::pointer_leak},
      {"EACCES", "R2 type=inv expected=fp, pkt, pkt_meta, map_key, map_value", Cause::bad_call},
      {"EINVAL", "Unreleased reference id=2 alloc_insn=9", Cause::reference_leak},
      {"EINVAL", "BPF_EXIT instruction in main prog would lead to reference leak",
       Cause::reference_leak},
      {"EACCES", "R1 pointer arithmetic on map_value_or_null prohibited, null-check it first",
       Cause::null_dereference},
      {"EACCES", "invalid read from stack R10 off=-520 size=8", Cause::out_of_bounds},
      {"EACCES", "invalid indirect access to stack R2 off=8 size=4", Cause::out_of_bounds},
      {"EACCES", "invalid read from stack off -8+0 size 8", Cause::uninitialised_read},
      {"EACCES", "R2 unbounded memory access, make sure to bounds check any such access",
       Cause::out_of_bounds},
      {"EINVAL", "number of funcs in func_info doesn't match number of subprogs",
       Cause::btf_rejected},
      {"EPERM", "function calls to other bpf functions are allowed for CAP_BPF and CAP_SYS_ADMIN",
       Cause::capability},
  };
  for (const Line& line : lines) {
    EXPECT_EQ(to_string(cause({.errno_name = line.errno_name, .log = line.reason})),
              to_string(line.cause))
        << line.reason;
  }
}

TEST(Classify, a_reason_inside_another_line_is_none) {
  for (const char* log : {"xR7 !read_ok\n", "R7 !read_ok and more\n", "; R7 !read_ok\n",
                          "invalid func unknown#9 or not\n", "back-edge from insn 1 to 2 \xFF\n"}) {
    EXPECT_EQ(cause({.errno_name = "EACCES", .log = log}), Cause::unknown) << log;
    EXPECT_EQ(cause({.errno_name = "EINVAL", .log = log}), Cause::unknown) << log;
  }
}

TEST(Classify, an_unread_reason_is_not_overruled_by_the_loader) {
  EXPECT_EQ(cause({.errno_name = "EINVAL",
                   .message = "libbpf: failed to find valid kernel BTF\n",
                   .log = "something new\n"}),
            Cause::unknown);
}

TEST(Classify, what_the_loader_refuses_is_its_own) {
  EXPECT_EQ(cause({.stage = Stage::open,
                   .errno_name = "EOPNOTSUPP",
                   .message = "libbpf: elf: legacy map definitions in 'maps' section are not "
                              "supported by libbpf v1.0+\n"}),
            Cause::legacy_maps);
  EXPECT_EQ(cause({.stage = Stage::open,
                   .message = "libbpf: prog 'kprobe__tcp_v4_connect': bad map relo against "
                              "'tcpsock' in section 'maps/tcpsock'\n"}),
            Cause::legacy_maps);
  const Diagnosis other = classify({.stage = Stage::open, .message = "nothing known\nmore\n"});
  EXPECT_EQ(other.cause, Cause::loader_refused);
  EXPECT_THAT(other.lines, ElementsAre("nothing known"));
}

TEST(Classify, an_object_that_is_none_is_named_before_any_kernel_is_asked) {
  for (const char* message :
       {"'a b.o': LLVM bitcode, not a BPF object",
        "'x.rlib': Rust library (.rlib), not a BPF object", "'x': ELF file for x86-64, not for BPF",
        "'x': not an ELF file", "'x': text, not an ELF file",
        "'x.o': big-endian BPF object; the kernels here are little-endian"}) {
    EXPECT_EQ(cause({.stage = Stage::open, .message = message}), Cause::not_bpf) << message;
  }
  EXPECT_EQ(
      classify({.stage = Stage::open, .message = "'x.o': LLVM bitcode, not a BPF object"}).subject,
      "LLVM bitcode");
}

// Said by libbpf 1.4.6.
TEST(Classify, a_map_without_btf_and_an_ambiguous_relocation_are_refused_by_the_loader) {
  EXPECT_EQ(cause({.stage = Stage::open,
                   .errno_name = "ENOENT",
                   .message = "BTF is required, but is missing or corrupted."}),
            Cause::no_object_btf);
  const Diagnosis field =
      classify({.stage = Stage::load,
                .errno_name = "EINVAL",
                .message = "prog 'on_getpid': relo #0: field offset ambiguity: 2560 != 2880\n"
                           "prog 'on_getpid': relo #0: failed to relocate: -22\n"
                           "failed to perform CO-RE relocations: -22\n"});
  EXPECT_EQ(field.cause, Cause::core_ambiguous);
  EXPECT_EQ(field.subject, "relo #0");
  EXPECT_EQ(cause({.errno_name = "EINVAL",
                   .message = "prog 'p': relo #3: relocation decision ambiguity: success 4 != "
                              "success 8\n"}),
            Cause::core_ambiguous);
}

// The first is Debian's 7.2.12, of bpf_map_peek_elem on a bloom filter.
TEST(Classify, a_slot_that_7_x_took_for_dead_is_told_from_one_never_written) {
  const Diagnosis slot = classify(
      {.errno_name = "EACCES",
       .log = "23: (bf) r2 = r7                      ; R2=fp-16 R7=fp-16\n"
              "24: (85) call bpf_map_peek_elem#89\n"
              "reading from stack R2 off -16+0 size 8, slot poisoned by dead code elimination\n"
              "processed 22 insns (limit 1000000) max_states_per_insn 0 total_states 2 peak_states "
              "2 mark_read 0\n"});
  EXPECT_EQ(slot.cause, Cause::dead_slot_read);
  EXPECT_EQ(slot.subject, "stack");
  EXPECT_EQ(slot.instruction, 24U);
  EXPECT_EQ(cause({.errno_name = "EACCES",
                   .log = "reading from stack off -8+0 size 8, slot poisoned by dead code "
                          "elimination\n"}),
            Cause::dead_slot_read);
}

TEST(Classify, a_map_that_a_helper_does_not_take_is_a_bad_call) {
  EXPECT_EQ(cause({.errno_name = "EINVAL",
                   .log = "9: (85) call bpf_map_lookup_elem#1\n"
                          "cannot pass map_type 17 into func bpf_map_lookup_elem#1\n"}),
            Cause::bad_call);
}

TEST(Classify, attaching_is_judged_by_errno) {
  const auto with = [](std::string_view name) {
    return cause({.stage = Stage::attach, .errno_name = name, .name = "sys_connect"});
  };
  EXPECT_EQ(with("ENOENT"), Cause::attach_target_missing);
  EXPECT_EQ(with("EBUSY"), Cause::attach_busy);
  EXPECT_EQ(with("ENOTSUPP"), Cause::enotsupp_arch);
  EXPECT_EQ(with("EOPNOTSUPP"), Cause::attach_type_unknown);
  EXPECT_EQ(with("EINVAL"), Cause::attach_refused);
}

TEST(Classify, every_rule_has_a_cause) {
  for (const std::vector<CauseRule>* rules : {&verifier_rules(), &message_rules()}) {
    for (const CauseRule& rule : *rules) {
      EXPECT_NE(rule.cause, Cause::unknown) << rule.pattern;
    }
  }
}

// ---- from an outcome ----

StageOutcome refused(const std::string& errno_name) {
  return {.result = StageResult::failed, .errno_name = errno_name};
}

TEST(JudgeProgram, finds_no_cause_where_nothing_was_refused) {
  Outcome outcome;
  ProgramOutcome program;
  EXPECT_FALSE(diagnose_program(outcome, program));
  program.load.stage.result = StageResult::ok;
  EXPECT_FALSE(diagnose_program(outcome, program));
}

TEST(JudgeProgram, reads_the_logs_tail) {
  Outcome outcome;
  ProgramOutcome program;
  program.load.stage = refused("EACCES");
  program.load.log_tail = "0: (bf) r0 = r7\nR7 !read_ok\n";
  EXPECT_EQ(diagnose_program(outcome, program)->cause, Cause::uninitialised_read);
}

TEST(JudgeProgram, names_the_relocation_whose_poison_was_reached) {
  Outcome outcome;
  ProgramOutcome program;
  program.load.stage = refused("EINVAL");
  program.load.log_tail = "3: (85) call unknown#195896080\ninvalid func unknown#195896080\n";
  EXPECT_EQ(diagnose_program(outcome, program)->subject, "195896080");
  program.relocations = {
      {.linked_insn = 2, .local = "struct a::x", .result = RelocationResult::poisoned},
      {.linked_insn = 3, .local = "struct b::y", .result = RelocationResult::poisoned}};
  EXPECT_EQ(diagnose_program(outcome, program)->subject, "struct b::y");
  program.relocations[1].result = RelocationResult::resolved;
  EXPECT_EQ(diagnose_program(outcome, program)->subject, "195896080");
}

TEST(JudgeProgram, knows_global_data_by_its_maps) {
  Outcome outcome;
  outcome.maps = {{.name = "global_d.rodata"}};
  ProgramOutcome program;
  program.load.stage = refused("EINVAL");
  program.load.log_tail = "unrecognized bpf_ld_imm64 insn\n";
  EXPECT_EQ(diagnose_program(outcome, program)->cause, Cause::global_data_unsupported);
}

TEST(JudgeProgram, a_refused_map_stops_programs_that_were_not_tried) {
  Outcome outcome;
  outcome.maps = {{.name = "ok"}, {.name = "events", .stage = refused("EINVAL")}};
  ProgramOutcome program;
  const auto diagnosis = diagnose_program(outcome, program);
  ASSERT_TRUE(diagnosis);
  EXPECT_EQ(diagnosis->cause, Cause::map_create_failed);
  EXPECT_EQ(diagnosis->subject, "events");
  program.load.stage.result = StageResult::ok;
  EXPECT_FALSE(diagnose_program(outcome, program));
}

TEST(JudgeProgram, an_attach_refusal_names_what_was_asked) {
  Outcome outcome;
  ProgramOutcome program;
  program.load.stage.result = StageResult::ok;
  program.attach.stage = refused("ENOENT");
  program.attach.requested = "sys_connect";
  EXPECT_EQ(diagnose_program(outcome, program)->subject, "sys_connect");
}

}  // namespace
}  // namespace bpfmatrix
