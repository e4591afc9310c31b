#include "elf/btf.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "elf/elf_file.h"
#include "elf/testing/bpf_compiler.h"
#include "elf/testing/btf_words.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

Btf parsed(const std::string& bytes) {
  Result<Btf> btf = Btf::parse(bytes);
  if (!btf) throw std::runtime_error(btf.error().message);
  return *std::move(btf);
}

Btf btf_in(const fs::path& object) {
  const Result<ElfFile> elf = ElfFile::parse(bytes_of(object));
  return parsed(std::string(elf->section(".BTF")->bytes));
}

BtfType only(const Btf& btf, std::string_view name, BtfKind kind) {
  const std::vector<BtfId> found = btf.find(name, kind);
  EXPECT_EQ(found.size(), 1U) << name;
  return found.empty() ? BtfType{} : *btf.type(found.front());
}

// ---- the same text as `bpftool btf dump file X`, out of our own view ----

std::string quoted(std::string_view name) {
  return fmt::format("'{}'", name.empty() ? "(anon)" : name);
}

std::string upper(std::string_view text) {
  std::string all(text);
  for (char& c : all) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return all;
}

std::string encoding(const BtfInt& integer) {
  if (integer.is_signed) return "SIGNED";
  if (integer.is_char) return "CHAR";
  return integer.is_bool ? "BOOL" : "(none)";
}

std::string linkage(unsigned value) {
  return value == 0 ? "static" : value == 1 ? "global" : "extern";
}

std::string members_text(const Btf& btf, const BtfType& type) {
  std::string text = fmt::format(" size={} vlen={}", type.size, type.count);
  for (const BtfMember& member : btf.members(type)) {
    text += fmt::format("\n\t{} type_id={} bits_offset={}", quoted(member.name), member.type,
                        member.bit_offset);
    if (member.bitfield_bits != 0) text += fmt::format(" bitfield_size={}", member.bitfield_bits);
  }
  return text;
}

std::string enumerators_text(const Btf& btf, const BtfType& type) {
  std::string text = fmt::format(" encoding={} size={} vlen={}",
                                 type.kind_flag ? "SIGNED" : "UNSIGNED", type.size, type.count);
  const bool wide = type.kind == BtfKind::enum64;
  for (const BtfEnumerator& one : btf.enumerators(type)) {
    text += fmt::format("\n\t{} val=", quoted(one.name));
    text += one.is_signed
                ? fmt::format("{}{}", static_cast<std::int64_t>(one.value), wide ? "LL" : "")
                : fmt::format("{}{}", one.value, wide ? "ULL" : "");
  }
  return text;
}

std::string details(const Btf& btf, const BtfType& type) {
  std::string text;
  switch (type.kind) {
    case BtfKind::int_type: {
      const BtfInt integer = *btf.integer(type);
      return fmt::format(" size={} bits_offset={} nr_bits={} encoding={}", type.size,
                         integer.bit_offset, integer.bits, encoding(integer));
    }
    case BtfKind::ptr:
    case BtfKind::typedef_type:
    case BtfKind::volatile_type:
    case BtfKind::const_type:
    case BtfKind::restrict_type:
    case BtfKind::type_tag:
      return fmt::format(" type_id={}", type.target);
    case BtfKind::array: {
      const BtfArray array = *btf.array(type);
      return fmt::format(" type_id={} index_type_id={} nr_elems={}", array.element, array.index,
                         array.count);
    }
    case BtfKind::struct_type:
    case BtfKind::union_type:
      return members_text(btf, type);
    case BtfKind::enum_type:
    case BtfKind::enum64:
      return enumerators_text(btf, type);
    case BtfKind::fwd:
      return fmt::format(" fwd_kind={}", type.kind_flag ? "union" : "struct");
    case BtfKind::func:
      return fmt::format(" type_id={} linkage={}", type.target, linkage(type.count));
    case BtfKind::func_proto:
      text = fmt::format(" ret_type_id={} vlen={}", type.target, type.count);
      for (const BtfParameter& parameter : btf.parameters(type)) {
        text += fmt::format("\n\t{} type_id={}", quoted(parameter.name), parameter.type);
      }
      return text;
    case BtfKind::var:
      return fmt::format(" type_id={}, linkage={}", type.target,
                         linkage(static_cast<unsigned char>(type.tail[0])));
    case BtfKind::datasec:
      text = fmt::format(" size={} vlen={}", type.size, type.count);
      for (const BtfSectionVariable& entry : btf.section_variables(type)) {
        const BtfType variable = *btf.type(entry.variable);
        text +=
            fmt::format("\n\ttype_id={} offset={} size={} ({} '{}')", entry.variable, entry.offset,
                        entry.size, upper(to_string(variable.kind)), variable.name);
      }
      return text;
    case BtfKind::float_type:
      return fmt::format(" size={}", type.size);
    case BtfKind::decl_tag: {
      std::int32_t component = 0;
      std::memcpy(&component, type.tail.data(), sizeof component);
      return fmt::format(" type_id={} component_idx={}", type.target, component);
    }
    case BtfKind::void_type:
      return "";
  }
  return "";
}

