#include "elf/reach.h"

#include <gtest/gtest.h>

#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

/// What is found in an object of one program.
bool reaches(const std::string& section, const std::string& body) {
  BpfCompiler compiler;
  const std::string source =
      "#define SEC(n) __attribute__((section(n), used))\n"
      "static long (*call)(void) = (void *)HELPER;\n"
      "extern int outside(void) __attribute__((section(\".ksyms\")));\n"
      "SEC(\"" +
      section + "\") int program(void *c) { " + body +
      " }\n"
      "char gpl[] SEC(\"license\") = \"GPL\";\n";
  const std::string file = compiler.write("x.c", source);
  const std::string object = compiler.directory() / "x.o";
  compiler.run({"clang", "-target", "bpf", "-O2", "-g", "-DHELPER=36", "-c", file, "-o", object});
  const Result<ObjectInfo> info = read_object(object);
  EXPECT_TRUE(info) << (info ? "" : info.error().message);
  return info && info->reaches_out;
}

TEST(Reach, a_program_that_looks_and_counts_stays_within_itself) {
  EXPECT_FALSE(reaches("kprobe/do_unlinkat", "return 0;"));
  EXPECT_FALSE(reaches("fentry/do_unlinkat", "return 36;"));
}

TEST(Reach, one_that_writes_to_memory_of_processes_does_not) {
  EXPECT_TRUE(reaches("kprobe/do_unlinkat", "return call();"));
}

TEST(Reach, one_that_calls_functions_of_the_kernel_does_not) {
  EXPECT_TRUE(reaches("kprobe/do_unlinkat", "return outside();"));
}

TEST(Reach, one_that_decides_for_the_kernel_does_not) {
  for (const char* section : {"lsm/file_open", "fmod_ret/bpf_modify_return_test", "struct_ops/x",
                              "freplace/x", "syscall", "nobody/knows"}) {
    EXPECT_TRUE(reaches(section, "return 0;")) << section;
  }
}

}  // namespace
}  // namespace bpfmatrix
