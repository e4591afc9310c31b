#include "core/minimum.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/relocation.h"
#include "core/testing/comparison.h"
#include "elf/testing/bpf_compiler.h"
#include "elf/testing/module_types.h"

namespace bpfmatrix {
namespace {

ElfFile elf_of(const std::filesystem::path& object) { return *ElfFile::parse(bytes_of(object)); }
Btf btf_of(const ElfFile& elf) { return *Btf::parse(std::string(elf.section(".BTF")->bytes)); }

std::vector<CoreResult> relocations(const ElfFile& object, const Btf& target) {
  const Btf local = btf_of(object);
  const BtfExt ext = *parse_btf_ext(object.section(".BTF.ext")->bytes, local);
  return *relocate(object, local, ext, {&target});
}

/// "struct moved: second @ 128", sorted: what a program can find in it.
std::vector<std::string> fields_of(const Btf& btf) {
  std::vector<std::string> fields;
  for (BtfId id = 1; id < btf.type_count(); ++id) {
    const BtfType type = *btf.type(id);
    for (const BtfMember& member : btf.members(type)) {
      fields.push_back(fmt::format("{} {}: {} @ {} {}", to_string(type.kind), type.name,
                                   member.name, member.bit_offset, member.bitfield_bits));
    }
    for (const BtfEnumerator& value : btf.enumerators(type)) {
      fields.push_back(fmt::format("enum {}: {} = {}", type.name, value.name, value.value));
    }
  }
  std::sort(fields.begin(), fields.end());
  return fields;
}

class CoreMinimumTest : public testing::Test {
 protected:
  Btf minimum_for(const ElfFile& object, const Btf& kernel) {
    CoreMinimum minimum({&kernel});
    const Result<> added = minimum.add(object);
    EXPECT_TRUE(added) << added.error().message;
    count_ = minimum.count();
    return *Btf::parse(*minimum.write());
  }

