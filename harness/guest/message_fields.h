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

void fields(auto& field, Of<Exited> auto& exited) {
  field("code", exited.code, "exit code");
  field("signal", exited.signal, "or the signal that ended it");
  field("timed_out", exited.timed_out, "the agent killed it at the deadline");
  field("dropped_out_bytes", exited.dropped_out_bytes, "of its output, what did not fit");
  field("dropped_err_bytes", exited.dropped_err_bytes, "of its standard error");
  field("wall_ms", exited.wall_ms, "how long it ran, by the guest's clock");
  field("memlock_counted", exited.memlock_counted,
        "whether this kernel counts BPF memory against RLIMIT_MEMLOCK; null: not asked");
  field("leftovers", exited.leftovers, "what of the cell could not be cleared away");
}

}  // namespace bpfmatrix
