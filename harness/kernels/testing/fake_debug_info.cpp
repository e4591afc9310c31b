#include "kernels/testing/fake_debug_info.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {

void make_debug_info(const std::filesystem::path& vmlinux, const FakeDebugInfo& of) {
  const std::string source = vmlinux.string() + ".c";
  EXPECT_TRUE(write_file(
      source,
      fmt::format("struct {0} {{ int pid; int tgid; }};\n"
                  "struct pt_regs {{ int {1}; }};\n"
                  "const char banner[] __attribute__((used)) = \"Linux version {2} (me) #1 SMP\";\n"
                  "__attribute__((noinline)) int do_exit(struct {0} *t) {{ return t->pid; }}\n"
                  "int do_fork(struct {0} *t, struct pt_regs *r) {{\n"
                  "  return t->tgid + r->{1} + do_exit(t);\n"
                  "}}\n",
                  of.task, of.arch == Arch::x86_64 ? "r15" : "syscallno", of.release)));
  must_run({fmt::format("{}-linux-gnu-gcc", to_string(of.arch)), "-g", "-O1", "-static",
            "-nostdlib", "-Wl,-e,do_fork", fmt::format("-Wl,--build-id=0x{}", kFakeBuildId), source,
            "-o", vmlinux.string()});
  std::filesystem::remove(source);
}

}  // namespace bpfmatrix