  BpfCompiler compiler_{};
  ElfFile target_ = elf_of(compiler_.object("core_target"));
  Btf kernel_ = btf_of(target_);
  CoreMinimumCount count_{};
};

TEST_F(CoreMinimumTest, every_relocation_comes_to_the_same_as_against_the_whole) {
  const ElfFile object = elf_of(compiler_.object("core_local"));
  const Btf part = minimum_for(object, kernel_);
  EXPECT_LT(part.type_count(), kernel_.type_count());
  const CoreComparison comparison = compare_relocations(object, kernel_, part);
  EXPECT_THAT(comparison.differences, testing::IsEmpty());
  EXPECT_GT(comparison.compared, 50U);
  EXPECT_EQ(comparison.kernel_ids, 3U);
}

TEST_F(CoreMinimumTest, of_every_object_here_comes_to_the_same_as_the_whole) {
  std::size_t compared = 0;
  for (const char* name : {"core_local", "core_specs", "core_target", "core_types", "everything",
                           "observed", "subprograms"}) {
    const ElfFile object = elf_of(compiler_.object(name));
    Btf own = btf_of(object);
    for (Btf* kernel : {&kernel_, &own}) {
      const CoreComparison comparison = compare_with_minimum(object, *kernel);
      EXPECT_THAT(comparison.differences, testing::IsEmpty()) << name;
      compared += comparison.compared;
    }
  }
  EXPECT_GT(compared, 100U);
}

/// The comparison sees what it is for.
TEST_F(CoreMinimumTest, for_another_object_does_not_do) {
  const ElfFile object = elf_of(compiler_.object("core_local"));
  const Btf part = minimum_for(elf_of(compiler_.object("core_target")), kernel_);
  EXPECT_THAT(compare_relocations(object, kernel_, part).differences,
              testing::SizeIs(testing::Gt(20U)));
}

TEST_F(CoreMinimumTest, counts_what_fits_nothing_and_what_cannot_be_kept) {
  minimum_for(elf_of(compiler_.object("core_local")), kernel_);
  EXPECT_EQ(count_.relocations,
            relocations(elf_of(compiler_.object("core_local")), kernel_).size());
  EXPECT_GT(count_.unmatched, 10U);
  EXPECT_EQ(count_.kernel_ids, 3U);
}

TEST_F(CoreMinimumTest, has_the_fields_that_bpftool_finds) {
  const auto path = compiler_.object("core_local", {"-g", "-DWITHOUT_FAILURES"});
  const auto types = compiler_.write("kernel.btf", target_.section(".BTF")->bytes);
  const auto theirs = compiler_.directory() / "theirs.btf";
  compiler_.run({"bpftool", "gen", "min_core_btf", types.string(), theirs.string(), path.string()});
  const Btf bpftools = *Btf::parse(bytes_of(theirs));
  const Btf ours = minimum_for(elf_of(path), kernel_);
  std::vector<std::string> more = fields_of(ours);
  for (const std::string& field : fields_of(bpftools)) {
    const auto found = std::find(more.begin(), more.end(), field);
    ASSERT_NE(found, more.end()) << field;
    more.erase(found);
  }
  // bpftool keeps the first type that fits. Whether there are others decides, too: they may differ.
  EXPECT_THAT(more,
              testing::ElementsAre("struct alike___2: a @ 0 0", "struct chosen___2: b @ 0 0"));
}

TEST_F(CoreMinimumTest, a_later_object_adds_to_an_earlier_one) {
  CoreMinimum minimum({&kernel_});
  ASSERT_TRUE(minimum.add(elf_of(compiler_.object("core_local"))));
  const std::string once = *minimum.write();
  ASSERT_TRUE(minimum.add(elf_of(compiler_.object("core_local"))));
  EXPECT_EQ(*minimum.write(), once);
  ASSERT_TRUE(minimum.add(elf_of(compiler_.object("core_target"))));
  EXPECT_EQ(*minimum.write(), once) << "it has no relocations";
}

ElfFile compile(BpfCompiler& compiler, const std::string& name, const std::string& source) {
  const auto file = compiler.write(name + ".c", source);
  const auto object = compiler.directory() / (name + ".o");
  compiler.run(
      {"clang", "-g", "-O1", "-target", "bpf", "-c", file.string(), "-o", object.string()});
  return elf_of(object);
}

/// An array without elements takes any index only where its struct ends with it.
TEST(CoreMinimum, an_array_without_elements_does_not_become_the_end_of_its_struct) {
  BpfCompiler compiler;
  const Btf kernel =
      btf_of(compile(compiler, "kernel", "struct holder { int a; int list[0]; int end; } holder;"));
  const ElfFile object =
      compile(compiler, "object",
              "struct holder { int a; int list[9]; } __attribute__((preserve_access_index));"
              "volatile unsigned long sink;"
              "__attribute__((section(\"kprobe\"))) int f(struct holder *h) {"
              "  sink = __builtin_preserve_field_info(h->list, 2);"
              "  sink = __builtin_preserve_field_info(h->list[3], 2);"
              "  return 0; }");
  CoreMinimum minimum({&kernel});
  ASSERT_TRUE(minimum.add(object));
  const Btf part = *Btf::parse(*minimum.write());
  for (const Btf* target : {&kernel, &part}) {
    const std::vector<CoreResult> results = relocations(object, *target);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[0].target_value, 1U);
    EXPECT_EQ(results[1].target_value, 0U) << results[1].target;
  }
}

/// What a pointer leads to is not kept for a field, but it must be for a comparison.
TEST(CoreMinimum, types_that_differ_behind_a_pointer_go_on_to_differ) {
  BpfCompiler compiler;
  const Btf kernel =
      btf_of(compile(compiler, "kernel",
                     "struct other { int a; }; typedef struct other *link_t; link_t l;"
                     "struct user { link_t link; } user;"));
  const ElfFile object =
      compile(compiler, "object",
              "typedef void *link_t;"
              "struct user { link_t link; } __attribute__((preserve_access_index));"
              "volatile unsigned long sink;"
              "__attribute__((section(\"kprobe\"))) int f(struct user *u) {"
              "  sink = (unsigned long)u->link;"
              "  sink = __builtin_preserve_type_info(*(link_t *)0, 0);"
              "  return 0; }");
  CoreMinimum minimum({&kernel});
  ASSERT_TRUE(minimum.add(object));
  const Btf part = *Btf::parse(*minimum.write());
  for (const Btf* target : {&kernel, &part}) {
    const std::vector<CoreResult> results = relocations(object, *target);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[0].outcome, CoreOutcome::unchanged);
    EXPECT_EQ(results[1].target_value, 0U);
  }
}

