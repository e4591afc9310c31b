#include "elf/btf_subset.h"

#include <gtest/gtest.h>

#include "elf/elf_file.h"
#include "elf/testing/bpf_compiler.h"
#include "elf/testing/module_types.h"

namespace bpfmatrix {
namespace {

Btf btf_of(const std::filesystem::path& object) {
  const ElfFile elf = *ElfFile::parse(bytes_of(object));
  return *Btf::parse(std::string(elf.section(".BTF")->bytes));
}

class BtfSubsetTest : public testing::Test {
 protected:
  BpfCompiler compiler_{};
  Btf whole_ = btf_of(compiler_.object("everything"));
};

TEST_F(BtfSubsetTest, nothing_kept_is_a_btf_without_types) {
  const Result<Btf> none = Btf::parse(BtfSubset({&whole_}).write());
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none->type_count(), 1U);
}

TEST_F(BtfSubsetTest, everything_kept_says_all_that_the_whole_says) {
  BtfSubset subset({&whole_});
  for (BtfId id = 1; id < whole_.type_count(); ++id) {
    subset.keep(whole_, id);
    const auto members = static_cast<std::uint32_t>(whole_.members(*whole_.type(id)).size());
    for (std::uint32_t i = 0; i < members; ++i) subset.keep_member(whole_, id, i);
  }
  const std::string bytes = subset.write();
  const std::string dump = "exec bpftool btf dump file \"$1\" format raw";
  const auto raw = [&](const std::string& name, const std::string& btf) {
    return compiler_.run({"sh", "-c", dump, "sh", compiler_.write(name, btf).string()});
  };
  const ElfFile elf = *ElfFile::parse(bytes_of(compiler_.object("everything")));
  EXPECT_EQ(raw("copy.btf", bytes), raw("whole.btf", std::string(elf.section(".BTF")->bytes)));
  EXPECT_EQ(subset.type_count() + 1, whole_.type_count());
}

TEST(BtfSubset, a_member_keeps_its_place_and_what_is_not_kept_is_void) {
  BpfCompiler compiler;
  const Btf whole = btf_of(compiler.object("core_target"));
  const BtfType sized = *whole.type(whole.find("sized", BtfKind::struct_type).at(0));
  BtfSubset subset({&whole});
  subset.keep_member(whole, sized.id, 4);
  subset.keep(whole, whole.members(sized).at(4).type);
  subset.keep_member(whole, sized.id, 99);

  const Btf part = *Btf::parse(subset.write());
  EXPECT_EQ(subset.member_count(), 1U);
  EXPECT_EQ(part.type_count(), 3U);
  const BtfType kept = *part.type(part.find("sized", BtfKind::struct_type).at(0));
  EXPECT_EQ(kept.size, sized.size);
  const std::vector<BtfMember> members = part.members(kept);
  ASSERT_EQ(members.size(), 1U);
  EXPECT_EQ(members[0].name, "pointer");
  EXPECT_EQ(members[0].bit_offset, whole.members(sized).at(4).bit_offset);
  const BtfType pointer = *part.type(members[0].type);
  EXPECT_EQ(pointer.kind, BtfKind::ptr);
  EXPECT_EQ(pointer.target, 0U);
}

TEST(BtfSubset, bitfields_and_signs_stay) {
  BpfCompiler compiler;
  const Btf whole = btf_of(compiler.object("core_target"));
  const BtfId bits = whole.find("bits", BtfKind::struct_type).at(0);
  const BtfId mode = whole.find("mode", BtfKind::enum_type).at(0);
  BtfSubset subset({&whole});
  subset.keep_member(whole, bits, 3);
  subset.keep(whole, mode);
  const Btf part = *Btf::parse(subset.write());
  const BtfMember level = part.members(*part.type(part.find("bits", BtfKind::struct_type)[0]))[0];
  EXPECT_EQ(level.name, "level");
  EXPECT_EQ(level.bitfield_bits, 6);
  EXPECT_EQ(level.bit_offset, whole.members(*whole.type(bits))[3].bit_offset);
  const auto values = part.enumerators(*part.type(part.find("mode", BtfKind::enum_type)[0]));
  const auto before = whole.enumerators(*whole.type(mode));
  ASSERT_EQ(values.size(), 3U);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i].name, before[i].name);
    EXPECT_EQ(values[i].value, before[i].value);
    EXPECT_EQ(values[i].is_signed, before[i].is_signed);
  }
}

TEST(BtfSubset, what_a_module_shares_with_its_kernel_is_written_once) {
  BpfCompiler compiler;
  const auto bytes = [&](const char* name) {
    const ElfFile elf = *ElfFile::parse(bytes_of(compiler.object(name)));
    return std::string(elf.section(".BTF")->bytes);
  };
  const std::string kernel_bytes = bytes("core_target");
  const auto kernel = std::make_shared<const Btf>(*Btf::parse(kernel_bytes));
  const Btf module = *Btf::parse_split(kernel, module_types(kernel_bytes, bytes("core_module")));
  const BtfId ring = module.find("ring", BtfKind::struct_type).at(0);
  const BtfId moved = kernel->find("moved", BtfKind::struct_type).at(0);
  BtfSubset subset({kernel.get(), &module});
  subset.keep_member(module, ring, 1);
  subset.keep(module, moved);
  subset.keep_member(*kernel, moved, 0);
  const Btf other = *Btf::parse(kernel_bytes);
  subset.keep(other, moved);

  const Btf part = *Btf::parse(subset.write());
  ASSERT_EQ(part.type_count(), 3U);
  EXPECT_EQ(part.type(1)->name, "moved");
  EXPECT_EQ(part.type(2)->name, "ring");
  EXPECT_EQ(part.members(*part.type(2)).at(0).type, 1U);
  EXPECT_EQ(part.members(*part.type(1)).at(0).name, "new_one");
}

}  // namespace
}  // namespace bpfmatrix
