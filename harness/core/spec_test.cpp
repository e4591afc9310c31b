#include "core/spec.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/value.h"
#include "elf/elf_file.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

using Kind = CoreRelocationKind;

class CoreSpecTest : public testing::Test {
 protected:
  Result<CoreSpec> spec(std::string_view type, std::string_view access, Kind kind) const {
    const BtfId id = type.empty() ? 0 : btf_.find_flavours(type).at(0);
    return parse_core_spec(btf_, {.type = id, .access = access, .kind = kind});
  }
  std::string words(std::string_view type, std::string_view access,
                    Kind kind = Kind::byte_off) const {
    const Result<CoreSpec> parsed = spec(type, access, kind);
    return parsed ? in_words(*parsed) : parsed.error().message;
  }
  std::uint64_t value(std::string_view type, std::string_view access, Kind kind,
                      const CoreRules& rules = {}) const {
    const Result<CoreSpec> parsed = spec(type, access, kind);
    return core_value(*parsed, rules)->value;
  }

  BpfCompiler compiler_;
  ElfFile elf_ = *ElfFile::parse(
      bytes_of(compiler_.object("core_specs", {"-g", "-DLONG_NAME=" + std::string(600, 'x')})));
  Btf btf_ = *Btf::parse(std::string(elf_.section(".BTF")->bytes));
};

TEST_F(CoreSpecTest, names_fields_elements_types_and_values) {
  EXPECT_EQ(words("shape", "0"), "struct shape");
  EXPECT_EQ(words("shape", "0:0"), "struct shape::first");
  EXPECT_EQ(words("shape", "3:0"), "struct shape[3]::first");
  EXPECT_EQ(words("shape", "0:1:2:1"), "struct shape::grid[2][1]");
  EXPECT_EQ(words("shape", "0:2:0:1"), "struct shape::deep");
  EXPECT_EQ(words("shape", "0:2"), "struct shape");
  EXPECT_EQ(words("shape", "0:3:1:0"), "struct shape::parts[1].x");
  EXPECT_EQ(words("shape_t", "0:0"), "shape_t::first");
  EXPECT_EQ(words("unnamed_t", "0:0"), "unnamed_t::only");
  EXPECT_EQ(words("either", "0:1"), "union either::b");
  EXPECT_EQ(words("mode", "1", Kind::enumval_value), "enum mode::ON");
  EXPECT_EQ(words("row_t", "0:4"), "row_t[4]");
  EXPECT_EQ(words("int", "0", Kind::type_exists), "int");
}

TEST_F(CoreSpecTest, knows_where_in_bits) {
  EXPECT_EQ(spec("shape", "1:0", Kind::byte_off)->bit_offset, 8U * 49);
  EXPECT_EQ(spec("shape", "0:1:2:1", Kind::byte_off)->bit_offset, 32U + 32 * 5);
  EXPECT_EQ(spec("shape", "0:5", Kind::byte_off)->bit_offset, 32U * 12 + 3);
}

TEST_F(CoreSpecTest, refuses_what_does_not_fit_the_type) {
  const struct {
    std::string_view type;
    std::string access;
    Kind kind;
    std::string_view why;
  } kCases[] = {
      {"shape", "", Kind::byte_off, "no list of numbers"},
      {"shape", ":0", Kind::byte_off, "no list of numbers"},
      {"shape", "0:", Kind::byte_off, "no list of numbers"},
      {"shape", "0::1", Kind::byte_off, "no list of numbers"},
      {"shape", "0:-1", Kind::byte_off, "no list of numbers"},
      {"shape", "0:4294967296", Kind::byte_off, "no list of numbers"},
      {"shape", "0x0", Kind::byte_off, "no list of numbers"},
      {"shape", "0:9", Kind::byte_off, "no member 9 in 'struct shape'"},
      {"shape", "0:0:0", Kind::byte_off, "a step into 'int'"},
      {"shape", "0:1:3", Kind::byte_off, "element 3 beyond an array"},
      {"shape", "2147483647", Kind::byte_off, "an offset of 512 MiB or more"},
      {"shape", "0:0", Kind::type_size, "more than a type"},
      {"shape", "0", Kind::enumval_value, "no enumerator 0"},
      {"mode", "2", Kind::enumval_value, "no enumerator 2"},
      {"mode", "0:0", Kind::enumval_value, "more than an enumerator"},
      {"", "0:0", Kind::byte_off, "an element without a size"},
  };
  for (const auto& [type, access, kind, why] : kCases) {
    EXPECT_EQ(words(type, access, kind),
              fmt::format("access '{}' does not fit its type: {}", access, why));
  }
  std::string long_access = "0";
  for (int i = 0; i < 64; ++i) long_access += ":0";
  EXPECT_FALSE(spec("shape", long_access, Kind::byte_off));
}

TEST_F(CoreSpecTest, only_an_array_at_the_end_of_a_struct_has_no_bound) {
  EXPECT_EQ(words("open_ended", "0:1:70"), "struct open_ended::items[70]");
  EXPECT_TRUE(words("closed", "0:0:0").ends_with("element 0 beyond an array"));
}

TEST_F(CoreSpecTest, values_of_enums_are_as_wide_as_libbpf_takes_them) {
  EXPECT_EQ(value("mode", "1", Kind::enumval_value), 7U);
  EXPECT_EQ(value("high", "0", Kind::enumval_value), 0xFFFFFFFF80000000U);
  EXPECT_EQ(value("high", "0", Kind::enumval_exists), 1U);
}

TEST_F(CoreSpecTest, shifts_of_what_is_wider_than_64_bits_wrap_in_32) {
  EXPECT_EQ(value("shape", "0:0", Kind::rshift_u64), 32U);
  EXPECT_EQ(value("shape", "0:1", Kind::rshift_u64), 0xFFFFFF80U);
}

TEST_F(CoreSpecTest, an_element_of_an_array_has_an_offset_and_a_size_only) {
  EXPECT_EQ(value("shape", "0:1:2:1", Kind::byte_sz), 4U);
  const CoreSpec element = *spec("shape", "0:1:2:1", Kind::is_signed);
  EXPECT_EQ(core_value(element, {}).error().message, "not defined for an array element");
}

TEST_F(CoreSpecTest, a_load_from_an_array_loads_an_element_since_libbpf_1_6) {
  const CoreSpec grid = *spec("shape", "0:1", Kind::byte_off);
  EXPECT_EQ(core_value(grid, {})->access_bytes, 4U);
  EXPECT_EQ(core_value(grid, {.whole_arrays = true})->access_bytes, 24U);
}

TEST_F(CoreSpecTest, a_bitfield_across_64_bits_cannot_be_loaded) {
  EXPECT_EQ(value("packed", "0:1", Kind::field_exists), 1U);
  const CoreSpec across = *spec("packed", "0:1", Kind::byte_off);
  EXPECT_EQ(core_value(across, {}).error().message, "a bitfield that no load of 64 bits holds");
}

TEST_F(CoreSpecTest, words_are_cut) {
  const std::string deep = words("very_long", "0:0");
  EXPECT_EQ(deep.size(), 512U);
  EXPECT_TRUE(deep.starts_with("struct very_long::xxxx"));
}

}  // namespace
}  // namespace bpfmatrix
