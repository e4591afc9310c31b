#include "kernels/image/kallsyms.h"

#include <gtest/gtest.h>

#include "kernels/testing/fake_image.h"

namespace bpfmatrix {
namespace {

constexpr std::uint64_t kTextBase = 0xffffffff81000000;
constexpr KallsymsLayout kLayouts[] = {KallsymsLayout::v4_18, KallsymsLayout::v4_20,
                                       KallsymsLayout::v6_4, KallsymsLayout::v7};

/// More than two markers' worth, one of them with a name as long as Rust's.
std::vector<KernelSymbol> some_symbols() {
  std::vector<KernelSymbol> symbols;
  for (std::uint64_t i = 0; i < 700; ++i) {
    symbols.push_back({"TtdD"[i % 4], "__x64_sys_call" + std::to_string(i), kTextBase + 16 * i});
  }
  symbols[300].name = std::string(200, 'R');
  return symbols;
}

std::string in_vmlinux(const std::vector<KernelSymbol>& symbols, KallsymsLayout layout) {
  return fake_vmlinux({.text = fake_kallsyms(symbols, layout, kTextBase)});
}

void expect_same(const std::vector<KernelSymbol>& found, const std::vector<KernelSymbol>& want) {
  EXPECT_EQ(system_map_text(found), system_map_text(want));
}

TEST(Kallsyms, of_every_layout_are_read_with_their_addresses) {
  for (const KallsymsLayout layout : kLayouts) {
    SCOPED_TRACE(static_cast<int>(layout));
    expect_same(find_kallsyms(in_vmlinux(some_symbols(), layout)), some_symbols());
  }
}

TEST(Kallsyms, per_cpu_symbols_have_small_addresses) {
  std::vector<KernelSymbol> symbols = some_symbols();
  symbols[0].address = 0;
  symbols[1].address = 0x1000;
  for (const KallsymsLayout layout : {KallsymsLayout::v4_18, KallsymsLayout::v6_4}) {
    SCOPED_TRACE(static_cast<int>(layout));
    expect_same(find_kallsyms(in_vmlinux(symbols, layout)), symbols);
  }
}

TEST(Kallsyms, of_a_flat_image_are_read_where_they_do_not_count_from_their_place) {
  const auto flat = [](KallsymsLayout layout) {
    return find_kallsyms(fake_arm64_image(fake_kallsyms(some_symbols(), layout, kTextBase)));
  };
  expect_same(flat(KallsymsLayout::v6_4), some_symbols());
  const std::vector<KernelSymbol> placed = flat(KallsymsLayout::v7);
  ASSERT_EQ(placed.size(), some_symbols().size());
  EXPECT_EQ(placed[300].name, some_symbols()[300].name);
  EXPECT_FALSE(placed[300].address);
}

TEST(Kallsyms, names_are_found_where_the_addresses_are_filled_in_at_boot) {
  std::string tables = fake_kallsyms(some_symbols(), KallsymsLayout::v6_4);
  put_le(tables, tables.size() - 8, 0, 8);  // kallsyms_relative_base
  const auto found = find_kallsyms(fake_vmlinux({.text = tables}));
  ASSERT_EQ(found.size(), some_symbols().size());
  EXPECT_EQ(found[5].name, "__x64_sys_call5");
  EXPECT_FALSE(found[5].address);
}

TEST(Kallsyms, a_kernel_without_has_none) {
  EXPECT_TRUE(find_kallsyms("").empty());
  EXPECT_TRUE(find_kallsyms(fake_vmlinux({.text = std::string(5000, '0')})).empty());
}

TEST(Kallsyms, a_table_that_does_not_agree_with_its_markers_is_none) {
  std::vector<KernelSymbol> symbols = some_symbols();
  std::string tables = fake_kallsyms(symbols, KallsymsLayout::v6_4);
  put_le(tables, 0, symbols.size() + 1, 4);
  EXPECT_TRUE(find_kallsyms(fake_vmlinux({.text = tables})).empty());
}

TEST(Kallsyms, an_index_that_points_past_the_end_is_none) {
  std::string tables = fake_kallsyms(some_symbols(), KallsymsLayout::v4_20);
  put_le(tables, tables.size() - 2, 0xffff, 2);  // of the last token
  EXPECT_TRUE(find_kallsyms(fake_vmlinux({.text = tables})).empty());
}

TEST(Kallsyms, damaged_or_cut_tables_are_read_or_none_but_never_more) {
  const std::string whole = in_vmlinux(some_symbols(), KallsymsLayout::v6_4);
  for (std::size_t at = 0; at < whole.size(); at += 97) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    EXPECT_LE(find_kallsyms(damaged).size(), some_symbols().size());
    EXPECT_LE(find_kallsyms(whole.substr(0, at)).size(), some_symbols().size());
  }
}

}  // namespace
}  // namespace bpfmatrix