std::string dump(const Btf& btf) {
  std::string text;
  for (BtfId id = 1; id < btf.type_count(); ++id) {
    const BtfType type = *btf.type(id);
    text += fmt::format("[{}] {} {}{}\n", id, upper(to_string(type.kind)), quoted(type.name),
                        details(btf, type));
  }
  return text;
}

std::string first_difference(const std::string& ours, const std::string& theirs) {
  const auto at = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  if (at.first == ours.end() && at.second == theirs.end()) return "";
  const auto start = static_cast<std::size_t>(at.first - ours.begin());
  const std::size_t from = start < 200 ? 0 : start - 200;
  return "ours:\n" + ours.substr(from, 400) + "\ntheirs:\n" + theirs.substr(from, 400);
}

TEST(Btf, agrees_with_bpftool_on_every_type_of_an_object) {
  BpfCompiler compiler;
  for (const std::string name : {"everything", "legacy_maps"}) {
    const fs::path object = compiler.object(name);
    EXPECT_EQ(first_difference(dump(btf_in(object)),
                               compiler.run({"bpftool", "btf", "dump", "file", object.string()})),
              "");
  }
}

TEST(Btf, agrees_with_bpftool_on_every_type_of_a_kernel) {
  const fs::path kernel = "/sys/kernel/btf/vmlinux";
  if (!fs::exists(kernel)) GTEST_SKIP() << "this kernel has no BTF of its own";
  BpfCompiler compiler;
  EXPECT_EQ(first_difference(dump(parsed(bytes_of(kernel))),
                             compiler.run({"bpftool", "btf", "dump", "file", kernel.string()})),
            "");
}

TEST(Btf, finds_types_by_name_and_kind) {
  BpfCompiler compiler;
  const Btf btf = btf_in(compiler.object("everything"));
  EXPECT_EQ(only(btf, "inner", BtfKind::struct_type).size, 20U);
  EXPECT_EQ(only(btf, "on_packet", BtfKind::func).name, "on_packet");
  EXPECT_THAT(btf.find("inner", BtfKind::union_type), testing::IsEmpty());
  EXPECT_THAT(btf.find("task_struct", BtfKind::struct_type), testing::IsEmpty());
  EXPECT_THAT(btf.find("", BtfKind::union_type), testing::IsEmpty());
}

TEST(Btf, finds_the_flavours_of_a_type) {
  BpfCompiler compiler;
  const Btf btf = btf_in(compiler.object("everything"));
  const BtfId flavour = only(btf, "task_struct___old", BtfKind::struct_type).id;
  EXPECT_THAT(btf.find_flavours("task_struct"), testing::ElementsAre(flavour));
  EXPECT_THAT(btf.find_flavours("task_struct___new"), testing::ElementsAre(flavour));
}

TEST(Btf, names_stay_valid_when_it_is_moved) {
  BpfCompiler compiler;
  Btf first = btf_in(compiler.object("everything"));
  const BtfType type = only(first, "inner", BtfKind::struct_type);
  const Btf second = std::move(first);
  EXPECT_EQ(type.name, "inner");
  EXPECT_EQ(second.members(type).at(1).name, "level");
}

TEST(Btf, unfolds_bitfields_and_enumerators) {
  BpfCompiler compiler;
  const Btf btf = btf_in(compiler.object("everything"));
  const std::vector<BtfMember> members = btf.members(only(btf, "inner", BtfKind::struct_type));
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[1].bit_offset, 3U);
  EXPECT_EQ(members[1].bitfield_bits, 5);
  EXPECT_EQ(members[2].bit_offset, 8U);
  EXPECT_EQ(members[2].bitfield_bits, 0);
  const std::vector<BtfEnumerator> mode = btf.enumerators(only(btf, "mode", BtfKind::enum_type));
  ASSERT_EQ(mode.size(), 2U);
  EXPECT_EQ(mode[1].name, "MODE_ON");
  EXPECT_EQ(mode[1].value, 7U);
  EXPECT_FALSE(mode[1].is_signed);
}

TEST(Btf, reads_64_bit_enumerators) {
  const std::uint32_t is_signed = 1U << 31;
  const Btf btf = parsed(btf_bytes({1, btf_info(BtfKind::enum64, 1) | is_signed, 8,  //
                                    1, 0xFFFFFFFE, 0xFFFFFFFF}));
  const std::vector<BtfEnumerator> all = btf.enumerators(*btf.type(1));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(static_cast<std::int64_t>(all[0].value), -2);
  EXPECT_TRUE(all[0].is_signed);
}

