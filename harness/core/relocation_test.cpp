#include "core/relocation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elf/testing/bpf_compiler.h"
#include "elf/testing/module_types.h"

namespace bpfmatrix {
namespace {

using testing::ElementsAre;

/// An object, read.
struct Object {
  explicit Object(const std::filesystem::path& path)
      : elf(*ElfFile::parse(bytes_of(path))),
        btf(*Btf::parse(std::string(elf.section(".BTF")->bytes))),
        ext(*parse_btf_ext(elf.section(".BTF.ext")->bytes, btf)) {}

  std::vector<CoreResult> on(const std::vector<const Btf*>& targets,
                             const CoreOptions& options = {}) const {
    Result<std::vector<CoreResult>> results = relocate(elf, btf, ext, targets, options);
    EXPECT_TRUE(results) << (results ? "" : results.error().message);
    return results ? *std::move(results) : std::vector<CoreResult>{};
  }

  ElfFile elf;
  Btf btf;
  BtfExt ext;
};

std::string btf_bytes_of(const std::filesystem::path& object) {
  const ElfFile elf = *ElfFile::parse(bytes_of(object));
  return std::string(elf.section(".BTF")->bytes);
}

Btf btf_of(const std::filesystem::path& object) { return *Btf::parse(btf_bytes_of(object)); }

std::string number(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(static_cast<std::int64_t>(*value)) : "none";
}

/// "byte_off struct moved::second: 8 -> 16, resolved".
std::string text(const CoreResult& result) {
  std::string line = fmt::format("{} {}: {} -> {}, {}", to_string(result.kind), result.local,
                                 number(result.local_value), number(result.target_value),
                                 to_string(result.outcome));
  return result.reason.empty() ? line : line + ": " + result.reason;
}

class CoreRelocationTest : public testing::Test {
 protected:
  std::vector<CoreResult> of(std::string_view function, const CoreOptions& options = {}) {
    std::vector<CoreResult> results = local_.on({&target_}, options);
    std::erase_if(results, [&](const CoreResult& one) { return one.function != function; });
    return results;
  }
  std::vector<std::string> texts(std::string_view function, const CoreOptions& options = {}) {
    std::vector<std::string> lines;
    for (const CoreResult& result : of(function, options)) lines.push_back(text(result));
    return lines;
  }

