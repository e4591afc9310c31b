#include "core/types.h"

#include <gtest/gtest.h>

#include <string>

#include "elf/elf_file.h"
#include "elf/testing/bpf_compiler.h"
#include "elf/testing/btf_words.h"

namespace bpfmatrix {
namespace {

Btf btf_of_object(const std::filesystem::path& object) {
  const ElfFile elf = *ElfFile::parse(bytes_of(object));
  return *Btf::parse(std::string(elf.section(".BTF")->bytes));
}

struct Rules {
  /// A typedef in testdata/core_types.bpf.c.
  const char* name = "";
  bool as_field = false;
  bool compatible = false;
  bool matches = false;
};
const Rules kRules[] = {
    // name, as the type of a field, as a type that exists, as a type that matches
    {"same_struct", true, true, true},
    {"grown_struct", true, true, true},
    {"shrunk_struct", true, true, false},
    {"wider_member", true, true, false},
    {"other_order", true, true, true},
    {"shrunk_behind_pointer", true, true, true},
    {"other_struct_behind_pointer", true, true, false},
    {"struct_and_union", true, false, false},
    {"other_struct", true, true, false},
    {"sign", true, true, false},
    {"width", true, true, false},
    {"number_and_pointer", false, false, false},
    {"pointers", true, true, true},
    {"other_pointers", true, false, false},
    {"pointer_to_void", true, true, true},
    {"declared_behind_pointer", true, false, true},
    {"modified", true, true, true},
    {"enum_values", true, true, true},
    {"shrunk_enum", true, true, false},
    {"other_enum", false, true, false},
    {"enum_and_number", false, false, false},
    {"array_length", true, true, false},
    {"array_element", false, false, false},
    {"function_parameter", false, true, false},
    {"function_result", false, false, false},
    {"function_length", false, false, false},
    {"real", true, false, false},
};

class CoreTypesTest : public testing::TestWithParam<Rules> {};
INSTANTIATE_TEST_SUITE_P(, CoreTypesTest, testing::ValuesIn(kRules),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(CoreTypesTest, compares_by_three_rules) {
  BpfCompiler compiler;
  const Btf local = btf_of_object(compiler.object("core_types", {"-g", "-DLOCAL"}));
  const Btf target = btf_of_object(compiler.object("core_types"));
  const auto& [name, as_field, compatible, matches] = GetParam();
  CoreBudget budget(1000);
  const CoreTypes types(local, target, budget);
  const BtfId ours = local.find(name, BtfKind::typedef_type).at(0);
  const BtfId theirs = target.find(name, BtfKind::typedef_type).at(0);
  EXPECT_EQ(*types.fields_compatible(ours, theirs), as_field);
  EXPECT_EQ(*types.types_compatible(ours, theirs), compatible);
  EXPECT_EQ(*types.types_match(ours, theirs), matches);
}

Btf btf_of_words(const std::vector<std::uint32_t>& types) { return *Btf::parse(btf_bytes(types)); }

TEST(CoreTypes, an_enum_of_64_bits_is_an_enum) {
  const Btf narrow = btf_of_words({1, btf_info(BtfKind::enum_type, 1), 8, 1, 0});
  const Btf wide = btf_of_words({1, btf_info(BtfKind::enum64, 1), 8, 1, 0, 0});
  CoreBudget budget(1000);
  const CoreTypes types(narrow, wide, budget);
  EXPECT_TRUE(*types.fields_compatible(1, 1));
  EXPECT_TRUE(*types.types_compatible(1, 1));
  EXPECT_TRUE(*types.types_match(1, 1));
}

TEST(CoreTypes, a_chain_without_end_is_an_error) {
  std::vector<std::uint32_t> words{1, btf_info(BtfKind::int_type), 4, 32};
  for (std::uint32_t target = 1; target <= 40; ++target) {
    words.insert(words.end(), {0, btf_info(BtfKind::ptr), target});
  }
  const Btf btf = btf_of_words(words);
  CoreBudget budget(1'000'000);
  const Result<bool> match = CoreTypes(btf, btf, budget).types_match(41, 41);
  ASSERT_FALSE(match);
  EXPECT_EQ(match.error().message, "types nested without end");
}

TEST(CoreTypes, an_exhaustive_search_ends_with_the_budget) {
  // 18 structs, each with two members of the next one: 2^18 ways down.
  std::vector<std::uint32_t> words;
  for (std::uint32_t id = 1; id <= 18; ++id) {
    const std::uint32_t next = id == 18 ? 19 : id + 1;
    words.insert(words.end(), {1, btf_info(BtfKind::struct_type, 2), 4, 1, next, 0, 1, next, 0});
  }
  const auto number = [](std::uint32_t bits) {
    return std::vector<std::uint32_t>{1, btf_info(BtfKind::int_type), bits / 8, bits};
  };
  std::vector<std::uint32_t> ours = words;
  std::vector<std::uint32_t> theirs = words;
  for (const std::uint32_t word : number(32)) ours.push_back(word);
  for (const std::uint32_t word : number(64)) theirs.push_back(word);
  const Btf local = btf_of_words(ours);
  const Btf target = btf_of_words(theirs);
  CoreBudget budget(100'000);
  const Result<bool> match = CoreTypes(local, target, budget).types_match(1, 1);
  ASSERT_FALSE(match);
  EXPECT_EQ(match.error().message, "types nested without end");
  EXPECT_FALSE(budget.spend());
}

}  // namespace
}  // namespace bpfmatrix
