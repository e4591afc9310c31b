#include "kernels/image/elf_segments.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>

#include "kernels/testing/fake_image.h"

namespace bpfmatrix {
namespace {

const std::string kId(20, '\xab');
const std::string kOtherId(20, '\xcd');

std::string build_id_note(const std::string& id) { return elf_note("GNU", NT_GNU_BUILD_ID, id); }
std::string digits(std::string_view pair) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += pair;
  return text;
}

/// A vDSO: an ELF file with a build id of its own.
std::string vdso() { return fake_vmlinux({.text = "vdso", .notes = build_id_note(kOtherId)}); }

/// The same for 32-bit programs.
std::string vdso32() {
  Elf32_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS32;
  header.e_phoff = sizeof header;
  header.e_phnum = 1;
  const std::string note = build_id_note(std::string(20, '\x32'));
  Elf32_Phdr segment{};
  segment.p_type = PT_NOTE;
  segment.p_offset = sizeof header + sizeof segment;
  segment.p_filesz = static_cast<Elf32_Word>(note.size());
  std::string file(reinterpret_cast<const char*>(&header), sizeof header);
  return file.append(reinterpret_cast<const char*>(&segment), sizeof segment) + note;
}

TEST(ElfSegments, are_given_with_their_addresses) {
  const std::string file = fake_vmlinux({.text = "text", .notes = "note"});
  const auto segments = elf_segments(file);
  ASSERT_TRUE(segments) << segments.error().message;
  ASSERT_EQ(segments->size(), 2U);
  EXPECT_EQ((*segments)[0].type, static_cast<std::uint32_t>(PT_LOAD));
  EXPECT_EQ((*segments)[0].address, 0xffffffff81000000U);
  EXPECT_EQ((*segments)[0].bytes, "text");
  EXPECT_EQ((*segments)[1].bytes, "note");
}

TEST(ElfSegments, that_reach_outside_are_errors) {
  const std::string whole = fake_vmlinux({.text = "text", .notes = "note"});
  for (std::size_t size = 0; size < fake_vmlinux_text_offset() + 4; ++size) {
    EXPECT_FALSE(elf_segments(whole.substr(0, size))) << size;
  }
  std::string many = whole;
  put_le(many, offsetof(Elf64_Ehdr, e_phnum), 60'000, 2);
  const auto refused = elf_segments(many);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "60000 segments; the limit is 128");
  std::string far = whole;
  put_le(far, offsetof(Elf64_Ehdr, e_phoff), ~0ULL - 7, 8);
  EXPECT_FALSE(elf_segments(far));
}

TEST(ElfNotes, end_where_one_does_not_fit) {
  const std::string two = elf_note("Xen", 18, "12345") + elf_note("GNU", 3, "abcd");
  ASSERT_EQ(elf_notes(two).size(), 2U);
  EXPECT_EQ(elf_notes(two)[0].name, "Xen");
  EXPECT_EQ(elf_notes(two)[0].description, "12345");
  EXPECT_EQ(elf_notes(two.substr(0, two.size() - 1)).size(), 1U);
  std::string lying = two;
  put_le(lying, 4, 0xffffffff, 4);
  EXPECT_TRUE(elf_notes(lying).empty());
  EXPECT_TRUE(elf_notes("").empty());
}

TEST(BuildId, is_that_of_the_kernel_and_not_of_a_vdso_in_it) {
  EXPECT_EQ(find_build_id(fake_vmlinux({.text = vdso(), .notes = build_id_note(kId)})),
            digits("ab"));
  EXPECT_EQ(find_build_id(fake_arm64_image(vdso() + vdso32() + "...." + build_id_note(kId))),
            digits("ab"));
  EXPECT_EQ(find_build_id(fake_arm64_image(vdso())), "");
  EXPECT_EQ(find_build_id(fake_vmlinux({.text = "none"})), "");
}

TEST(BuildId, that_could_be_either_of_two_is_none) {
  EXPECT_EQ(find_build_id(fake_arm64_image(build_id_note(kId) + build_id_note(kOtherId))), "");
}

TEST(PvhEntry, is_a_note_of_xens) {
  EXPECT_TRUE(has_pvh_entry(fake_vmlinux({.notes = elf_note("Xen", 18, "12345678")})));
  EXPECT_FALSE(has_pvh_entry(fake_vmlinux({.notes = elf_note("Xen", 17, "12345678")})));
  EXPECT_FALSE(has_pvh_entry(fake_vmlinux({.notes = elf_note("GNU", 18, "12345678")})));
  EXPECT_FALSE(has_pvh_entry("hello"));
}

}  // namespace
}  // namespace bpfmatrix
