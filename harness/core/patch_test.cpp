#include "core/patch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <bit>

namespace bpfmatrix {
namespace {

constexpr std::uint8_t kMove = BPF_ALU64 | BPF_MOV | BPF_K;
constexpr std::uint8_t kMoveRegister = BPF_ALU64 | BPF_MOV | BPF_X;
constexpr std::uint8_t kLoad = BPF_LDX | BPF_MEM | BPF_W;
constexpr std::uint8_t kLoadSigned = BPF_LDX | 0x80 | BPF_W;  // BPF_MEMSX, since 6.6
constexpr std::uint8_t kStore = BPF_STX | BPF_MEM | BPF_W;
constexpr std::uint8_t kStoreNumber = BPF_ST | BPF_MEM | BPF_W;
constexpr std::uint8_t kLoad64 = BPF_LD | BPF_IMM | BPF_DW;

std::uint64_t slot(std::uint8_t code, std::int16_t off, std::int32_t imm, std::uint8_t source = 0) {
  bpf_insn insn{};
  insn.code = code;
  insn.src_reg = source & 0xF;
  insn.off = off;
  insn.imm = imm;
  return std::bit_cast<std::uint64_t>(insn);
}

using Slots = std::vector<std::uint64_t>;

struct Patching {
  std::string name{};
  Slots before{};
  CoreChange change{};
  /// The edits, or the error.
  std::string said{};
  Slots after{};
};

const Slots kPoison{slot(BPF_JMP | BPF_CALL, 0, kCorePoison)};
const Slots kTwoPoisons{kPoison[0], kPoison[0]};

const Patching kPatchings[] = {
    {"an_immediate", {slot(kMove, 0, 8)}, {8, 2432}, "imm 8 -> 2432", {slot(kMove, 0, 2432)}},
    {"a_negative_immediate",
     {slot(kMove, 0, -5)},
     {static_cast<std::uint64_t>(-5), static_cast<std::uint64_t>(-6)},
     "imm -5 -> -6",
     {slot(kMove, 0, -6)}},
    {"another_immediate_than_expected",
     {slot(kMove, 0, 9)},
     {8, 16},
     "the instruction holds 9, expected 8",
     {}},
    {"an_immediate_that_need_not_be_as_expected",
     {slot(kMove, 0, 9)},
     {.local_value = 8, .target_value = 16, .checked = false},
     "imm 9 -> 16",
     {slot(kMove, 0, 16)}},
    {"a_register", {slot(kMoveRegister, 0, 8)}, {8, 16}, "the instruction holds no number", {}},
    {"a_load", {slot(kLoad, 8, 0)}, {8, 32767}, "off 8 -> 32767", {slot(kLoad, 32767, 0)}},
    {"a_load_from_too_far",
     {slot(kLoad, 8, 0)},
     {8, 32768},
     "offset 32768 does not fit a load or store",
     {}},
    {"a_store_of_a_number",
     {slot(kStoreNumber, 8, 1)},
     {8, 16},
     "off 8 -> 16",
     {slot(kStoreNumber, 16, 1)}},
    {"a_load_that_grows",
     {slot(kLoad, 8, 0)},
     {8, 16, true, 4, 8},
     "off 8 -> 16, mem_sz 4 -> 8",
     {slot(BPF_LDX | BPF_MEM | BPF_DW, 16, 0)}},
    {"a_sign_extending_load_keeps_its_mode",
     {slot(kLoadSigned, 8, 0)},
     {8, 8, true, 4, 2},
     "off 8 -> 8, mem_sz 4 -> 2",
     {slot(BPF_LDX | 0x80 | BPF_H, 8, 0)}},
    {"a_store_that_shrinks",
     {slot(kStore, 8, 0)},
     {8, 16, true, 4, 1},
     "off 8 -> 16, mem_sz 4 -> 1",
     {slot(BPF_STX | BPF_MEM | BPF_B, 16, 0)}},
    {"a_load_that_must_not_change_its_size",
     {slot(kLoad, 8, 0)},
     {8, 16, true, 4, 8, false},
     "poisoned",
     kPoison},
    {"an_immediate_does_not_care_about_sizes",
     {slot(kMove, 0, 8)},
     {8, 16, true, 4, 8, false},
     "imm 8 -> 16",
     {slot(kMove, 0, 16)}},
    {"a_load_of_part_of_a_field",
     {slot(kLoad, 8, 0)},
     {8, 16, true, 8, 4},
     "the instruction moves 4 bytes of a field of 8",
     {}},
    {"a_load_of_a_size_there_is_not",
     {slot(kLoad, 8, 0)},
     {8, 16, true, 4, 3},
     "no instruction moves 3 bytes",
     {}},
    {"a_64_bit_number",
     {slot(kLoad64, 0, 99), slot(0, 0, 0)},
     {99, 0x1'0000'0002},
     "imm64 99 -> 4294967298",
     {slot(kLoad64, 0, 2), slot(0, 0, 1)}},
    {"a_map_in_place_of_a_64_bit_number",
     {slot(kLoad64, 0, 99, 1), slot(0, 0, 0)},
     {99, 1},
     "a 64-bit load of something else than a number",
     {}},
    {"half_of_a_64_bit_load",
     {slot(kLoad64, 0, 99)},
     {99, 1},
     "the instruction ends beyond its section",
     {}},
    {"nothing", {}, {99, 1}, "the instruction ends beyond its section", {}},
    {"a_jump",
     {slot(BPF_JMP | BPF_EXIT, 0, 0)},
     {0, 1},
     "an instruction with no place for a number, code 0x95",
     {}},
    {"poison", {slot(kMove, 0, 9)}, {8, std::nullopt}, "poisoned", kPoison},
    {"poison_of_two_slots",
     {slot(kLoad64, 0, 99, 1), slot(0, 0, 0)},
     {99, std::nullopt},
     "poisoned",
     kTwoPoisons},
};

std::string said(const Result<CorePatch>& patch) {
  if (!patch) return patch.error().message;
  if (patch->poisoned) return "poisoned";
  std::string text;
  for (const CoreEdit& edit : patch->edits) {
    text += fmt::format("{}{} {} -> {}", text.empty() ? "" : ", ", to_string(edit.field),
                        edit.before, edit.after);
  }
  return text;
}

class CorePatchTest : public testing::TestWithParam<Patching> {};
INSTANTIATE_TEST_SUITE_P(, CorePatchTest, testing::ValuesIn(kPatchings),
                         [](const auto& instance) { return instance.param.name; });

TEST_P(CorePatchTest, does_what_libbpf_does_to_it) {
  const Patching& patching = GetParam();
  Slots slots = patching.before;
  EXPECT_EQ(said(patch_core(slots, patching.change)), patching.said);
  // An error leaves everything as it was.
  EXPECT_EQ(slots, patching.after.empty() ? patching.before : patching.after);
}

TEST(CorePatch, slots_are_one_or_two_or_not_all_there) {
  const std::uint64_t words[] = {slot(kMove, 0, 1), slot(kLoad64, 0, 1), 0, slot(kLoad64, 0, 1)};
  const std::string_view code(reinterpret_cast<const char*>(words), sizeof words);
  EXPECT_EQ(instruction_slots(code, 0).size(), 1U);
  EXPECT_EQ(instruction_slots(code, 1).size(), 2U);
  EXPECT_TRUE(instruction_slots(code, 3).empty());
  EXPECT_TRUE(instruction_slots(code, 4).empty());
  EXPECT_TRUE(instruction_slots(code, UINT64_MAX / 8).empty());
}

}  // namespace
}  // namespace bpfmatrix
