#include "cell/relocation_record.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/relocation.h"
#include "elf/little_endian.h"
#include "elf/program_layout.h"
#include "elf/testing/bpf_compiler.h"
#include "elf/testing/module_types.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;

/// An object whose programs call functions in another order than they are written in, and a
/// "kernel" in which what they read has moved.
class RelocationRecords : public ::testing::Test {
 protected:
  RelocationRecords() {
    said_.version = "1.4.6";
    said_.open.result = said_.relocate.result = StageResult::ok;
    for (const char* name : {"calls_all", "calls_one", "calls_none"}) {
      said_.programs.push_back({.name = name});
    }
  }

  /// What a loader sends that links as libbpf does; relocated, unless it leaves that out.
  SentProgram linked(std::string_view program, bool relocated) const {
    SentProgram sent;
    const std::vector<CoreResult> results = *relocate(elf_, btf_, ext_, {target_.get()});
    const std::vector<LinkedFunction> functions = *link_program(elf_, program);
    for (const LinkedFunction& function : functions) {
      const std::string_view code = elf_.section(function.section)->bytes;
      for (std::uint64_t i = 0; i < function.count; ++i) {
        sent.insns.push_back(*read_at<std::uint64_t>(code, (function.first + i) * 8));
      }
      for (const CoreResult& result : results) {
        if (!relocated || result.function != function.name) continue;
        std::copy(result.after.begin(), result.after.end(),
                  sent.insns.begin() + static_cast<long>(function.at + result.instruction));
      }
    }
    return sent;
  }

  void send_all(bool relocated) {
    for (SaidProgram& program : said_.programs) {
      program.sent = linked(program.name, relocated);
    }
  }

  void record(const std::shared_ptr<const Btf>& target) {
    Result<ObjectRelocations> recorded =
        record_relocations(elf_, {.kernel = target}, loader_, said_);
    ASSERT_TRUE(recorded) << recorded.error().message;
    records_ = *std::move(recorded);
  }

  /// "inner:1@17 byte_off 8 -> 16 resolved agrees"
  std::vector<std::string> lines(std::size_t program) const {
    std::vector<std::string> lines;
    for (const RelocationRecord& r : records_.programs[program]) {
      lines.push_back(fmt::format("{} {} {} {}", r.function, r.kind, to_string(r.result),
                                  to_string(r.cross_check)));
    }
    return lines;
  }

  BpfCompiler compiler_;
  ElfFile elf_ = *ElfFile::parse(bytes_of(compiler_.object("subprograms")));
  Btf btf_ = *Btf::parse(std::string(elf_.section(".BTF")->bytes));
  BtfExt ext_ = *parse_btf_ext(elf_.section(".BTF.ext")->bytes, btf_);
  ElfFile kernel_ = *ElfFile::parse(bytes_of(compiler_.object("core_target")));
  std::shared_ptr<const Btf> target_ =
      std::make_shared<const Btf>(*Btf::parse(std::string(kernel_.section(".BTF")->bytes)));
  std::string loader_ = "libbpf";
  LoaderRecord said_{};
  ObjectRelocations records_{};
};

TEST_F(RelocationRecords, a_program_has_those_of_all_functions_it_calls) {
  send_all(true);
  record(target_);
  EXPECT_THAT(lines(0),
              ElementsAre("outer field_exists unchanged agrees", "inner byte_off resolved agrees",
                          "each type_size resolved agrees"));
  EXPECT_THAT(lines(1), ElementsAre("inner byte_off resolved agrees"));
  EXPECT_THAT(lines(2), ElementsAre("calls_none byte_off resolved agrees"));
}

TEST_F(RelocationRecords, one_of_a_function_that_two_programs_call_counts_once) {
  send_all(true);
  record(target_);
  EXPECT_EQ(records_.applied, 4);
  EXPECT_EQ(records_.skipped, 0);
  EXPECT_EQ(records_.poisoned, 0);
}

TEST_F(RelocationRecords, the_instruction_is_also_told_as_the_verifier_counts) {
  send_all(true);
  record(target_);
  const RelocationRecord& inner = records_.programs[0].at(1);
  const std::vector<LinkedFunction> functions = *link_program(elf_, "calls_all");
  EXPECT_EQ(inner.linked_insn, functions.at(2).at + inner.insn);
}

TEST_F(RelocationRecords, a_loader_that_says_nothing_and_does_nothing_is_seen_through) {
  loader_ = "silent";
  send_all(false);
  record(nullptr);
  EXPECT_THAT(lines(2), ElementsAre("calls_none byte_off skipped agrees"));
  EXPECT_EQ(records_.programs[2][0].reason, "no BTF");
  EXPECT_EQ(records_.skipped, 4);
  record(target_);
  EXPECT_THAT(lines(2), ElementsAre("calls_none byte_off skipped disagrees"));
}

TEST_F(RelocationRecords, where_another_loader_puts_functions_is_known_from_func_info_only) {
  loader_ = "another";
  send_all(true);
  record(target_);
  EXPECT_THAT(lines(1), ElementsAre("inner byte_off resolved not_compared"));
  EXPECT_EQ(records_.programs[1][0].linked_insn, std::nullopt);
  EXPECT_EQ(records_.programs[1][0].cross_check_note,
            "it is not known where its function is in what was sent");

  const std::vector<LinkedFunction> functions = *link_program(elf_, "calls_one");
  for (const FuncInfo& info : ext_.functions) {
    if (info.section == ".text" && info.instruction == functions.at(1).first) {
      said_.programs[1].sent.functions = {{0, 0}, {functions.at(1).at, info.type}};
    }
  }
  record(target_);
  EXPECT_THAT(lines(1), ElementsAre("inner byte_off resolved agrees"));
}

