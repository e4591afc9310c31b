// What of BPF the kernel holds, asked of the kernel by the agent: a second witness to what a loader
// says, which the loader has no hand in.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "guest/messages.h"

namespace bpfmatrix::guest {

/// Where the kernel's counters of ids stand. It gives each program and each map that it accepts the
/// next number, whatever becomes of it (idr_alloc_cyclic() in bpf_prog_alloc_id(), kernel/bpf/
/// syscall.c, v4.18).
struct IdMarks {
  std::uint32_t program = 0;
  std::uint32_t map = 0;
};

/// Loads a program of two instructions and makes a map of one element, to see their ids, and lets
/// both go. Nothing: the kernel refuses one of them.
std::optional<IdMarks> mark_ids();

/// Programs, maps and links that came after `since`, kMaxInventory of each at most, and which of
/// these programs the descriptors of process `loader` attach.
std::optional<Inventory> take_inventory(const IdMarks& since, pid_t loader);

}  // namespace bpfmatrix::guest
