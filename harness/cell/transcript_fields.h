// The fields of a Transcript, for its reader, writer and schema (base/json_fields.h).
#pragma once

#include "base/json_fields.h"
#include "cell/transcript.h"
#include "guest/message_fields.h"
#include "outcome/kernel_fields.h"

namespace bpfmatrix {

void fields(auto& field, Of<ObjectInput> auto& object) {
  field("path", object.path, "as a person named it: the path given, the source, or PACKAGE:PATH");
  field("sha256", null_if_empty(object.sha256), "of its bytes; null: there is none");
}

void fields(auto& field, Of<NeededFile> auto& file) {
  field("guest_path", file.guest_path, "where it lies");
  field("sha256", file.sha256, "of its bytes");
}

void fields(auto& field, Of<CompanionInput> auto& companion) {
  field("name", companion.name, "by which it is called");
  field("sha256", companion.sha256, "of its bytes");
}

void fields(auto& field, Of<CaseInput> auto& spec) {
  field("id", spec.id, "the case");
  field("attach", spec.attach, "whether programs are attached");
  field("privileges", spec.privileges, "what the loader may do");
  field("globals", spec.globals, "values for global variables, set before the object is loaded");
  field("load", left_out_if_none(spec.load), "what else is asked of the loader");
  field("files", left_out_if_none(spec.files), "what is found in the guest");
  field("modules", left_out_if_none(spec.modules), "modules of the kernel that are loaded before");
  field("sysctl", left_out_if_none(spec.sysctl), "settings of the kernel that are written before");
  field("together", left_out_if_none(spec.together),
        "objects that are loaded and attached before, and share the kernel");
  field("trigger", spec.trigger, "something is done beside the standard trigger");
  field("command", spec.command, "what the trigger's process becomes at its end, with arguments");
  field("command_sha256", null_if_empty(spec.command_sha256), "of the file that is put there");
  field("write_path", null_if_empty(spec.write_path), "a file that is written to meanwhile");
  field("write_text", null_if_empty(spec.write_text), "what is written");
}

void fields(auto& field, Of<AppInput> auto& app) {
  field("app", app.app, "how it is run");
  field("sha256", app.sha256, "of its file");
  field("needs", left_out_if_none(app.needs), "what it finds in the guest");
}

void fields(auto& field, Of<TranscriptInputs> auto& inputs) {
  field("cell", inputs.cell, "KERNEL/CASE/BTF SOURCE/LOADER");
  field("kernel", inputs.kernel, "which kernel, and where it comes from");
  field("image_sha256", null_if_empty(inputs.image_sha256), "of the kernel's image");
  field("object", inputs.object, "the BPF object");
  field("case", inputs.spec, "what the guest does for the case");
  field("btf", inputs.btf_source, "what the loader relocates against: kernel, embedded or none");
  field("embedded", inputs.embedded, "the BTF that is handed over");
  field("loader", inputs.loader, "by name");
  field("app", inputs.app, "a loader that is a program of the user's own");
  field("machine", null_if_empty(inputs.machine),
        "hash of the machine and all it boots with: QEMU, kernel image, guest tools, modules");
  field("isolation", inputs.isolation, "what shares a guest: cell or kernel");
  field("timeout_s", inputs.timeout_s, "what the cell may take");
}

void fields(auto& field, Of<ExitFacts> auto& facts) {
  field("stop", facts.stop, "why the machine was not used any longer");
  field("detail", null_if_empty(facts.detail), "what was seen, one line");
  field("qemu", facts.qemu, "how QEMU ended by itself; null: it had to be stopped");
  field("qemu_stderr", null_if_empty(facts.qemu_stderr), "what QEMU said");
  field("console", facts.console, "what the guest's console said");
  field("booted_before", facts.booted_before, "a clone: an empty console says nothing");
}

void fields(auto& field, Of<ExitStatus> auto& status) {
  field("code", status.code, "exit code");
  field("signal", status.signal, "or the signal that ended it");
}

void fields(auto& field, Of<VmExit> auto& exit) {
  field("end", exit.end, "how it ended");
  field("reason", null_if_empty(exit.reason), "why, one line");
  field("console_tail", null_if_empty(exit.console_tail), "the console's last lines");
}

void fields(auto& field, Of<Attempt> auto& attempt) {
  field("kind", attempt.kind, "why it was made");
  field("accel", null_if_empty(attempt.accel), "kvm or tcg; null: there was no machine");
  field("cloned", attempt.cloned, "in a clone of a template, not a machine that was booted");
  field("ready_ms", within<0, kMaxMilliseconds>(attempt.ready_ms),
        "how long the cell waited for its machine");
  field("wall_ms", within<0, kMaxMilliseconds>(attempt.wall_ms), "how long it took, that included");
  field("lines", attempt.lines, "the loader's standard output, line by line");
  field("loader_log", null_if_empty(attempt.loader_log), "its standard error");
  field("triggered", attempt.triggered, "what the trigger did; null: there was none");
  field("trigger_error", null_if_empty(attempt.trigger_error),
        "why there was none, though one was due");
  field("inventory", left_out_if_none(attempt.inventory),
        "what of BPF the kernel listed after the trigger, asked by the agent");
  field("go_error", null_if_empty(attempt.go_error),
        "why the loader could not be asked to continue");
  field("exited", attempt.exited, "the agent's report of the loader's end");
  field("session", attempt.session, "the talk with the agent afterwards");
  field("session_error", null_if_empty(attempt.session_error), "what ended it");
  field("console", left_out_if_none(attempt.console), "what the console said meanwhile");
  field("modules_missing", left_out_if_none(attempt.modules_missing),
        "of the modules that were to be loaded, those that the kernel does not have, and why");
  field("machine_end", attempt.machine_end, "what the machine left at its end");
  field("no_machine", attempt.no_machine, "why there was none");
}

void fields(auto& field, Of<Transcript> auto& transcript) {
  field.constant("schema", kTranscriptSchema, "the version of this format",
                 "made by another version of bpfmatrix: run the cell again");
  field("inputs", transcript.inputs, "all that the cell was run with");
  field("attempts", transcript.attempts, "what each attempt said, in order");
  field("unavailable", null_if_empty(transcript.unavailable), "why the cell was not run at all");
  field("object_problem", null_if_empty(transcript.object_problem),
        "why no loader could open the object");
}

}  // namespace bpfmatrix
