// What the kernel complained of on its console while it went on: warnings, BUGs, oopses that it
// survived, reports of its checkers, stalls. Pure functions over text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bpfmatrix {

struct Complaint {
  /// What is the same wherever and whenever it comes: "WARNING: at kernel/bpf/verifier.c
  /// check_mem_access", without line numbers, addresses, processors and processes.
  std::string name{};
  /// Its first lines, at most 16, without time stamps and registers: the message before the
  /// WARNING, if there is one, and the beginning of the trace.
  std::string text{};
  /// A lockup, a hung task, an RCU stall: of a machine that is emulated it may be the host's.
  bool is_stall = false;
};

/// In their order, at most 64, from a clean text (vm/console.h). What follows a complaint up to the
/// end of its trace is part of it. A program that writes such a line to /dev/kmsg cannot be
/// distinguished from the kernel.
std::vector<Complaint> find_complaints(std::string_view console);

}  // namespace bpfmatrix
