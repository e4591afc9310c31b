#include "elf/dynamic.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/file.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string program(const std::vector<std::string>& flags) {
  BpfCompiler tools;
  const std::filesystem::path source = tools.write("main.c", "int main(void) { return 0; }");
  const std::filesystem::path made = tools.directory() / "main";
  std::vector<std::string> argv{"clang", source.string(), "-o", made.string()};
  argv.insert(argv.end(), flags.begin(), flags.end());
  tools.run(argv);
  return bytes_of(made);
}

TEST(Dynamic, a_program_names_its_interpreter_its_libraries_and_where_to_look) {
  const Result<DynamicInfo> info =
      read_dynamic(program({"-Wl,-rpath,$ORIGIN/lib:/opt/lib", "-Wl,--no-as-needed", "-lm"}));
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_THAT(info->interpreter, ::testing::HasSubstr("/ld-"));
  EXPECT_THAT(info->needed, Contains("libm.so.6"));
  EXPECT_THAT(info->search, ElementsAre("$ORIGIN/lib", "/opt/lib"));
}

TEST(Dynamic, a_static_program_needs_nothing) {
  const Result<DynamicInfo> info = read_dynamic(program({"-static"}));
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->interpreter, "");
  EXPECT_THAT(info->needed, IsEmpty());
}

TEST(Dynamic, any_bytes_are_read_within_the_file) {
  EXPECT_FALSE(read_dynamic(""));
  EXPECT_FALSE(read_dynamic("#!/bin/sh"));
  const std::string whole = program({});
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    std::string bytes = whole;
    for (int k = 0; k < 8; ++k) bytes[random() % 4096] = static_cast<char>(random());
    bytes.resize(random() % bytes.size());
    (void)read_dynamic(bytes);
  }
}

}  // namespace
}  // namespace bpfmatrix
