#include "elf/btf_ext.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "elf/elf_file.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

struct Views {
  explicit Views(const std::filesystem::path& object)
      : elf(*ElfFile::parse(bytes_of(object))),
        btf(*Btf::parse(std::string(elf.section(".BTF")->bytes))),
        ext(*parse_btf_ext(elf.section(".BTF.ext")->bytes, btf)) {}
  ElfFile elf;
  Btf btf;
  BtfExt ext;
};

std::uint32_t line_with(const std::string& text) {
  const std::string source = bytes_of(testdata("everything.bpf.c"));
  const auto at = source.begin() + static_cast<std::ptrdiff_t>(source.find(text));
  return static_cast<std::uint32_t>(std::count(source.begin(), at, '\n') + 1);
}

TEST(BtfExt, names_every_function_and_its_type) {
  BpfCompiler compiler;
  const Views views(compiler.object("everything"));
  std::vector<std::string> names;
  for (const FuncInfo& function : views.ext.functions) {
    names.emplace_back(views.btf.type(function.type)->name);
  }
  EXPECT_THAT(names, testing::UnorderedElementsAre("helper", "each", "on_unlink", "on_packet",
                                                   "on_connect"));
}

TEST(BtfExt, leads_from_an_instruction_to_its_source_line) {
  BpfCompiler compiler;
  const Views views(compiler.object("everything"));
  const LineInfo* line = views.ext.line_of("?tracepoint/syscalls/sys_enter_connect", 1);
  ASSERT_NE(line, nullptr);
  EXPECT_EQ(line->text, "\treturn 0;");
  EXPECT_EQ(line->line, line_with("return 0;"));
  EXPECT_EQ(line->column, 2U);
  EXPECT_TRUE(line->file.ends_with("everything.bpf.c")) << line->file;
  EXPECT_EQ(views.ext.line_of("no/such/section", 1), nullptr);
}

TEST(BtfExt, lists_each_core_relocation_with_its_kind) {
  BpfCompiler compiler;
  const Views views(compiler.object("everything"));
  std::vector<std::string_view> kinds;
  for (const CoreRelocation& relocation : views.ext.relocations) {
    EXPECT_EQ(relocation.section, "kprobe/do_unlinkat");
    kinds.push_back(to_string(relocation.kind));
  }
  EXPECT_THAT(kinds, testing::UnorderedElementsAre(
                         "byte_off", "byte_off", "byte_sz", "field_exists", "signed", "lshift_u64",
                         "rshift_u64", "local_type_id", "target_type_id", "type_exists",
                         "type_size", "enumval_exists", "enumval_value", "enumval_value"));
}

TEST(BtfExt, an_access_goes_through_anonymous_members_and_arrays) {
  BpfCompiler compiler;
  const Views views(compiler.object("everything"));
  std::vector<std::string_view> accesses;
  for (const CoreRelocation& relocation : views.ext.relocations) {
    const std::string_view type = views.btf.type(relocation.type)->name;
    if (relocation.kind == CoreRelocationKind::byte_off && type == "task_struct___old") {
      accesses.push_back(relocation.access);
    }
  }
  EXPECT_THAT(accesses, testing::UnorderedElementsAre("0:1:0:2:3", "0:1:0:0"));
}

TEST(BtfExt, reads_headers_from_before_core) {
  BpfCompiler compiler;
  const Views views(compiler.object("everything"));
  std::string bytes(views.elf.section(".BTF.ext")->bytes);
  // The header of 24 bytes that clang 8 wrote: what followed it moves up.
  const std::uint32_t old_size = 24;
  std::memcpy(bytes.data() + 4, &old_size, sizeof old_size);
  bytes.erase(24, 8);
  const Result<BtfExt> ext = parse_btf_ext(bytes, views.btf);
  ASSERT_TRUE(ext) << ext.error().message;
  EXPECT_EQ(ext->functions.size(), 5U);
  EXPECT_TRUE(ext->relocations.empty());
}

TEST(BtfExt, refuses_every_shorter_version_of_itself) {
  BpfCompiler compiler;
  const Views views(compiler.object("everything"));
  const std::string_view whole = views.elf.section(".BTF.ext")->bytes;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Result<BtfExt> ext = parse_btf_ext(whole.substr(0, size), views.btf);
    ASSERT_FALSE(ext) << size;
    ASSERT_EQ(ext.error().message, ".BTF.ext: cut short") << size;
  }
}

TEST(BtfExt, every_kind_reads_back_from_its_name) {
  for (std::size_t i = 0; i < kCoreRelocationKindCount; ++i) {
    const auto kind = static_cast<CoreRelocationKind>(i);
    EXPECT_EQ(parse_word<CoreRelocationKind>(to_string(kind)), kind);
  }
  EXPECT_EQ(kCoreRelocationKindCount, 13U);
  EXPECT_EQ(parse_word<CoreRelocationKind>("byte_offset"), std::nullopt);
}

}  // namespace
}  // namespace bpfmatrix
