#include "core/patch.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <bit>
#include <limits>

#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

constexpr std::uint8_t kLoadImm64 = BPF_LD | BPF_IMM | BPF_DW;
constexpr std::uint8_t kSourceIsRegister = 0x08;
constexpr std::uint8_t kSizeMask = 0x18;

constexpr struct {
  std::uint8_t code;
  std::uint64_t bytes;
} kSizes[] = {{BPF_B, 1}, {BPF_H, 2}, {BPF_W, 4}, {BPF_DW, 8}};

/// An instruction and, of a 64-bit load, what follows it.
struct Slots {
  bpf_insn first{};
  std::optional<bpf_insn> second{};
};

std::optional<Slots> unpack(const std::vector<std::uint64_t>& words) {
  if (words.empty()) return std::nullopt;
  Slots slots{.first = std::bit_cast<bpf_insn>(words[0])};
  if (slots.first.code != kLoadImm64) return slots;
  if (words.size() < 2) return std::nullopt;
  slots.second = std::bit_cast<bpf_insn>(words[1]);
  return slots;
}

void pack(const Slots& slots, std::vector<std::uint64_t>& words) {
  words[0] = std::bit_cast<std::uint64_t>(slots.first);
  if (slots.second) words[1] = std::bit_cast<std::uint64_t>(*slots.second);
}

CorePatch poison(Slots& slots) {
  const bpf_insn call{
      .code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = kCorePoison};
  slots.first = call;
  if (slots.second) slots.second = call;
  return {.poisoned = true};
}

/// The number in the instruction is the one the compiler must have put there.
Result<> check(const CoreChange& change, std::int64_t found) {
  if (!change.checked || static_cast<std::uint64_t>(found) == change.local_value) return {};
  return Error{fmt::format("the instruction holds {}, expected {}", found, change.local_value)};
}

Result<CorePatch> patch_arithmetic(bpf_insn& insn, const CoreChange& change) {
  if ((insn.code & kSourceIsRegister) != 0) return Error{"the instruction holds no number"};
  if (Result<> checked = check(change, insn.imm); !checked) return std::move(checked).error();
  const std::int64_t before = insn.imm;
  insn.imm = static_cast<std::int32_t>(*change.target_value);
  return CorePatch{.edits = {{CoreField::imm, before, insn.imm}}};
}

Result<CoreEdit> resize(bpf_insn& insn, const CoreChange& change) {
  std::optional<std::uint8_t> code;
  std::uint64_t before = 0;
  for (const auto& size : kSizes) {
    if (size.code == (insn.code & kSizeMask)) before = size.bytes;
    if (size.bytes == change.target_bytes) code = size.code;
  }
  if (before != change.local_bytes) {
    return Error{
        fmt::format("the instruction moves {} bytes of a field of {}", before, change.local_bytes)};
  }
  if (!code) return Error{fmt::format("no instruction moves {} bytes", change.target_bytes)};
  insn.code = static_cast<std::uint8_t>((insn.code & ~kSizeMask) | *code);
  return CoreEdit{CoreField::mem_size, static_cast<std::int64_t>(before),
                  static_cast<std::int64_t>(change.target_bytes)};
}

Result<CorePatch> patch_memory(Slots& slots, const CoreChange& change) {
  bpf_insn& insn = slots.first;
  if (Result<> checked = check(change, insn.off); !checked) return std::move(checked).error();
  if (*change.target_value > std::numeric_limits<std::int16_t>::max()) {
    return Error{fmt::format("offset {} does not fit a load or store", *change.target_value)};
  }
  const bool resized = change.local_bytes != change.target_bytes;
  if (resized && !change.resizable) return poison(slots);
  CorePatch patch;
  const std::int64_t before = insn.off;
  insn.off = static_cast<std::int16_t>(*change.target_value);
  patch.edits.push_back({CoreField::off, before, insn.off});
  if (!resized) return patch;
  Result<CoreEdit> edit = resize(insn, change);
  if (!edit) return std::move(edit).error();
  patch.edits.push_back(*edit);
  return patch;
}

Result<CorePatch> patch_load_imm64(Slots& slots, const CoreChange& change) {
  bpf_insn& low = slots.first;
  bpf_insn& high = *slots.second;
  if (low.src_reg != 0 || low.off != 0 || high.code != 0 || high.dst_reg != 0 ||
      high.src_reg != 0 || high.off != 0) {
    return Error{"a 64-bit load of something else than a number"};
  }
  const auto bits = static_cast<std::uint64_t>(static_cast<std::uint32_t>(high.imm)) << 32 |
                    static_cast<std::uint32_t>(low.imm);
  const auto before = static_cast<std::int64_t>(bits);
  if (Result<> checked = check(change, before); !checked) return std::move(checked).error();
  low.imm = static_cast<std::int32_t>(*change.target_value);
  high.imm = static_cast<std::int32_t>(*change.target_value >> 32);
  return CorePatch{
      .edits = {{CoreField::imm64, before, static_cast<std::int64_t>(*change.target_value)}}};
}

Result<CorePatch> patch(Slots& slots, const CoreChange& change) {
  if (!change.target_value) return poison(slots);
  if (slots.second) return patch_load_imm64(slots, change);
  const std::uint8_t code = slots.first.code;
  switch (BPF_CLASS(code)) {
    case BPF_ALU:
    case BPF_ALU64:
      return patch_arithmetic(slots.first, change);
    case BPF_LDX:
    case BPF_ST:
    case BPF_STX:
      return patch_memory(slots, change);
  }
  return Error{fmt::format("an instruction with no place for a number, code {:#04x}", code)};
}

}  // namespace

Result<CorePatch> patch_core(std::vector<std::uint64_t>& words, const CoreChange& change) {
  std::optional<Slots> slots = unpack(words);
  if (!slots) return Error{"the instruction ends beyond its section"};
  Result<CorePatch> done = patch(*slots, change);
  if (done) pack(*slots, words);
  return done;
}

std::vector<std::uint64_t> instruction_slots(std::string_view code, std::uint64_t index) {
  std::vector<std::uint64_t> words;
  if (index > code.size() / sizeof(bpf_insn)) return words;
  const auto first = read_at<std::uint64_t>(code, index * sizeof(bpf_insn));
  if (!first) return words;
  words.push_back(*first);
  if (std::bit_cast<bpf_insn>(*first).code != kLoadImm64) return words;
  const auto second = read_at<std::uint64_t>(code, (index + 1) * sizeof(bpf_insn));
  if (!second) return {};
  words.push_back(*second);
  return words;
}

}  // namespace bpfmatrix
