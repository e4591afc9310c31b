// Map and program types, as <linux/bpf.h> of 7.x numbers them.
#include <unistd.h>

#include <cerrno>

#include "guest/probe/questions.h"
#include "guest/probe/report.h"

namespace bpfmatrix::guest {

namespace {

/// What the maps of this type need beside a number.
enum class Needs { nothing, inner_map, btf, page };

struct KnownMapType {
  const char* name;
  std::uint32_t type;
  std::uint32_t key = 4;
  std::uint32_t value = 4;
  std::uint32_t entries = 1;
  std::uint32_t flags = 0;
  Needs needs = Needs::nothing;
};

constexpr std::uint32_t kMmapable = 1U << 10;  // BPF_F_MMAPABLE

constexpr KnownMapType kMapTypes[] = {
    {"BPF_MAP_TYPE_HASH", 1},
    {"BPF_MAP_TYPE_ARRAY", 2},
    {"BPF_MAP_TYPE_PROG_ARRAY", 3},
    {"BPF_MAP_TYPE_PERF_EVENT_ARRAY", 4},
    {"BPF_MAP_TYPE_PERCPU_HASH", 5},
    {"BPF_MAP_TYPE_PERCPU_ARRAY", 6},
    {"BPF_MAP_TYPE_STACK_TRACE", 7, 4, 8},
    {"BPF_MAP_TYPE_CGROUP_ARRAY", 8},
    {"BPF_MAP_TYPE_LRU_HASH", 9},
    {"BPF_MAP_TYPE_LRU_PERCPU_HASH", 10},
    {"BPF_MAP_TYPE_LPM_TRIE", 11, 8, 8, 1, BPF_F_NO_PREALLOC},
    {"BPF_MAP_TYPE_ARRAY_OF_MAPS", 12, 4, 4, 1, 0, Needs::inner_map},
    {"BPF_MAP_TYPE_HASH_OF_MAPS", 13, 4, 4, 1, 0, Needs::inner_map},
    {"BPF_MAP_TYPE_DEVMAP", 14},
    {"BPF_MAP_TYPE_SOCKMAP", 15},
    {"BPF_MAP_TYPE_CPUMAP", 16},
    {"BPF_MAP_TYPE_XSKMAP", 17},
    {"BPF_MAP_TYPE_SOCKHASH", 18},
    {"BPF_MAP_TYPE_CGROUP_STORAGE", 19, 16, 8, 0},
    {"BPF_MAP_TYPE_REUSEPORT_SOCKARRAY", 20, 4, 8},
    {"BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE", 21, 16, 8, 0},
    {"BPF_MAP_TYPE_QUEUE", 22, 0, 4},
    {"BPF_MAP_TYPE_STACK", 23, 0, 4},
    {"BPF_MAP_TYPE_SK_STORAGE", 24, 4, 4, 0, BPF_F_NO_PREALLOC, Needs::btf},
    {"BPF_MAP_TYPE_DEVMAP_HASH", 25},
    {"BPF_MAP_TYPE_RINGBUF", 27, 0, 0, 1, 0, Needs::page},
    {"BPF_MAP_TYPE_INODE_STORAGE", 28, 4, 4, 0, BPF_F_NO_PREALLOC, Needs::btf},
    {"BPF_MAP_TYPE_TASK_STORAGE", 29, 4, 4, 0, BPF_F_NO_PREALLOC, Needs::btf},
    {"BPF_MAP_TYPE_BLOOM_FILTER", 30, 0, 4},
    {"BPF_MAP_TYPE_USER_RINGBUF", 31, 0, 0, 1, 0, Needs::page},
    {"BPF_MAP_TYPE_CGRP_STORAGE", 32, 4, 4, 0, BPF_F_NO_PREALLOC, Needs::btf},
    {"BPF_MAP_TYPE_ARENA", 33, 0, 0, 1, kMmapable},
    {"BPF_MAP_TYPE_INSN_ARRAY", 34, 4, 16},
};

constexpr std::uint32_t kSleepable = 1U << 4;   // BPF_F_SLEEPABLE
constexpr std::uint32_t kNetfilterAttach = 45;  // BPF_NETFILTER

constexpr KnownProgramType kProgramTypes[] = {
    {"BPF_PROG_TYPE_SOCKET_FILTER", 1},
    {"BPF_PROG_TYPE_KPROBE", 2},
    {"BPF_PROG_TYPE_SCHED_CLS", 3},
    {"BPF_PROG_TYPE_SCHED_ACT", 4},
    {"BPF_PROG_TYPE_TRACEPOINT", 5},
    {"BPF_PROG_TYPE_XDP", 6},
    {"BPF_PROG_TYPE_PERF_EVENT", 7},
    {"BPF_PROG_TYPE_CGROUP_SKB", 8},
    {"BPF_PROG_TYPE_CGROUP_SOCK", 9},
    {"BPF_PROG_TYPE_LWT_IN", 10},
    {"BPF_PROG_TYPE_LWT_OUT", 11},
    {"BPF_PROG_TYPE_LWT_XMIT", 12},
    {"BPF_PROG_TYPE_SOCK_OPS", 13},
    {"BPF_PROG_TYPE_SK_SKB", 14},
    {"BPF_PROG_TYPE_CGROUP_DEVICE", 15},
    {"BPF_PROG_TYPE_SK_MSG", 16},
    {"BPF_PROG_TYPE_RAW_TRACEPOINT", 17},
    {"BPF_PROG_TYPE_CGROUP_SOCK_ADDR", 18, BPF_CGROUP_INET4_CONNECT},
    {"BPF_PROG_TYPE_LWT_SEG6LOCAL", 19},
    {"BPF_PROG_TYPE_LIRC_MODE2", 20},
    {"BPF_PROG_TYPE_SK_REUSEPORT", 21},
    {"BPF_PROG_TYPE_FLOW_DISSECTOR", 22},
    {"BPF_PROG_TYPE_CGROUP_SYSCTL", 23},
    {"BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE", 24},
    {"BPF_PROG_TYPE_CGROUP_SOCKOPT", 25, BPF_CGROUP_GETSOCKOPT},
    {"BPF_PROG_TYPE_TRACING", 26, BPF_TRACE_FENTRY},
    {"BPF_PROG_TYPE_STRUCT_OPS", 27},
    {"BPF_PROG_TYPE_EXT", 28},
    {"BPF_PROG_TYPE_LSM", 29, BPF_LSM_MAC},
    {"BPF_PROG_TYPE_SK_LOOKUP", 30, BPF_SK_LOOKUP},
    {"BPF_PROG_TYPE_SYSCALL", 31, 0, kSleepable},
    {"BPF_PROG_TYPE_NETFILTER", 32, kNetfilterAttach},
};

MapSpec spec_of(const KnownMapType& known, const Attempt& inner, const Attempt& btf) {
  MapSpec spec{known.type, known.key, known.value, known.entries, known.flags};
  if (known.needs == Needs::inner_map) spec.inner_map = inner.fd.get();
  if (known.needs == Needs::btf) spec.btf = btf.fd.get();
  if (known.needs == Needs::page) {
    spec.max_entries = static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE));
  }
  return spec;
}