TEST_F(RelocationRecords, func_info_is_believed_and_not_the_order_of_linking) {
  send_all(true);
  SentProgram& sent = said_.programs[1].sent;
  sent.functions = {{0, 0}, {2, 0xffff}};
  record(target_);
  EXPECT_THAT(lines(1), ElementsAre("inner byte_off resolved not_compared"));
}

TEST_F(RelocationRecords, a_program_of_another_length_is_not_compared_by_order) {
  send_all(true);
  said_.programs[1].sent.insns.push_back(0);
  record(target_);
  EXPECT_THAT(lines(1), ElementsAre("inner byte_off resolved not_compared"));
}

TEST_F(RelocationRecords, of_an_object_that_failed_at_relocation_each_has_failed) {
  said_.relocate.result = StageResult::failed;
  record(nullptr);
  EXPECT_THAT(lines(2), ElementsAre("calls_none byte_off failed not_compared"));
  EXPECT_EQ(records_.applied, 0);
}

TEST_F(RelocationRecords, the_loader_is_asked_for_each_by_function_and_number) {
  said_.relocations = {
      {.function = "calls_none", .index = 0, .insn = 0, .result = RelocationResult::poisoned}};
  record(target_);
  EXPECT_THAT(lines(2), ElementsAre("calls_none byte_off poisoned disagrees"));
  EXPECT_THAT(lines(1), ElementsAre("inner byte_off resolved not_compared"));
}

/// An object that reads a type which only a module has.
TEST(RelocationRecordsOfModule, name_it_where_the_kernel_has_no_such_type) {
  BpfCompiler compiler;
  const auto btf_of = [&](const char* name) {
    const ElfFile elf = *ElfFile::parse(bytes_of(compiler.object(name)));
    return std::string(elf.section(".BTF")->bytes);
  };
  const std::string kernel_bytes = btf_of("core_target");
  const auto kernel = std::make_shared<const Btf>(*Btf::parse(kernel_bytes));
  const auto module = std::make_shared<const Btf>(
      *Btf::parse_split(kernel, module_types(kernel_bytes, btf_of("core_module"))));
  const auto empty = std::make_shared<const Btf>(
      *Btf::parse_split(kernel, module_types(kernel_bytes, kernel_bytes)));
  const ElfFile object = *ElfFile::parse(bytes_of(compiler.object("core_module_local")));
  const auto records = [&](std::vector<ModuleTypes> modules) {
    LoaderRecord said;
    for (const char* name : {"reads_ring", "reads_kernel", "reads_nothing"}) {
      said.programs.push_back({.name = name});
    }
    const LoaderTypes against{.kernel = kernel, .modules = std::move(modules)};
    const Result<ObjectRelocations> all = record_relocations(object, against, "libbpf", said);
    EXPECT_TRUE(all);
    std::vector<std::string> lines;
    for (const std::vector<RelocationRecord>& program : all->programs) {
      const RelocationRecord& first = program.at(0);
      lines.push_back(
          fmt::format("{} {} '{}'", first.local, to_string(first.result), first.module));
    }
    return lines;
  };
  EXPECT_THAT(records({{"empty", empty}, {"ring", module}}),
              ElementsAre("struct ring::length resolved 'ring'", "struct shape::a unchanged ''",
                          "struct nowhere::a poisoned ''"));
  EXPECT_THAT(records({}),
              ElementsAre("struct ring::length poisoned ''", "struct shape::a unchanged ''",
                          "struct nowhere::a poisoned ''"));
}

/// What `bpftool gen object` makes of two sources: a static function of one name in each, both in
/// .text.
std::filesystem::path linked_object(BpfCompiler& compiler) {
  std::vector<std::filesystem::path> parts;
  for (const std::string name : {"first", "second"}) {
    const std::string source = fmt::format(
        "struct shape {{ int a; int b; int c; }} __attribute__((preserve_access_index));\n"
        "static __attribute__((noinline)) long helper(struct shape *s) {{ return {}; }}\n"
        "__attribute__((section(\"kprobe/{}\"), used)) int {}(void *ctx) {{ return helper(ctx); "
        "}}\n"
        "char l[] __attribute__((section(\"license\"))) = \"GPL\";\n",
        name == "first" ? "s->a" : "s->a + s->b * 3 + s->c * 5", name, name);
    const auto file = compiler.write(name + ".c", source);
    parts.push_back(compiler.directory() / (name + ".o"));
    compiler.run(
        {"clang", "-target", "bpf", "-g", "-O2", "-c", file.string(), "-o", parts.back().string()});
  }
  const std::filesystem::path whole = compiler.directory() / "whole.o";
  bpf_linker* linker = bpf_linker__new(whole.c_str(), nullptr);
  for (const auto& part : parts) EXPECT_EQ(bpf_linker__add_file(linker, part.c_str(), nullptr), 0);
  EXPECT_EQ(bpf_linker__finalize(linker), 0);
  bpf_linker__free(linker);
  return whole;
}

TEST(RelocationRecordsOfLinkedObject, static_functions_of_one_name_are_two) {
  BpfCompiler compiler;
  const ElfFile object = *ElfFile::parse(bytes_of(linked_object(compiler)));
  LoaderRecord said;
  for (const char* name : {"first", "second"}) said.programs.push_back({.name = name});
  const auto kernel =
      std::make_shared<const Btf>(*Btf::parse(std::string(object.section(".BTF")->bytes)));
  const Result<ObjectRelocations> all =
      record_relocations(object, {.kernel = kernel}, "libbpf", said);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->programs[0].size(), 1U);
  EXPECT_EQ(all->programs[1].size(), 3U);
}

}  // namespace
}  // namespace bpfmatrix
