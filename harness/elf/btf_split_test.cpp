#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "elf/btf.h"
#include "elf/elf_file.h"
#include "elf/testing/bpf_compiler.h"
#include "elf/testing/module_types.h"

namespace bpfmatrix {
namespace {

std::string btf_bytes_of(const std::filesystem::path& object) {
  const ElfFile elf = *ElfFile::parse(bytes_of(object));
  return std::string(elf.section(".BTF")->bytes);
}

/// The types of a module, which continue those of a kernel.
class SplitBtf : public testing::Test {
 protected:
  /// The module's types as bpftool prints them.
  std::string dump(std::string_view bytes) {
    return compiler_.run({"bpftool", "-B", compiler_.write("kernel.btf", kernel_bytes_).string(),
                          "btf", "dump", "file", compiler_.write("module.btf", bytes).string()});
  }

  BpfCompiler compiler_{};
  std::string kernel_bytes_ = btf_bytes_of(compiler_.object("core_target"));
  std::shared_ptr<const Btf> kernel_ = std::make_shared<const Btf>(*Btf::parse(kernel_bytes_));
  std::string module_bytes_ =
      module_types(kernel_bytes_, btf_bytes_of(compiler_.object("core_module")));
};

TEST_F(SplitBtf, counts_on_where_its_base_ends) {
  const Btf module = *Btf::parse_split(kernel_, module_bytes_);
  EXPECT_EQ(module.base(), kernel_.get());
  EXPECT_EQ(module.first_id(), kernel_->type_count());
  EXPECT_EQ(kernel_->base(), nullptr);
  EXPECT_EQ(kernel_->first_id(), 0U);
  ASSERT_GT(module.type_count(), module.first_id());
  for (BtfId id = 0; id < module.first_id(); ++id) {
    EXPECT_EQ(module.type(id)->name.data(), kernel_->type(id)->name.data()) << id;
  }
  EXPECT_FALSE(module.type(module.type_count()));
}

TEST_F(SplitBtf, says_of_a_type_what_bpftool_says) {
  const Btf module = *Btf::parse_split(kernel_, module_bytes_);
  const std::vector<BtfId> rings = module.find("ring", BtfKind::struct_type);
  ASSERT_EQ(rings.size(), 1U);
  const BtfType ring = *module.type(rings[0]);
  std::string text =
      fmt::format("[{}] STRUCT 'ring' size={} vlen={}\n", ring.id, ring.size, ring.count);
  for (const BtfMember& member : module.members(ring)) {
    text += fmt::format("\t'{}' type_id={} bits_offset={}\n", member.name, member.type,
                        member.bit_offset);
  }
  EXPECT_THAT(dump(module_bytes_), testing::HasSubstr(text));
}

TEST_F(SplitBtf, refers_to_types_and_names_of_its_base) {
  const Btf module = *Btf::parse_split(kernel_, module_bytes_);
  const BtfType ring = *module.type(module.find("ring", BtfKind::struct_type).at(0));
  const BtfMember within = module.members(ring).at(1);
  ASSERT_LT(within.type, module.first_id());
  const BtfType moved = *module.resolve(within.type);
  EXPECT_EQ(moved.name, "moved");
  EXPECT_EQ(module.members(moved).at(3).name, "second");
  EXPECT_EQ(module.size_of(within.type), 24U);
  EXPECT_EQ(module.size_of(ring.id), 64U);
}

TEST_F(SplitBtf, finds_by_name_what_is_its_own) {
  const Btf module = *Btf::parse_split(kernel_, module_bytes_);
  EXPECT_THAT(module.find("moved", BtfKind::struct_type), testing::IsEmpty());
  const std::vector<BtfId> shapes = module.find("shape___module", BtfKind::struct_type);
  ASSERT_EQ(shapes.size(), 1U);
  EXPECT_THAT(module.find_flavours("shape"), testing::Contains(shapes[0]));
  EXPECT_THAT(module.find_flavours("shape"), testing::Each(testing::Ge(module.first_id())));
  EXPECT_THAT(kernel_->find_flavours("ring"), testing::IsEmpty());
}

TEST_F(SplitBtf, keeps_its_base) {
  Btf module = *Btf::parse_split(kernel_, module_bytes_);
  kernel_.reset();
  const Btf moved = std::move(module);
  EXPECT_EQ(moved.type(1)->name, Btf::parse(kernel_bytes_)->type(1)->name);
}

// ---- written word by word, against a base of one int named "a" ----

std::string bytes_of_words(const std::vector<std::uint32_t>& types, std::string_view strings) {
  const auto size = static_cast<std::uint32_t>(types.size() * 4);
  const std::vector<std::uint32_t> header{
      0x0001EB9F, 24, 0, size, size, static_cast<std::uint32_t>(strings.size())};
  std::string bytes(reinterpret_cast<const char*>(header.data()), 24);
  bytes.append(reinterpret_cast<const char*>(types.data()), size);
  return bytes.append(strings);
}

constexpr std::uint32_t kInt = 1U << 24, kPtr = 2U << 24, kArray = 3U << 24;
constexpr std::uint32_t kStructOfOne = 4U << 24 | 1;
constexpr std::uint32_t kTypedef = 8U << 24;

std::shared_ptr<const Btf> one_int() {
  return std::make_shared<const Btf>(
      *Btf::parse(bytes_of_words({1, kInt, 4, 32}, std::string_view("\0a\0", 3))));
}

TEST(SplitBtfWords, need_have_no_types_and_no_names_of_their_own) {
  const Result<Btf> empty = Btf::parse_split(one_int(), bytes_of_words({}, ""));
  ASSERT_TRUE(empty) << empty.error().message;
  EXPECT_EQ(empty->type_count(), 2U);
  EXPECT_THAT(empty->find_flavours("a"), testing::IsEmpty());
  const Result<Btf> borrowed = Btf::parse_split(one_int(), bytes_of_words({1, kTypedef, 1}, ""));
  ASSERT_TRUE(borrowed) << borrowed.error().message;
  EXPECT_THAT(borrowed->find_flavours("a"), testing::ElementsAre(2U));
}

TEST(SplitBtfWords, begin_their_names_where_those_of_the_base_end) {
  const Result<Btf> own = Btf::parse_split(
      one_int(), bytes_of_words({3, kStructOfOne, 4, 5, 1, 0}, std::string_view("b\0c\0", 4)));
  ASSERT_TRUE(own) << own.error().message;
  EXPECT_EQ(own->type(2)->name, "b");
  EXPECT_EQ(own->members(*own->type(2)).at(0).name, "c");
  EXPECT_EQ(own->string(1), "a");
  EXPECT_EQ(own->string(7), std::nullopt);
}

TEST(SplitBtfWords, are_refused_where_they_point_nowhere) {
  const std::string_view no_names;
  const std::string_view b("b\0", 2);
  const struct {
    std::string bytes;
    std::string message;
  } bad[] = {
      {bytes_of_words({5, kPtr, 1}, b), "BTF: type 2 has a name beyond the strings"},
      {bytes_of_words({3, kPtr, 1}, no_names), "BTF: type 2 has a name beyond the strings"},
      {bytes_of_words({0xFFFFFFFF, kPtr, 1}, b), "BTF: type 2 has a name beyond the strings"},
      {bytes_of_words({0, kPtr, 3}, b), "BTF: refers to type 3, but there are only 3"},
      {bytes_of_words({0, kArray, 0, 1, 0xFFFFFFFF, 1}, b),
       "BTF: refers to type 4294967295, but there are only 3"},
      {bytes_of_words({3, kStructOfOne, 4, 9, 1, 0}, b),
       "BTF: type 2 has a name beyond the strings"},
      {bytes_of_words({3, kPtr}, b), "BTF: type 2 is cut short"},
      {bytes_of_words({0, kPtr, 1}, "b"),
       "BTF: a string section that does not start and end with NUL"},
      {bytes_of_words({0, kPtr, 1}, std::string(70'000, 'b') + '\0'),
       "BTF: a string of 70000 bytes"},
  };
  for (const auto& one : bad) {
    const Result<Btf> btf = Btf::parse_split(one_int(), one.bytes);
    ASSERT_FALSE(btf) << one.message;
    EXPECT_EQ(btf.error().message, one.message);
  }
}

TEST(SplitBtfWords, that_go_round_in_circles_are_refused) {
  const Result<Btf> circle = Btf::parse_split(one_int(), bytes_of_words({0, kTypedef, 2}, ""));
  ASSERT_FALSE(circle);
  EXPECT_EQ(circle.error().message, "BTF: type 2 is made of itself, without a name in between");
}

TEST(SplitBtfWords, continue_no_other_module) {
  const auto module =
      std::make_shared<const Btf>(*Btf::parse_split(one_int(), bytes_of_words({}, "")));
  const Result<Btf> third = Btf::parse_split(module, bytes_of_words({}, ""));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().message, "BTF: its base is split BTF itself");
}

}  // namespace
}  // namespace bpfmatrix
