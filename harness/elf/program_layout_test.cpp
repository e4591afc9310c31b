#include "elf/program_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

using testing::ElementsAre;

class ProgramLayout : public testing::Test {
 protected:
  std::vector<LinkedFunction> linked(std::string_view program) {
    Result<std::vector<LinkedFunction>> functions = link_program(elf_, program);
    EXPECT_TRUE(functions) << functions.error().message;
    return functions ? *std::move(functions) : std::vector<LinkedFunction>{};
  }
  std::vector<std::string> names(std::string_view program) {
    std::vector<std::string> names;
    for (const LinkedFunction& function : linked(program)) {
      names.push_back(function.section + ":" + function.name);
    }
    return names;
  }

  BpfCompiler compiler_;
  ElfFile elf_ = *ElfFile::parse(bytes_of(compiler_.object("subprograms")));
};

TEST_F(ProgramLayout, functions_follow_in_the_order_of_the_first_call) {
  EXPECT_THAT(names("calls_all"),
              ElementsAre("xdp:calls_all", ".text:outer", ".text:inner", ".text:each"));
  EXPECT_THAT(names("calls_one"), ElementsAre("kprobe:calls_one", ".text:inner"));
  EXPECT_THAT(names("calls_none"), ElementsAre("tc:calls_none"));
}

TEST_F(ProgramLayout, each_begins_where_the_one_before_it_ends) {
  std::uint64_t at = 0;
  for (const LinkedFunction& function : linked("calls_all")) {
    EXPECT_EQ(function.at, at) << function.name;
    EXPECT_GT(function.count, 0U);
    at += function.count;
  }
}

TEST_F(ProgramLayout, what_is_no_program_is_refused) {
  for (const char* name : {"nobody", "outer", "inner", ""}) {
    EXPECT_FALSE(link_program(elf_, name)) << name;
  }
}

TEST_F(ProgramLayout, no_damage_to_the_object_ends_in_more_than_an_error) {
  const std::string bytes = bytes_of(compiler_.object("subprograms"));
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x11);
    const Result<ElfFile> elf = ElfFile::parse(std::move(damaged));
    if (!elf) continue;
    for (const char* name : {"calls_all", "calls_one"}) {
      const auto functions = link_program(*elf, name);
      EXPECT_LE(functions ? functions->size() : 0, 256U);
    }
  }
}

}  // namespace
}  // namespace bpfmatrix
