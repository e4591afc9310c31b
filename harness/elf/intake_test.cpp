#include "elf/intake.h"

#include <gtest/gtest.h>

#include <string>

#include "elf/object.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

/// "message\nhint" of the error.
std::string refusal(const fs::path& path) {
  const Result<ObjectInfo> info = read_object(path);
  return info ? "it was taken" : info.error().message + "\n" + info.error().hint;
}

std::string named(const fs::path& path, const std::string& rest) {
  return "'" + path.string() + "': " + rest;
}

fs::path compiled(BpfCompiler& compiler, const std::string& out, std::vector<std::string> flags) {
  fs::path path = compiler.directory() / out;
  std::vector<std::string> argv{"clang", "-O2"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  argv.insert(argv.end(), {testdata("legacy_maps.bpf.c").string(), "-o", path.string()});
  compiler.run(argv);
  return path;
}

TEST(Intake, names_llvm_bitcode) {
  BpfCompiler compiler;
  const fs::path path = compiled(compiler, "x.o", {"-target", "bpf", "-emit-llvm", "-c"});
  EXPECT_EQ(refusal(path), named(path,
                                 "LLVM bitcode, not a BPF object\n"
                                 "link it: 'bpf-linker --emit=obj -o x.bpf.o x.o', or compile "
                                 "without -flto and -emit-llvm"));
}

TEST(Intake, names_wrapped_llvm_bitcode) {
  BpfCompiler compiler;
  const fs::path path = compiler.write("x.bc", "\xDE\xC0\x17\x0B\0\0\0\0"s);
  EXPECT_EQ(refusal(path), named(path,
                                 "LLVM bitcode, not a BPF object\n"
                                 "link it: 'bpf-linker --emit=obj -o x.o x.bc', or compile without "
                                 "-flto and -emit-llvm"));
}

TEST(Intake, names_llvm_ir_text) {
  BpfCompiler compiler;
  const fs::path path = compiled(compiler, "x.ll", {"-target", "bpf", "-emit-llvm", "-S"});
  EXPECT_EQ(refusal(path), named(path,
                                 "LLVM IR text, not a BPF object\n"
                                 "compile it: 'llc -march=bpf -filetype=obj x.ll -o x.o'"));
}

TEST(Intake, names_an_archive) {
  BpfCompiler compiler;
  const fs::path path = compiler.directory() / "libx.a";
  compiler.run({"ar", "rc", path.string(), compiler.object("legacy_maps").string()});
  EXPECT_EQ(refusal(path),
            named(path,
                  "ar archive, not a BPF object\n"
                  "extract the object: 'ar t libx.a' lists, 'ar x libx.a MEMBER' extracts"));
}

TEST(Intake, names_a_rust_library) {
  BpfCompiler compiler;
  const std::string wanted =
      "Rust library (.rlib), not a BPF object\n"
      "build the program as a binary crate for bpfel-unknown-none with bpf-linker, and give the "
      "file it links";
  const fs::path by_name = compiler.write("libx.rlib", "!<arch>\n");
  EXPECT_EQ(refusal(by_name), named(by_name, wanted));
  const fs::path by_member = compiler.write("renamed.o", "!<arch>\nlib.rmeta/      0");
  EXPECT_EQ(refusal(by_member), named(by_member, wanted));
}

TEST(Intake, names_a_big_endian_object) {
  BpfCompiler compiler;
  const fs::path path = compiled(compiler, "x.o", {"-target", "bpfeb", "-g", "-c"});
  EXPECT_EQ(refusal(path),
            named(path,
                  "big-endian BPF object; the kernels here are little-endian\n"
                  "compile it with -target bpfel, or in Rust for bpfel-unknown-none"));
}

TEST(Intake, names_the_machine_of_a_host_object) {
  BpfCompiler compiler;
  const fs::path path = compiled(compiler, "x.o", {"-target", "x86_64-linux-gnu", "-c"});
  const std::string hint = "compile it for BPF: 'clang -target bpf -g -O2 -c x.c -o x.o'";
  EXPECT_EQ(refusal(path), named(path, "ELF file for x86-64, not for BPF\n" + hint));
  std::string bytes = bytes_of(path);
  bytes[18] = static_cast<char>(183);
  EXPECT_EQ(refusal(compiler.write("x.o", bytes)),
            named(path, "ELF file for aarch64, not for BPF\n" + hint));
  bytes[18] = 77;
  EXPECT_EQ(refusal(compiler.write("x.o", bytes)),
            named(path, "ELF file for machine 77, not for BPF\n" + hint));
}

TEST(Intake, names_a_linked_file) {
  BpfCompiler compiler;
  std::string bytes = bytes_of(compiler.object("legacy_maps"));
  const std::string hint =
      "give the object that 'clang -c' writes; to join several use 'bpftool gen object'";
  bytes[16] = 2;
  const fs::path path = compiler.write("x.o", bytes);
  EXPECT_EQ(
      refusal(path),
      named(path, "linked BPF ELF file (an executable); loaders accept only relocatable objects\n" +
                      hint));
  bytes[16] = 3;
  EXPECT_EQ(
      refusal(compiler.write("x.o", bytes)),
      named(path,
            "linked BPF ELF file (a shared object); loaders accept only relocatable objects\n" +
                hint));
  bytes[16] = 4;
  EXPECT_EQ(refusal(compiler.write("x.o", bytes)),
            named(path, "BPF ELF file of the unknown type 4\n"));
}

TEST(Intake, names_an_empty_file) {
  BpfCompiler compiler;
  const fs::path path = compiler.write("x.o", "");
  EXPECT_EQ(refusal(path), named(path,
                                 "empty file\n"
                                 "the command that should have written it failed: run it again "
                                 "and read its errors"));
}

TEST(Intake, names_a_truncated_file_wherever_it_is_cut) {
  BpfCompiler compiler;
  const std::string whole = bytes_of(compiler.object("legacy_maps"));
  for (const std::size_t size : {4UL, 63UL, 64UL, whole.size() / 2, whole.size() - 1}) {
    const fs::path path = compiler.write("x.o", whole.substr(0, size));
    const std::string text = refusal(path);
    EXPECT_TRUE(text.starts_with(named(path, "truncated ELF file: "))) << size << text;
    EXPECT_TRUE(text.ends_with("\nit was cut short while being built or copied: do that again"))
        << size << text;
  }
}

TEST(Intake, names_source_code_and_other_text) {
  BpfCompiler compiler;
  const fs::path source = compiler.write("probe.bpf.c", "#include <x.h>\nint x;\n");
  EXPECT_EQ(refusal(source), named(source,
                                   "C source, not a BPF object\ncompile it for BPF: 'clang -target "
                                   "bpf -g -O2 -c probe.bpf.c -o probe.bpf.o'"));
  const fs::path rust = compiler.write("main.rs", "fn main() {}\n");
  EXPECT_EQ(refusal(rust), named(rust,
                                 "Rust source, not a BPF object\nbuild its crate for "
                                 "bpfel-unknown-none with bpf-linker, and give the file it links"));
  const fs::path text = compiler.write("notes", "nothing\n");
  EXPECT_EQ(refusal(text), named(text,
                                 "text, not an ELF file\ncompile it for BPF: 'clang -target bpf -g "
                                 "-O2 -c notes.c -o notes.o'"));
}

TEST(Intake, names_other_binary_files) {
  BpfCompiler compiler;
  const fs::path path = compiler.write("x.bin", "\x1F\x8B\x08\0\0\0"s);
  EXPECT_EQ(refusal(path), named(path,
                                 "not an ELF file\ncompile it for BPF: 'clang -target bpf -g -O2 "
                                 "-c x.c -o x.o'"));
}

TEST(Intake, names_an_object_without_programs) {
  BpfCompiler compiler;
  const fs::path source = compiler.write("x.c", "int f(void) { return 0; }\n");
  const fs::path path = compiler.directory() / "x.o";
  compiler.run({"clang", "-target", "bpf", "-c", source.string(), "-o", path.string()});
  EXPECT_EQ(refusal(path), named(path,
                                 "BPF object without any program\n"
                                 "give the entry function a section that names its type: "
                                 "SEC(\"kprobe/...\"), SEC(\"xdp\")"));
}

TEST(Intake, an_object_of_maps_alone_is_one) {
  BpfCompiler compiler;
  const fs::path source =
      compiler.write("m.c",
                     "struct { int (*type)[2]; int *key; int *value; int (*max_entries)[1]; } m "
                     "__attribute__((section(\".maps\"), used));\n");
  const fs::path path = compiler.directory() / "m.o";
  compiler.run({"clang", "-target", "bpf", "-g", "-c", source.string(), "-o", path.string()});
  const Result<ObjectInfo> info = read_object(path);
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->maps.size(), 1U);
  EXPECT_TRUE(info->programs.empty());
}

TEST(Intake, names_a_file_that_is_not_there) {
  EXPECT_EQ(refusal("/nonexistent/x.o"), "'/nonexistent/x.o': No such file or directory\n");
}

}  // namespace
}  // namespace bpfmatrix
