// The fields of those messages that a transcript keeps (base/json_fields.h).
#pragma once

#include "base/json_fields.h"
#include "guest/messages.h"

namespace bpfmatrix {

void fields(auto& field, Of<Operation> auto& operation) {
  field("name", operation.name, "the system call");
  field("ret", operation.ret, "what the kernel returned, below 0 a negative errno");
}

void fields(auto& field, Of<Triggered> auto& triggered) {
  field("numbers", triggered.numbers, "what is true of the trigger's process, by name");
  field("texts", triggered.texts, "the same, of texts");
  field("performed", triggered.performed, "its system calls, in order");
}

void fields(auto& field, Of<KernelProgram> auto& program) {
  field("id", program.id, "the kernel's number of it");
  field("type", program.type, "the number of its type in <linux/bpf.h>");
  field("name", program.name, "at most 15 characters");
  field("run_cnt", program.run_cnt,
        "how often it ran; 0 where nobody has switched the counting on");
}

void fields(auto& field, Of<KernelLink> auto& link) {
  field("id", link.id, "the kernel's number of it");
  field("type", link.type, "the number of its type in <linux/bpf.h>");
  field("program", link.program, "the id of the program it attaches; 0: none");
}

void fields(auto& field, Of<Inventory> auto& inventory) {
  field("programs", inventory.programs, "that came since the loader started, and are there");
  field("maps", inventory.maps, "ids of maps, likewise");
  field("links", inventory.links, "all there are; null: this kernel does not list them");
  field("attached", inventory.attached,
        "ids of programs that the loader's perf events and raw tracepoints attach");
  field("attached_whole", inventory.attached_whole, "no descriptor of the loader was left out");
}

void fields(auto& field, Of<Exited> auto& exited) {
  field("code", exited.code, "exit code");
  field("signal", exited.signal, "or the signal that ended it");
  field("timed_out", exited.timed_out, "the agent killed it at the deadline");
  field("dropped_out_bytes", exited.dropped_out_bytes, "of its output, what did not fit");
  field("dropped_err_bytes", exited.dropped_err_bytes, "of its standard error");
  field("wall_ms", exited.wall_ms, "how long it ran, by the guest's clock");
  field("memlock_counted", exited.memlock_counted,
        "whether this kernel counts BPF memory against RLIMIT_MEMLOCK; null: not asked");
  field("programs_made", left_out_if_none(exited.programs_made),
        "how many programs the kernel accepted meanwhile, by the ids it gave out");
  field("maps_made", left_out_if_none(exited.maps_made), "the same of maps");
  field("refused", left_out_if_none(exited.refused),
        "modules and settings that the kernel did not take before it started");
  field("leftovers", exited.leftovers, "what of the cell could not be cleared away");
}

}  // namespace bpfmatrix