/// A kernel, and a module whose types continue its own.
class CoreMinimumOfModule : public testing::Test {
 protected:
  std::string btf_bytes_of(const char* name) {
    const ElfFile elf = elf_of(compiler_.object(name));
    return std::string(elf.section(".BTF")->bytes);
  }
  BpfCompiler compiler_{};
  std::string kernel_bytes_ = btf_bytes_of("core_target");
  std::shared_ptr<const Btf> kernel_ = std::make_shared<const Btf>(*Btf::parse(kernel_bytes_));
  Btf module_ =
      *Btf::parse_split(kernel_, module_types(kernel_bytes_, btf_bytes_of("core_module")));
};

TEST_F(CoreMinimumOfModule, is_one_btf_in_which_all_comes_to_the_same) {
  const ElfFile object = elf_of(compiler_.object("core_module_local"));
  CoreMinimum minimum({kernel_.get(), &module_});
  ASSERT_TRUE(minimum.add(object));
  EXPECT_EQ(minimum.count().unmatched, 1U) << "struct nowhere";
  const Btf part = *Btf::parse(*minimum.write());
  const Btf local = btf_of(object);
  const BtfExt ext = *parse_btf_ext(object.section(".BTF.ext")->bytes, local);
  const auto live = *relocate(object, local, ext, {kernel_.get(), &module_});
  const auto embedded = *relocate(object, local, ext, {&part});
  ASSERT_EQ(live.size(), 6U);
  for (std::size_t i = 0; i < live.size(); ++i) {
    EXPECT_EQ(live[i].outcome, embedded[i].outcome) << live[i].local;
    EXPECT_EQ(live[i].target_value, embedded[i].target_value) << live[i].local;
    EXPECT_EQ(live[i].after, embedded[i].after) << live[i].local;
  }
}

TEST_F(CoreMinimumOfModule, without_the_module_has_nothing_of_it) {
  CoreMinimum minimum({kernel_.get()});
  ASSERT_TRUE(minimum.add(elf_of(compiler_.object("core_module_local"))));
  EXPECT_EQ(minimum.count().unmatched, 4U);
  EXPECT_THAT(Btf::parse(*minimum.write())->find("ring", BtfKind::struct_type), testing::IsEmpty());
}

/// Live, the module's is never looked at, because the kernel has one of that name.
TEST_F(CoreMinimumOfModule, is_refused_where_two_types_would_become_one) {
  const ElfFile object =
      compile(compiler_, "object",
              "#define CORE __attribute__((preserve_access_index))\n"
              "struct shape { int a; } CORE; struct ring { struct shape shape; } CORE;"
              "volatile unsigned long sink;"
              "__attribute__((section(\"kprobe\"))) int f(struct ring *r, struct shape *s) {"
              "  sink = __builtin_preserve_field_info(r->shape.a, 0);"
              "  sink = __builtin_preserve_field_info(s->a, 0);"
              "  return 0; }");
  CoreMinimum minimum({kernel_.get(), &module_});
  ASSERT_TRUE(minimum.add(object));
  const Result<std::string> written = minimum.write();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message,
            "struct 'shape___module' of a module has the same name as another one of the kernel: "
            "one BTF cannot hold both");
}

TEST(CoreMinimum, a_relocation_that_means_nothing_is_named) {
  BpfCompiler compiler;
  std::string bytes = bytes_of(compiler.object("core_local"));
  const Btf kernel = btf_of(elf_of(compiler.object("core_target")));
  for (std::size_t at = 0;
       (at = bytes.find(std::string("\0000:1\0", 5), at)) != std::string::npos;) {
    bytes[at + 3] = '9';
  }
  CoreMinimum minimum({&kernel});
  const Result<> added = minimum.add(*ElfFile::parse(bytes));
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message,
              testing::StartsWith("CO-RE relocation 0: access '0:9' does not fit its type"));
}

}  // namespace
}  // namespace bpfmatrix