  BpfCompiler compiler_;
  Object local_{compiler_.object("core_local")};
  Btf target_{btf_of(compiler_.object("core_target"))};
};

TEST_F(CoreRelocationTest, a_field_that_moved_and_changed_its_sign) {
  EXPECT_THAT(texts("moved"), ElementsAre("byte_off struct moved::second: 8 -> 16, resolved",
                                          "byte_sz struct moved::second: 8 -> 8, unchanged",
                                          "field_exists struct moved::second: 1 -> 1, unchanged",
                                          "signed struct moved::second: 0 -> 1, resolved",
                                          "byte_off struct moved[2]::second: 40 -> 64, resolved"));
}

TEST_F(CoreRelocationTest, what_is_gone_is_poison_or_an_honest_no) {
  EXPECT_THAT(
      texts("gone"),
      ElementsAre("field_exists struct gone::not_here: 1 -> 0, resolved: field not in target",
                  "byte_off struct gone::not_here: 4 -> none, poisoned: field not in target",
                  "byte_sz struct gone::not_here: 4 -> none, poisoned: field not in target",
                  "signed struct gone::not_here: 0 -> none, poisoned: field not in target",
                  "field_exists struct gone_type::any: 1 -> 0, resolved: no candidate type",
                  "byte_off struct gone_type::any: 0 -> none, poisoned: no candidate type",
                  "type_exists struct gone_type: 1 -> 0, resolved: no candidate type",
                  "type_size struct gone_type: 4 -> 0, resolved: no candidate type",
                  testing::MatchesRegex("target_type_id struct gone_type: [0-9]+ -> 0, resolved: "
                                        "no candidate type")));
}

TEST_F(CoreRelocationTest, a_field_of_another_type_is_no_match_but_signs_and_pointees_may_differ) {
  EXPECT_THAT(texts("retyped"),
              ElementsAre("signed struct retyped::number: 0 -> 1, resolved",
                          "byte_off struct retyped::was_number: 4 -> none, poisoned: field of "
                          "another type in target",
                          "byte_sz struct retyped::pointer: 8 -> 8, unchanged"));
}

TEST_F(CoreRelocationTest, fields_are_found_within_anonymous_members_and_arrays) {
  EXPECT_THAT(texts("nested"),
              ElementsAre("byte_off struct nested___mine::deep: 0 -> 12, resolved",
                          "byte_off struct nested___mine::inner.list[1]: 8 -> 28, resolved",
                          "byte_off struct nested___mine::inner.list[3]: 16 -> none, poisoned: "
                          "array too short in target",
                          "byte_sz struct nested___mine::inner.list: 16 -> 8, resolved",
                          "byte_off struct nested___mine::tail[5]: 30 -> 42, resolved"));
  EXPECT_EQ(of("nested")[1].target, "struct nested::inner.list[1]");
}

TEST_F(CoreRelocationTest, a_bitfield_that_moved_and_grew) {
  EXPECT_THAT(texts("bits"), ElementsAre("byte_off struct bits::level: 0 -> 12, resolved",
                                         "byte_sz struct bits::level: 4 -> 4, unchanged",
                                         "signed struct bits::level: 1 -> 1, unchanged",
                                         "lshift_u64 struct bits::level: 56 -> 58, resolved",
                                         "rshift_u64 struct bits::level: 59 -> 58, resolved",
                                         "lshift_u64 struct bits::plain: 32 -> 0, resolved",
                                         "rshift_u64 struct bits::plain: 32 -> 0, resolved"));
}

TEST_F(CoreRelocationTest, values_of_enums_change_and_go) {
  EXPECT_THAT(
      texts("enums"),
      ElementsAre(
          "enumval_value enum mode::MODE_ON: 7 -> 70, resolved",
          "enumval_value enum mode::MODE_LOW: -5 -> -6, resolved",
          "enumval_exists enum mode::MODE_ON: 1 -> 1, unchanged",
          "enumval_exists enum mode::MODE_GONE: 1 -> 0, resolved: enum value not in target",
          "enumval_value enum mode::MODE_GONE: 9 -> none, poisoned: enum value not in target",
          "enumval_exists enum gone_mode::GONE_MODE: 1 -> 0, resolved: no candidate type",
          "enumval_value enum gone_mode::GONE_MODE: 3 -> none, poisoned: no candidate type"));
}

TEST_F(CoreRelocationTest, a_poisoned_64_bit_load_is_two_calls) {
  const CoreResult poisoned = of("enums")[4];
  EXPECT_EQ(poisoned.before.size(), 2U);
  EXPECT_THAT(poisoned.after, ElementsAre(0x0bad231000000085, 0x0bad231000000085));
  EXPECT_TRUE(poisoned.edits.empty());
}

TEST_F(CoreRelocationTest, flavours_in_the_kernel_must_agree) {
  EXPECT_THAT(
      texts("ambiguous"),
      ElementsAre("byte_off struct twins::a: 0 -> none, failed: ambiguous: 2 candidates differ",
                  "field_exists struct twins::a: 1 -> none, failed: ambiguous: 2 candidates differ",
                  testing::MatchesRegex("target_type_id struct alike: [0-9]+ -> none, failed: "
                                        "ambiguous: 2 candidates differ")));
}

TEST_F(CoreRelocationTest, a_candidate_that_did_not_match_once_is_not_asked_again) {
  const std::vector<CoreResult> results = of("flavours");
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(text(results[0]), "byte_off struct alike::a: 0 -> 0, unchanged");
  EXPECT_EQ(results[0].candidates, 2U);
  EXPECT_EQ(text(results[1]), "field_exists struct chosen::a: 1 -> 1, unchanged");
  EXPECT_EQ(results[1].candidates, 2U);
  // chosen___2 has it.
  EXPECT_EQ(text(results[2]),
            "field_exists struct chosen::b: 1 -> 0, resolved: field not in target");
  EXPECT_EQ(results[2].candidates, 1U);
}

TEST_F(CoreRelocationTest, what_is_not_loaded_is_skipped_and_drops_no_candidate) {
  CoreOptions options;
  options.loaded = [](std::string_view function) { return function != "moved"; };
  for (const CoreResult& result : of("moved", options)) {
    EXPECT_EQ(result.outcome, CoreOutcome::skipped);
    EXPECT_EQ(result.reason, "program not loaded");
    EXPECT_FALSE(result.before.empty());
    EXPECT_TRUE(result.after.empty());
  }
  EXPECT_EQ(of("gone", options).front().outcome, CoreOutcome::resolved);
}

TEST_F(CoreRelocationTest, types_are_compared_by_what_they_are) {
  std::vector<std::string> lines = texts("types");
  ASSERT_EQ(lines.size(), 8U);
  EXPECT_TRUE(lines[0].starts_with("local_type_id struct moved: ")) << lines[0];
  EXPECT_TRUE(lines[0].ends_with(", unchanged")) << lines[0];
  const BtfId there = target_.find("moved", BtfKind::struct_type).front();
  EXPECT_EQ(of("types")[1].target_value, there);
  lines.erase(lines.begin(), lines.begin() + 2);
  EXPECT_THAT(lines,
              ElementsAre("type_exists struct moved: 1 -> 1, unchanged",
                          "type_size struct moved: 16 -> 24, resolved",
                          "type_exists union shape: 1 -> 0, resolved: no candidate type",
                          "type_exists handler_t: 1 -> 1, unchanged",
                          "type_exists other_handler_t: 1 -> 0, resolved: type differs in target",
                          "type_size handler_t: 8 -> 8, unchanged"));
}

TEST_F(CoreRelocationTest, loads_and_stores_are_resized_where_that_reads_the_same) {
  EXPECT_THAT(texts("loads"),
              ElementsAre("byte_off struct sized::same: 0 -> 4, resolved",
                          "byte_off struct sized::wider: 4 -> 8, resolved",
                          "byte_off struct sized::wider_signed: 8 -> 16, poisoned: a field of 8 "
                          "bytes in target, not 4",
                          "byte_off struct sized::pointer: 16 -> 24, resolved",
                          "byte_off struct sized::narrower: 24 -> 32, resolved"));
  const std::vector<CoreEdit> wider = of("loads")[1].edits;
  ASSERT_EQ(wider.size(), 2U);
  EXPECT_EQ(wider[0].field, CoreField::off);
  EXPECT_EQ(wider[0].after, 8);
  EXPECT_EQ(wider[1].field, CoreField::mem_size);
  EXPECT_EQ(wider[1].before, 4);
  EXPECT_EQ(wider[1].after, 8);
}

TEST_F(CoreRelocationTest, an_offset_that_no_load_can_hold_fails) {
  EXPECT_THAT(texts("too_far"),
              ElementsAre("byte_off struct sized::far: 28 -> 40036, failed: offset 40036 does not "
                          "fit a load or store"));
}

TEST_F(CoreRelocationTest, subprograms_are_relocated_under_their_own_name) {
  const std::vector<CoreResult> results = of("helper");
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].section, ".text");
  EXPECT_EQ(results[0].index, 0U);
  EXPECT_EQ(text(results[0]), "byte_off struct moved::first: 0 -> 8, resolved");
}

