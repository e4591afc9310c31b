#include "outcome/outcome_fields.h"

#include <fmt/format.h>

#include <unordered_map>

#include "base/file.h"
#include "base/json_fields.h"
#include "base/lines.h"
#include "outcome/kernel_fields.h"

namespace bpfmatrix {

void fields(auto& field, Of<OutcomeObject> auto& o) {
  field("path", o.path, "as the case or the command line names it");
  field("sha256", null_if_empty(o.sha256), "hash of the file; null when it could not be read");
  field("btf", o.btf, "has .BTF");
  field("btf_ext", o.btf_ext, "has .BTF.ext");
  field("license", null_if_empty(o.license), "its license section");
  field("producer", null_if_empty(o.producer), "the compiler's own words");
  field("global_data", o.global_data, "has global variables; null: not looked at");
  field("callbacks", o.callbacks, "passes functions to helpers as callbacks; null: not looked at");
}

void fields(auto& field, Of<OwnOutcome> auto& o) {
  field("said_ready", o.said_ready,
        "its output had the line by which it says that it has come up; null: none was named");
  field("output_matched", o.output_matched, "its output is as wanted; null: nothing was");
  field("last_words", null_if_empty(o.last_words),
        "the end of what it wrote, where not all of this was well");
  field("never_quiet", left_out_if_none(o.never_quiet),
        "true: it was never at rest, and taken to have come up when half of its time was over");
}

void fields(auto& field, Of<AppOutcome> auto& a) {
  field("path", a.path, "the program's path as it was given");
  field("exit_code", a.exit_code, "null: a signal ended it");
  field("signal", a.signal, "the signal that ended it; null: it exited");
  field("stop_signal", a.stop_signal,
        "the signal that it was sent once its programs had been triggered; null: it ended by "
        "itself");
  field("probes", a.probes, "how many programs it loaded only to ask what the kernel can do");
  field("held", left_out_if_none(a.held),
        "how many of its programs the kernel held when it had come up or was about to end; left "
        "out: it was never seen so");
  field("own", left_out_if_none(a.own),
        "it was tried for its own sake, with the programs that it brings; left out: its object was "
        "handed to it");
}

void fields(auto& field, Of<AttemptOutcome> auto& a) {
  field("cloned", a.cloned, "in a clone of a template, not in a machine that was booted");
  field("end", a.end, "how it ended");
  field("reason", null_if_empty(a.reason), "why the end is not completed");
}

void fields(auto& field, Of<VmOutcome> auto& vm) {
  field("accel", null_if_empty(vm.accel), "tcg or kvm; null when nothing was booted");
  field("cloned", vm.cloned, "a clone of a template, not a machine that was booted");
  field("ready_ms", within<0, kMaxMilliseconds>(vm.ready_ms),
        "how long the cell waited for its machine, milliseconds");
  field("wall_ms", within<0, kMaxMilliseconds>(vm.wall_ms),
        "this cell on the host's clock, milliseconds");
  field("loader_ms", vm.loader_ms,
        "from the loader's start to its end on the guest's clock, milliseconds; null when it did "
        "not end");
  field("btf_parsed_ahead", vm.btf_parsed_ahead,
        "the loader had read the kernel's BTF before the machine was cloned");
  field("attempts", vm.attempts,
        "how each attempt ended, where one was not enough; this outcome is the last one's");
  field("cold_checked", vm.cold_checked,
        "the cell was run again in a machine that was booted, and the outcomes were compared");
  field("cached", vm.cached, "found out by an earlier run, with the times of that one");
  field("flaky", vm.flaky, "in what two attempts at this cell differ; none of them is reliable");
}

void fields(auto& field, Of<StageOutcome> auto& s) {
  field("result", s.result, "the result of this stage");
  field("errno", null_if_empty(s.errno_name),
        "symbolic name of the kernel's error (ENOTSUPP is 524); null where nothing failed, or no "
        "errno came with it");
  field("message", null_if_empty(s.message), "why it failed, in the loader's words");
}

void fields(auto& field, Of<RelocateOutcome> auto& r) {
  fields(field, r.stage);
  field("applied", r.applied, "resolved against the target's BTF");
  field("skipped", r.skipped,
        "left as compiled: a program that loads with any of these is not known to be right");
  field("poisoned", r.poisoned,
        "replaced by an invalid instruction, because the target has no such thing");
  field("not_compared", null_if_empty(r.not_compared),
        "why there are no records of single relocations; null: there are, or the object has none");
}

void fields(auto& field, Of<MapOutcome> auto& m) {
  field("name", m.name, "its name");
  field("type", m.type, "bpf(7)'s name of its type");
  fields(field, m.stage);
  field("attributes_known", m.attributes_known,
        "after E2BIG: whether the kernel knows every attribute it got; null: not asked");
  field("sized", left_out_if_none(m.sized),
        "the max_entries that the loader chose, because nobody says one");
}

void fields(auto& field, Of<RelocationRecord> auto& r) {
  field("index", r.index,
        "the number in libbpf's log: counted from 0 within the function's ELF section");
  field("function", r.function,
        "the function it belongs to: the program's own, or one that it calls");
  field("insn", r.insn, "instruction within that function, in slots of 8 bytes");
  field("linked_insn", r.linked_insn,
        "the same in the program as it was sent to the kernel, as its verifier counts; null where "
        "that is not known");
  field("kind", r.kind,
        "libbpf's word for it: byte_off is clang's field_byte_offset, byte_sz its "
        "field_byte_size, signed its field_signed");
  field("local", null_if_empty(r.local),
        "what it is about in the object's own types: struct task_struct::real_parent; null if the "
        "access means nothing");
  field("local_value", r.local_value,
        "the number that the compiler left in the instruction; below 0: its 64 bits, unsigned");
  field("target", null_if_empty(r.target), "the same in the kernel's types; null: no match");
  field("module", null_if_empty(r.module),
        "the module in whose BTF the target is (5.11), because the kernel's own has no type of "
        "that name; null: in the kernel's own, or no match");
  field("target_value", r.target_value,
        "this kernel's number. Without a match the number that replaces it: 0 for 'it does not "
        "exist', null if no value is right");
  field("candidates", r.candidates, "types of the kernel that were looked at");
  field("result", r.result,
        "its result. If nothing was sent and the loader said nothing, the calculated one");
  field("reason", null_if_empty(r.reason),
        "why there is no match, or why it was skipped: no candidate type, field not in target, "
        "ambiguous: 2 candidates differ, no BTF; null: all is well");
  field("cross_check", r.cross_check,
        "whether the calculation from .BTF.ext and the kernel's BTF, the instruction that was "
        "sent to the kernel and the loader's own words agree");
  field("cross_check_note", null_if_empty(r.cross_check_note),
        "what they disagree on, or why nothing was compared; null when they agree");
}

void fields(auto& field, Of<VerifierStats> auto& s) {
  field("insns", s.insns, "instructions processed");
  field("states_total", s.states_total, "verifier states, total");
  field("states_peak", s.states_peak, "verifier states, peak");
  field("stack_bytes", s.stack_bytes, "stack depth, all frames together");
  field("verification_usec", s.verification_usec,
        "time the verifier took, microseconds of guest time");
  field("xlated_bytes", s.xlated_bytes, "size after the verifier's rewrite");
  field("jited_bytes", s.jited_bytes, "size after the JIT; 0 without one");
}

void fields(auto& field, Of<SourceLine> auto& s) {
  field("instruction", s.instruction, "index in the program");
  field("file", s.file, "its name without folders");
  field("line", s.line, "counted from 1");
  field("text", s.text, "the line itself");
}

void fields(auto& field, Of<LoadOutcome> auto& l) {
  fields(field, l.stage);
  field("stats", l.stats, "what the kernel counted while verifying; null where it does not say");
  field("instructions", l.instructions, "how many the kernel got; null: not known");
  field("attributes_known", l.attributes_known,
        "after E2BIG without a log: whether the kernel knows every attribute it got; null: not "
        "asked");
  field("type_known", l.type_known,
        "after EINVAL without a log: whether the kernel knows programs of this type; null: not "
        "asked");
  field("attach_type_known", l.attach_type_known,
        "likewise: whether it knows any with this attach type");
  field("source", l.source,
        "where the verifier was when it rejected the program, by the object's line information; "
        "null where that is not known");
  field("log", null_if_empty(l.log_sha256),
        "sha256 of the whole verifier log, kept as logs/<sha256>.log.gz in the run directory");
  field("log_truncated", l.log_truncated, "the log did not fit: its beginning is missing");
  field("log_tail", null_if_empty(l.log_tail), "the log's last lines");
}

void fields(auto& field, Of<AttachCandidate> auto& c) {
  field("symbol", c.symbol, "a function, or GROUP:NAME of a tracepoint");
  field("in_kallsyms", c.in_kallsyms, "a function in /proc/kallsyms");
  field("traceable", c.traceable, "in available_filter_functions");
  field("blacklisted", c.blacklisted, "forbidden for kprobes");
  field("in_btf", c.in_btf, "a FUNC of the kernel's own BTF");
  field("is_event", c.is_event, "in available_events");
}

void fields(auto& field, Of<AttachOutcome> auto& a) {
  fields(field, a.stage);
  field("method", null_if_empty(a.method), "kprobe, tracepoint, xdp ...");
  field("requested", null_if_empty(a.requested),
        "symbol, tracepoint or device as the section names it");
  field("actual", null_if_empty(a.actual), "what was used");
  field("candidates", a.candidates,
        "the requested target, then what the kernel has by a similar name; null where a list is "
        "not known. Empty for what has no name in the kernel (xdp, uprobe...)");
}

void fields(auto& field, Of<RunOutcome> auto& r) {
  field("trigger", null_if_empty(r.trigger),
        "standard; null: not attached, or there was no trigger");
  field("fired", r.fired,
        "how often it fired, as it counted itself in the map 'observed' (hits__PROGRAM, or hits "
        "where it is the only one attached); null where it did not count");
  field("run_cnt", r.run_cnt,
        "as the kernel counted its runs, whoever caused them; null where it does not count "
        "(before 5.1)");
  field("run_time_ns", r.run_time_ns,
        "time the kernel measured for these runs, nanoseconds of guest time");
  field("arguments", r.arguments, "which way to the arguments of a system call came out right");
  field("displaced", r.displaced,
        "it was attached, and another program of its object had replaced it when the trigger came");
}

void fields(auto& field, Of<ProgramOutcome> auto& p) {
  field("name", p.name, "its function");
  field("section", p.section, "its ELF section");
  field("type", p.type, "bpf(7)'s name of its type");
  field("relocations", p.relocations,
        "its CO-RE relocations and those of the functions it calls, in the order of the program");
  field("load", p.load, "the verifier's result");
  field("attach", p.attach,
        "attaching where the section says; not_reached also when the section does not say where");
  field("run", p.run, "what it did while it was attached");
  field("needs_map", left_out_if_none(p.needs_map), "the map for want of which it was not loaded");
  field("left_out", left_out_if_none(p.left_out), "user space leaves it out on this kernel");
}

void fields(auto& field, Of<CompanionOutcome> auto& c) {
  field("object", c.object, "its object");
  field("program", null_if_empty(c.program), "null: the object as a whole, which came to nothing");
  field("stage", c.stage, "loading it and, where its section says how, attaching it");
  field("method", null_if_empty(c.method), "how it is attached; null: its section does not say");
  field("requested", null_if_empty(c.requested), "where");
  field("run_cnt", c.run_cnt,
        "the kernel's count of its runs while the tried object was attached; null: not counted");
}

void fields(auto& field, Of<PerformedOutcome> auto& p) {
  field("name", p.name, "its name; 'connected' is the result of connect(), which does not block");
  field("ret", p.ret, "what the kernel returned: below 0 a negative errno");
}

void fields(auto& field, Of<TriggerOutcome> auto& t) {
  field("kind", null_if_empty(t.kind),
        "standard: one process makes each of the usual system calls once; null: nothing was done");
  field("performed", t.performed, "the system calls, in the order they were made");
  field("problem", null_if_empty(t.problem), "why it did not run although it was due");
}

void fields(auto& field, Of<ObservedValue> auto& v) {
  field("name", v.name,
        "its name; the part before two underscores is the name of the expected value");
  field("value", v.value, "what the program wrote: a number, a text, or hex digits");
  field("expected", v.expected, "what it must be; null: not known");
  field("result", v.result, "how the two compare");
}

void fields(auto& field, Of<Splat> auto& s) {
  field("name", s.name,
        "what it is, the same in every run: without line numbers, addresses, processors and "
        "processes");
  field("excerpt", s.excerpt, "the first one's first lines, without time stamps");
  field("count", within<1, 1000000>(s.count), "how often");
  field("stall", s.stall,
        "a lockup, a hung task, an RCU stall: of an emulated machine it may be the host's");
}

void fields(auto& field, Of<Outcome> auto& o) {
  field.constant("schema", kOutcomeSchema, "version of this format");
  field("cell", o.cell, "kernel/case/BTF source/loader");
  field("kernel", o.kernel, "the kernel, and where it came from");
  field("case", o.case_id, "id of the case");
  field("btf", o.btf_source, "where the loader got its BTF from: kernel, embedded, none");
  field("embedded", o.embedded,
        "the BTF that was handed over; null where the BTF source is not embedded");
  field("object", o.object, "the BPF ELF file");
  field.object("loader", "the program that loaded", [&](auto& loader) {
    loader("name", o.loader, "its name");
    loader("version", null_if_empty(o.loader_version), "its version; null when it never spoke");
    loader("app", o.app,
           "how an application ended; null: the loader is one of ours, or its end was "
           "not seen");
  });
  field.object("privileges", "what the loader was allowed to do", [&](auto& privileges) {
    fields(privileges, o.privileges);
    privileges("memlock_counted", o.memlock_counted,
               "whether this kernel counts BPF memory against RLIMIT_MEMLOCK (up to 5.10); null: "
               "not asked");
  });
  field("vm", o.vm, "the virtual machine");
  field("end", o.end,
        "how the cell ended; after any but completed, what is missing below is not "
        "known");
  field("end_reason", null_if_empty(o.end_reason), "why the end is not completed");
  field("console_tail", null_if_empty(o.console_tail),
        "the console's last lines, when the end is not completed");
  field("modules", left_out_if_none(o.modules),
        "modules of the kernel that were loaded before, because the project or the object names "
        "them");
  field("not_set_up", left_out_if_none(o.not_set_up),
        "modules and settings that were asked for and could not be had");
  field("splats", left_out_if_none(o.splats),
        "what the kernel complained of on its console although it went on: WARNING, BUG, reports "
        "of its checkers; left out where nobody listened");
  field("open", o.open, "the loader reads the object");
  field("relocate", o.relocate,
        "CO-RE relocations of the whole object: the counts are those of the programs' records, a "
        "function that several programs call counted once; null: not known");
  field("maps", o.maps, "in the order they were created");
  field("programs", o.programs, "entry functions, in the order of the file");
  field("beside", left_out_if_none(o.beside),
        "programs of the objects that were loaded and attached before, and share the kernel");
  field("trigger", o.trigger, "what was done in the guest while the programs were attached");
  field("observed", o.observed,
        "the fields of the map 'observed' when the trigger was over; empty without that map");
}

OrderedJson to_json(const Outcome& outcome) { return to_json_tree(outcome); }

std::string to_line(const Outcome& outcome) { return to_json_text(outcome); }

Result<Outcome> outcome_from_json(const Json& json, const std::string& where) {
  return from_json<Outcome>(json, where);
}

Result<Outcome> outcome_from_line(std::string_view line, const std::string& where) {
  return from_json_text<Outcome>(line, where);
}

OrderedJson outcome_schema() {
  return json_schema<Outcome>("bpfmatrix outcome, schema 2: one line of outcomes.jsonl",
                              "What was seen of one cell. Facts, never a verdict.");
}

Result<std::vector<Outcome>> read_outcomes(const std::filesystem::path& file) {
  std::vector<Outcome> outcomes;
  const auto take = [&](std::string_view line, std::size_t number) -> Result<> {
    Result<Outcome> outcome = outcome_from_line(line, fmt::format("{}:{}", file.string(), number));
    if (!outcome) return std::move(outcome).error();
    outcomes.push_back(*std::move(outcome));
    return {};
  };
  if (Result<> read = read_lines(file, {}, take); !read) return std::move(read).error();
  return outcomes;
}

}  // namespace bpfmatrix
