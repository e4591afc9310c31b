#include "outcome/kernel_symbols.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(KernelSymbols, what_is_in_no_list_that_is_known_is_not_there) {
  KernelSymbols symbols;
  symbols.add(SymbolList::kallsyms, {"vfs_read", "schedule"});
  EXPECT_EQ(symbols.in(SymbolList::kallsyms, "vfs_read"), true);
  EXPECT_EQ(symbols.in(SymbolList::kallsyms, "vfs_raed"), false);
  EXPECT_EQ(symbols.in(SymbolList::traceable, "vfs_read"), std::nullopt);
}

TEST(KernelSymbols, an_empty_list_is_known_all_the_same) {
  KernelSymbols symbols;
  symbols.add(SymbolList::btf, {});
  EXPECT_EQ(symbols.in(SymbolList::btf, "vfs_read"), false);
  EXPECT_EQ(symbols.count(SymbolList::btf), 0U);
}

TEST(KernelSymbols, go_to_json_and_back) {
  KernelSymbols symbols;
  symbols.add(SymbolList::kallsyms, {"a", "b", "c.isra.0"});
  symbols.add(SymbolList::traceable, {"b"});
  symbols.add(SymbolList::blacklist, {});
  const Json json = Json::parse(symbols.to_json().dump());
  const Result<KernelSymbols> read = from_json<KernelSymbols>(json, "symbols");
  ASSERT_TRUE(read) << read.error().message;
  const KernelSymbols& again = *read;
  EXPECT_EQ(again.to_json(), symbols.to_json());
  EXPECT_EQ(again.in(SymbolList::blacklist, "a"), false);
  EXPECT_EQ(again.in(SymbolList::btf, "a"), std::nullopt);
}

// Escaped only where they are written, they would be others when they are read again.
TEST(KernelSymbols, names_that_are_no_utf8_are_escaped_when_they_are_taken) {
  KernelSymbols symbols;
  symbols.add(SymbolList::kallsyms, {"sys_\xb2x"});
  EXPECT_EQ(symbols.in(SymbolList::kallsyms, "sys_\\xb2x"), true);
  EXPECT_THAT(symbols.starting_with("sys"), ElementsAre("sys_\\xb2x"));
}

TEST(KernelSymbols, an_unknown_list_is_an_error) {
  const Json json{{"known", {"kallsyms"}}, {"names", {{"kallsyms elsewhere", {"a"}}}}};
  const Result<KernelSymbols> read = from_json<KernelSymbols>(json, "f");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "'f': key 'names': unknown 'kallsyms elsewhere'");
}

TEST(KernelSymbols, functions_are_read_from_kallsyms) {
  EXPECT_THAT(names_in_kallsyms("ffffffff81000000 T _text\n"
                                "ffffffff81000010 t helper.part.0\n"
                                "ffffffff82000000 D jiffies\n"
                                "ffffffffc0000000 t do_it\t[a_module]\n"
                                "ffffffff81000020 W weak_one"),
              ElementsAre("_text", "helper.part.0", "do_it", "weak_one"));
}

TEST(KernelSymbols, lines_of_another_kind_are_passed_over) {
  EXPECT_THAT(names_in_kallsyms("\n\nT\nffff T\n"), ElementsAre(""));
  EXPECT_THAT(names_in_kallsyms(std::string_view("\0\0\n", 3)), IsEmpty());
}

TEST(KernelSymbols, blacklist_and_filter_functions_are_read) {
  EXPECT_THAT(names_in_blacklist("0xffffffff81001020-0xffffffff81001030\tasm_exc_page_fault\n"),
              ElementsAre("asm_exc_page_fault"));
  EXPECT_THAT(names_in_filter_functions("vfs_read\nnf_hook [nf_tables]\n"),
              ElementsAre("vfs_read", "nf_hook"));
}

TEST(KernelSymbols, padding_and_addresses_without_a_name_are_no_names) {
  KernelSymbols symbols;
  symbols.add(SymbolList::traceable,
              {"__pfx_vfs_read", "__ftrace_invalid_address___480", "", std::string(600, 'x')});
  EXPECT_EQ(symbols.count(SymbolList::traceable), 0U);
}

}  // namespace
}  // namespace bpfmatrix