TEST_F(CoreRelocationTest, instructions_count_from_their_function_and_indices_from_their_section) {
  std::uint32_t expected = 0;
  for (const CoreResult& result : local_.on({&target_})) {
    if (result.section != "kprobe") continue;
    EXPECT_EQ(result.index, expected++);
    EXPECT_LT(result.instruction, 60U) << text(result);
  }
  EXPECT_EQ(of("gone").front().index, 5U);
  EXPECT_EQ(of("moved").front().instruction, 0U);
}

TEST_F(CoreRelocationTest, without_btf_everything_is_skipped_and_says_what_was_wanted) {
  for (const CoreResult& result : local_.on({})) {
    EXPECT_EQ(result.outcome, CoreOutcome::skipped);
    EXPECT_EQ(result.reason, "no BTF");
    EXPECT_FALSE(result.local.empty());
    EXPECT_TRUE(result.local_value.has_value());
    EXPECT_TRUE(result.after.empty());
  }
}

TEST_F(CoreRelocationTest, modules_count_for_types_the_kernel_lacks) {
  const Object own(compiler_.object("core_local", {"-g"}));
  for (const CoreResult& result : local_.on({&target_, &own.btf})) {
    if (result.function == "gone" && result.local.starts_with("struct gone_type")) {
      EXPECT_NE(result.outcome, CoreOutcome::poisoned) << text(result);
      EXPECT_EQ(result.reason, "") << text(result);
    }
    if (result.local == "struct gone::not_here") {
      EXPECT_EQ(result.reason, "field not in target") << text(result);
    }
  }
}

TEST_F(CoreRelocationTest, a_match_says_in_which_module_it_is) {
  const std::string kernel_bytes = btf_bytes_of(compiler_.object("core_target"));
  const auto kernel = std::make_shared<const Btf>(*Btf::parse(kernel_bytes));
  const std::string module_bytes =
      module_types(kernel_bytes, btf_bytes_of(compiler_.object("core_module")));
  const Btf module = *Btf::parse_split(kernel, module_bytes);
  const Btf empty = *Btf::parse_split(kernel, module_types(kernel_bytes, kernel_bytes));
  const Object object(compiler_.object("core_module_local"));
  std::vector<std::string> lines;
  for (const CoreResult& result : object.on({kernel.get(), &empty, &module})) {
    lines.push_back(fmt::format("{}, of BTF {}", text(result), result.target_btf));
  }
  EXPECT_THAT(lines,
              ElementsAre("byte_off struct ring::length: 0 -> 40, resolved, of BTF 2",
                          "byte_off struct ring::within.second: 8 -> 24, resolved, of BTF 2",
                          "type_size struct ring: 24 -> 64, resolved, of BTF 2",
                          "byte_off struct shape::a: 0 -> 0, unchanged, of BTF 0",
                          "byte_off struct moved::second: 0 -> 16, resolved, of BTF 0",
                          "byte_off struct nowhere::a: 0 -> none, poisoned: no candidate type, "
                          "of BTF 0"));
}

TEST_F(CoreRelocationTest, an_object_on_its_own_types_stays_as_it_is) {
  for (const CoreResult& result : local_.on({&local_.btf})) {
    if (result.reason.starts_with("ambiguous")) continue;
    EXPECT_EQ(result.outcome, CoreOutcome::unchanged) << text(result);
    EXPECT_EQ(result.before, result.after) << text(result);
    EXPECT_EQ(result.target, result.local);
  }
}

}  // namespace
}  // namespace bpfmatrix
