// What the kernel's headers have no name for (behaviours in kernels/features.json): the smallest
// program that hangs on it.
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "guest/probe/questions.h"
#include "guest/probe/report.h"

namespace bpfmatrix::guest {

namespace {

constexpr std::uint8_t kCallback = 4;  // BPF_PSEUDO_FUNC

Insn set(std::uint8_t reg, std::int32_t value) {
  return {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst = reg, .imm = value};
}
Insn copy(std::uint8_t to, std::uint8_t from) {
  return {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst = to, .src = from};
}
Insn add(std::uint8_t reg, std::int32_t value) {
  return {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst = reg, .imm = value};
}
Insn load_address(std::uint8_t reg, std::uint8_t kind, std::int32_t low) {
  return {.code = BPF_LD | BPF_DW | BPF_IMM, .dst = reg, .src = kind, .imm = low};
}
Insn call(std::int32_t helper) { return {.code = BPF_JMP | BPF_CALL, .imm = helper}; }
Insn leave() { return {.code = BPF_JMP | BPF_EXIT}; }

/// No where the verifier refuses in words, because of the one thing the program is about.
Probed ask(const ProgramSpec& spec, std::span<const Insn> program, std::string_view refusal) {
  const Attempt attempt = load_program(spec, program);
  if (attempt.accepted()) return {Answer::yes};
  return {attempt.says(refusal) ? Answer::no : Answer::unknown, attempt.error};
}

Probed ask_bounded_loops() {
  const Insn until_ten = {
      .code = BPF_JMP | BPF_JLT | BPF_K, .dst = BPF_REG_0, .off = -2, .imm = 10};
  const Insn program[] = {set(BPF_REG_0, 0), add(BPF_REG_0, 1), until_ten, leave()};
  return ask({}, program, "back-edge");
}

Probed ask_large_insn_limit() {
  std::vector<Insn> program(BPF_MAXINSNS, set(BPF_REG_0, 0));
  program.push_back(leave());
  return answer_of(load_program({.log = false}, program), {E2BIG});
}

Probed ask_global_data() {
  const Attempt map = create_map({});
  if (!map.accepted()) return {Answer::unknown, map.error};
  const Insn program[] = {
      load_address(BPF_REG_1, BPF_PSEUDO_MAP_VALUE, map.fd.get()), {}, set(BPF_REG_0, 0), leave()};
  return ask({}, program, "unrecognized bpf_ld_imm64");
}

/// Who knows callbacks asks for the function's BTF, which this program has none of.
Probed ask_callbacks() {
  const Insn program[] = {load_address(BPF_REG_1, kCallback, 3),
                          {},
                          set(BPF_REG_0, 0),
                          leave(),
                          set(BPF_REG_0, 0),
                          leave()};
  const Attempt attempt = load_program({}, program);
  if (attempt.accepted() || attempt.says("missing btf func_info")) return {Answer::yes};
  const bool no = attempt.says("unrecognized bpf_ld_imm64");
  return {no ? Answer::no : Answer::unknown, attempt.error};
}

Probed ask_calls() {
  const Insn call_next = {.code = BPF_JMP | BPF_CALL, .src = BPF_PSEUDO_CALL, .imm = 1};
  const Insn program[] = {call_next, leave(), set(BPF_REG_0, 0), leave()};
  return ask({}, program, "BPF_CALL uses reserved fields");
}

Probed ask_stack_read() {
  const Insn read = {
      .code = BPF_LDX | BPF_MEM | BPF_DW, .dst = BPF_REG_0, .src = BPF_REG_10, .off = -8};
  const Insn program[] = {read, leave()};
  return ask({}, program, "invalid read from stack");
}

Probed ask_xskmap_lookup() {
  const Attempt map = create_map({.type = BPF_MAP_TYPE_XSKMAP});
  if (!map.accepted()) return {Answer::unknown, map.error};
  const Insn store = {.code = BPF_ST | BPF_MEM | BPF_W, .dst = BPF_REG_10, .off = -4, .imm = 0};
  const Insn program[] = {store,
                          copy(BPF_REG_2, BPF_REG_10),
                          add(BPF_REG_2, -4),
                          load_address(BPF_REG_1, BPF_PSEUDO_MAP_FD, map.fd.get()),
                          {},
                          call(BPF_FUNC_map_lookup_elem),
                          set(BPF_REG_0, 0),
                          leave()};
  return ask({.type = BPF_PROG_TYPE_XDP}, program, "cannot pass map_type");
}

Probed ask_kernel_btf() {
  // 5.2 and 5.3 show theirs nowhere: the host knows by their configuration.
  if (::access("/sys/kernel/btf/vmlinux", F_OK) == 0) return {Answer::yes};
  return {Answer::unknown, errno};
}

/// Kernel functions are called by BTF id; who knows no such calls says that fields are reserved.
Probed ask_kfunc_calls() {
  constexpr std::uint8_t kKfuncCall = 2;
  const Insn program[] = {{.code = BPF_JMP | BPF_CALL, .src = kKfuncCall, .imm = 1}, leave()};
  const Attempt attempt = load_program({.type = BPF_PROG_TYPE_SCHED_CLS}, program);
  const bool no = attempt.says("reserved fields") || attempt.says("unknown opcode");
  if (!attempt.spoke()) return {Answer::unknown, attempt.error};
  return {no ? Answer::no : Answer::yes, attempt.error};
}

}  // namespace

void probe_behaviours() {
  const auto say = [](const char* name, const Probed& probed) {
    report_probed("behaviour", name, probed);
  };
  say("bounded_loops", ask_bounded_loops());
  say("large_insn_limit", ask_large_insn_limit());
  say("global_data", ask_global_data());
  say("callbacks", ask_callbacks());
  say("bpf_to_bpf_calls", ask_calls());
  say("uninitialised_stack_read", ask_stack_read());
  say("xskmap_lookup", ask_xskmap_lookup());
  say("vmlinux_btf", ask_kernel_btf());
  say("kfunc_calls", ask_kfunc_calls());
}

void probe_memlock() {
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  const bool infinite = limit.rlim_cur == RLIM_INFINITY;
  report_number("memlock_limit", infinite ? -1 : static_cast<std::int64_t>(limit.rlim_cur));
  const rlimit none{0, limit.rlim_max};
  if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) return;
  // Large enough to count a page, whatever the architecture's.
  const Attempt map = create_map({.value_size = 1 << 17});
  const Probed counted = answer_of(map, {EPERM});
  report_probed("behaviour", "memcg_accounting", counted);
}

}  // namespace bpfmatrix::guest
