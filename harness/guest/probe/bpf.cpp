#include "guest/probe/bpf.h"

#include <sys/syscall.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

namespace bpfmatrix::guest {

namespace {

constexpr std::size_t kLogBytes = 4096;
/// A string section that offers every name the tables of types use.
constexpr char kStrings[] = "\0a\0b\0.bss";

std::uint64_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

/// Up to 4.20 a kprobe must name the very version it is for. Debian hides it in `version`.
std::uint32_t kernel_version() {
  utsname name{};
  ::uname(&name);
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;
  const char* debian = std::strstr(name.version, "Debian ");
  if (debian == nullptr || std::sscanf(debian, "Debian %u.%u.%u", &major, &minor, &patch) != 3) {
    std::sscanf(name.release, "%u.%u.%u", &major, &minor, &patch);
  }
  return (major << 16) + (minor << 8) + std::min(patch, 255U);
}

std::vector<bpf_insn> raw_insns(std::span<const Insn> insns) {
  std::vector<bpf_insn> raw;
  raw.reserve(insns.size());
  for (const Insn& insn : insns) {
    bpf_insn one{};
    one.code = insn.code;
    one.dst_reg = insn.dst & 0xf;
    one.src_reg = insn.src & 0xf;
    one.off = insn.off;
    one.imm = insn.imm;
    raw.push_back(one);
  }
  return raw;
}

}  // namespace

Attempt call_bpf(int command, bpf_attr& attr) {
  Attempt attempt;
  const long result = ::syscall(SYS_bpf, command, &attr, sizeof attr);
  if (result < 0) attempt.error = errno;
  if (result >= 0) attempt.fd = Fd(static_cast<int>(result));
  return attempt;
}

Attempt load_program(const ProgramSpec& spec, std::span<const Insn> insns) {
  std::array<char, kLogBytes> log{};
  const std::vector<bpf_insn> raw = raw_insns(insns);
  bpf_attr attr{};
  attr.prog_type = spec.type;
  attr.insns = address(raw.data());
  attr.insn_cnt = static_cast<std::uint32_t>(raw.size());
  attr.license = address("GPL");
  if (spec.log) {
    attr.log_level = 1;
    attr.log_buf = address(log.data());
    attr.log_size = log.size();
  }
  attr.prog_flags = spec.flags;
  attr.expected_attach_type = spec.expected_attach;
  attr.attach_btf_id = spec.attach_btf_id;
  if (spec.type == BPF_PROG_TYPE_KPROBE) attr.kern_version = kernel_version();
  Attempt attempt = call_bpf(BPF_PROG_LOAD, attr);
  attempt.log.assign(log.data(), ::strnlen(log.data(), log.size()));
  return attempt;
}

Attempt create_map(const MapSpec& spec) {
  bpf_attr attr{};
  attr.map_type = spec.type;
  attr.key_size = spec.key_size;
  attr.value_size = spec.value_size;
  attr.max_entries = spec.max_entries;
  attr.map_flags = spec.flags;
  if (spec.inner_map >= 0) attr.inner_map_fd = static_cast<std::uint32_t>(spec.inner_map);
  if (spec.btf >= 0) {
    attr.btf_fd = static_cast<std::uint32_t>(spec.btf);
    attr.btf_key_type_id = 1;
    attr.btf_value_type_id = 1;
  }
  attr.btf_vmlinux_value_type_id = spec.vmlinux_value_type;
  return call_bpf(BPF_MAP_CREATE, attr);
}

Attempt load_btf(std::span<const std::uint32_t> types) {
  struct {
    std::uint16_t magic = 0xeb9f;
    std::uint8_t version = 1;
    std::uint8_t flags = 0;
    std::uint32_t header_bytes = 24;
    std::uint32_t types_at = 0;
    std::uint32_t types_bytes = 0;
    std::uint32_t strings_at = 0;
    std::uint32_t strings_bytes = sizeof kStrings;
  } header;
  static_assert(sizeof header == 24);
  header.types_bytes = static_cast<std::uint32_t>(types.size_bytes());
  header.strings_at = header.types_bytes;
  std::vector<char> bytes(sizeof header + types.size_bytes() + sizeof kStrings);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, types.data(), types.size_bytes());
  std::memcpy(bytes.data() + sizeof header + types.size_bytes(), kStrings, sizeof kStrings);
  bpf_attr attr{};
  attr.btf = address(bytes.data());
  attr.btf_size = static_cast<std::uint32_t>(bytes.size());
  return call_bpf(BPF_BTF_LOAD, attr);
}

std::array<Insn, 2> return_zero() {
  return {Insn{.code = BPF_ALU64 | BPF_MOV | BPF_K}, Insn{.code = BPF_JMP | BPF_EXIT}};
}

Probed answer_of(const Attempt& attempt, std::initializer_list<int> no) {
  if (attempt.accepted()) return {Answer::yes};
  const bool decided = std::find(no.begin(), no.end(), attempt.error) != no.end();
  return {decided ? Answer::no : Answer::unknown, attempt.error};
}

}  // namespace bpfmatrix::guest