TEST(Btf, knows_sizes_through_typedefs_arrays_and_pointers) {
  BpfCompiler compiler;
  const Btf btf = btf_in(compiler.object("everything"));
  EXPECT_EQ(btf.size_of(only(btf, "u64", BtfKind::typedef_type).id), 8U);
  EXPECT_EQ(btf.size_of(only(btf, "seen", BtfKind::var).id), 24U);
  EXPECT_EQ(btf.size_of(only(btf, "inner", BtfKind::struct_type).id), 20U);
  EXPECT_EQ(btf.size_of(0), std::nullopt);
  EXPECT_EQ(btf.size_of(only(btf, "helper", BtfKind::func).id), std::nullopt);
  EXPECT_EQ(btf.size_of(btf.type_count()), std::nullopt);
}

TEST(Btf, gives_up_on_a_long_chain_of_modifiers) {
  std::vector<std::uint32_t> types{1, btf_info(BtfKind::int_type), 4, 32};
  for (std::uint32_t target = 1; target <= 40; ++target) {
    types.insert(types.end(), {0, btf_info(BtfKind::const_type), target});
  }
  const Btf btf = parsed(btf_bytes(types));
  EXPECT_EQ(btf.size_of(30), 4U);
  EXPECT_EQ(btf.resolve(41), std::nullopt);
  EXPECT_EQ(btf.size_of(41), std::nullopt);
}

TEST(Btf, gives_up_on_arrays_too_large_to_count) {
  std::vector<std::uint32_t> types{1, btf_info(BtfKind::int_type), 8, 64};
  for (std::uint32_t element = 1; element <= 3; ++element) {
    types.insert(types.end(), {0, btf_info(BtfKind::array), 0, element, 1, 0xFFFFFFFF});
  }
  const Btf btf = parsed(btf_bytes(types));
  EXPECT_EQ(btf.size_of(2), 8ULL * 0xFFFFFFFF);
  EXPECT_EQ(btf.size_of(4), std::nullopt);
}

struct BadBtf {
  std::string bytes;
  std::string message;
};

TEST(Btf, refuses_what_points_nowhere) {
  std::string swapped = btf_bytes({});
  std::swap(swapped[0], swapped[1]);
  std::string cut = btf_bytes({1, btf_info(BtfKind::int_type), 4, 32});
  cut.pop_back();
  std::string unterminated = btf_bytes({});
  unterminated.back() = 'x';
  std::string endless = btf_bytes({});
  endless.insert(endless.size() - 1, std::string(100'000, 'a'));
  endless.replace(20, 4, std::string("\xA3\x86\x01\0", 4));
  std::string version = btf_bytes({});
  version[2] = 9;
  const std::vector<BadBtf> bad{
      {"", "BTF: cut short: 0 bytes"},
      {std::string(64, 'x'), "BTF: wrong magic number: 0x7878"},
      {swapped, "BTF: big-endian, which is not supported"},
      {version, "BTF: unknown version 9"},
      {cut, "BTF: strings beyond its end"},
      {unterminated, "BTF: a string section that does not start and end with NUL"},
      {endless, "BTF: a string of 100001 bytes"},
      {btf_bytes({1, btf_info(BtfKind::int_type), 4}), "BTF: type 1 is cut short"},
      {btf_bytes({1, btf_info(BtfKind::int_type)}), "BTF: type 1 is cut short"},
      {btf_bytes({1, 31U << 24, 4}), "BTF: type 1 has the unknown kind 31"},
      {btf_bytes({3, btf_info(BtfKind::ptr), 0}), "BTF: type 1 has a name beyond the strings"},
      {btf_bytes({0, btf_info(BtfKind::ptr), 2}), "BTF: refers to type 2, but there are only 2"},
      {btf_bytes({0, btf_info(BtfKind::struct_type, 1), 4, 1, 9, 0}),
       "BTF: refers to type 9, but there are only 2"},
  };
  for (const BadBtf& one : bad) {
    const Result<Btf> btf = Btf::parse(one.bytes);
    ASSERT_FALSE(btf) << one.message;
    EXPECT_EQ(btf.error().message, one.message);
  }
}

TEST(Btf, an_essential_name_is_the_name_without_its_flavour) {
  EXPECT_EQ(essential_name("task_struct"), "task_struct");
  EXPECT_EQ(essential_name("task_struct___old"), "task_struct");
  EXPECT_EQ(essential_name("a___b___c"), "a___b");
  EXPECT_EQ(essential_name("___old"), "___old");
  EXPECT_EQ(essential_name("x____y"), "x____y");
  EXPECT_EQ(essential_name("x___"), "x___");
  EXPECT_EQ(essential_name(""), "");
}

}  // namespace
}  // namespace bpfmatrix