/// EINVAL is said of an unknown type, and of wrong sizes: hence the table. An arena that the
/// architecture's JIT has no support for is EOPNOTSUPP.
Probed ask_map_type(const KnownMapType& known, const Attempt& inner, const Attempt& btf) {
  if (known.needs == Needs::btf && !btf.accepted()) return {Answer::unknown, btf.error};
  const Attempt attempt = create_map(spec_of(known, inner, btf));
  // It came to allocating one: an arena wants gigabytes of addresses.
  if (attempt.error == ENOMEM) return {Answer::yes, attempt.error};
  return answer_of(attempt, {EINVAL, EOPNOTSUPP});
}

/// The type of its value is looked for in the kernel's BTF, and 1 is no such thing: ENOTSUPP from
/// who knows the type. Who does not know the attribute (E2BIG) has no such maps either.
Probed ask_struct_ops_map() {
  const Attempt attempt = create_map({.type = BPF_MAP_TYPE_STRUCT_OPS, .vmlinux_value_type = 1});
  if (attempt.error == kNotSupported) return {Answer::yes, attempt.error};
  return answer_of(attempt, {EINVAL, E2BIG});
}

/// An unknown type is EINVAL before the verifier could say a word.
Probed ask_program_type(const KnownProgramType& known) {
  const ProgramSpec spec{known.type, known.expected_attach, 0, known.flags};
  const Attempt attempt = load_program(spec, return_zero());
  if (attempt.spoke()) return {Answer::yes, attempt.error};
  return answer_of(attempt, {EINVAL});
}

}  // namespace

std::span<const KnownProgramType> known_program_types() { return kProgramTypes; }

void probe_map_types() {
  const Attempt inner = create_map({});
  constexpr std::uint32_t kInt[] = {1, 1U << 24, 4, 32};
  const Attempt btf = load_btf(kInt);
  for (const KnownMapType& known : kMapTypes) {
    report_probed("map_type", known.name, ask_map_type(known, inner, btf));
  }
  report_probed("map_type", "BPF_MAP_TYPE_STRUCT_OPS", ask_struct_ops_map());
}

void probe_program_types() {
  for (const KnownProgramType& known : kProgramTypes) {
    report_probed("program_type", known.name, ask_program_type(known));
  }
}

}  // namespace bpfmatrix::guest
