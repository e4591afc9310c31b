#include "elf/intake.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

constexpr std::string_view kBitcode = "BC\xC0\xDE"sv;
constexpr std::string_view kBitcodeWrapper = "\xDE\xC0\x17\x0B"sv;
constexpr std::string_view kArchive = "!<arch>\n"sv;
constexpr std::string_view kThinArchive = "!<thin>\n"sv;
constexpr std::string_view kElf =
    "\x7F"
    "ELF"sv;
/// How much of a text is read to find out what it is.
constexpr std::size_t kGlance = 4096;

std::string compile_hint(const fs::path& path) {
  const std::string source =
      path.extension() == ".c" ? path.filename().string() : path.stem().string() + ".c";
  return fmt::format("compile it for BPF: 'clang -target bpf -g -O2 -c {} -o {}.o'", source,
                     path.stem().string());
}

std::string_view machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_386:
      return "i386";
    case EM_X86_64:
      return "x86-64";
    case EM_ARM:
      return "arm";
    case EM_AARCH64:
      return "aarch64";
    case EM_RISCV:
      return "riscv";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390";
    case EM_MIPS:
      return "mips";
    case EM_LOONGARCH:
      return "loongarch";
    case EM_BPF:
      return "BPF";
    default:
      return "";
  }
}

std::string machine_text(std::uint16_t machine) {
  const std::string_view name = machine_name(machine);
  return name.empty() ? fmt::format("machine {}", machine) : std::string(name);
}

Error bitcode(const fs::path& path) {
  const bool takes_the_name = path.extension() == ".o";
  return {
      fmt::format("'{}': LLVM bitcode, not a BPF object", path.string()),
      fmt::format("link it: 'bpf-linker --emit=obj -o {}{}.o {}', or compile without -flto and "
                  "-emit-llvm",
                  path.stem().string(), takes_the_name ? ".bpf" : "", path.filename().string())};
}

Error ir_text(const fs::path& path) {
  return {fmt::format("'{}': LLVM IR text, not a BPF object", path.string()),
          fmt::format("compile it: 'llc -march=bpf -filetype=obj {} -o {}.o'",
                      path.filename().string(), path.stem().string())};
}

Error archive(std::string_view bytes, const fs::path& path) {
  // rustc puts its metadata member first.
  const bool rust =
      path.extension() == ".rlib" || bytes.substr(0, kGlance).find("lib.rmeta") != bytes.npos;
  if (rust) {
    return {fmt::format("'{}': Rust library (.rlib), not a BPF object", path.string()),
            "build the program as a binary crate for bpfel-unknown-none with bpf-linker, and give "
            "the file it links"};
  }
  return {fmt::format("'{}': ar archive, not a BPF object", path.string()),
          fmt::format("extract the object: 'ar t {0}' lists, 'ar x {0} MEMBER' extracts",
                      path.filename().string())};
}

bool is_ir(std::string_view text, const fs::path& path) {
  if (text.starts_with("; ModuleID =") || text.starts_with("source_filename =")) return true;
  return path.extension() == ".ll" && text.find("target ") != std::string_view::npos;
}

bool is_text(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < ' ' && c != '\n' && c != '\t' && c != '\r' && c != '\f';
  });
}

Error not_elf(std::string_view head, const fs::path& path) {
  const std::string name = path.string();
  if (is_ir(head, path)) return ir_text(path);
  if (!is_text(head)) return {fmt::format("'{}': not an ELF file", name), compile_hint(path)};
  if (path.extension() == ".c" || head.find("#include") != std::string_view::npos) {
    return {fmt::format("'{}': C source, not a BPF object", name), compile_hint(path)};
  }
  if (path.extension() == ".rs") {
    return {fmt::format("'{}': Rust source, not a BPF object", name),
            "build its crate for bpfel-unknown-none with bpf-linker, and give the file it links"};
  }
  return {fmt::format("'{}': text, not an ELF file", name), compile_hint(path)};
}

std::optional<Error> not_bpf_elf(std::string_view bytes, const fs::path& path) {
  const std::string name = path.string();
  const auto header = read_at<Elf64_Ehdr>(bytes, 0);
  if (!header) {
    return Error{fmt::format("'{}': truncated ELF file: no room for its header", name),
                 "it was cut short while being built or copied: do that again"};
  }
  const bool big_endian = header->e_ident[EI_DATA] == ELFDATA2MSB;
  const std::uint16_t machine =
      big_endian ? __builtin_bswap16(header->e_machine) : header->e_machine;
  const std::uint16_t type = big_endian ? __builtin_bswap16(header->e_type) : header->e_type;
  if (machine != EM_BPF) {
    return Error{fmt::format("'{}': ELF file for {}, not for BPF", name, machine_text(machine)),
                 compile_hint(path)};
  }
  if (big_endian) {
    return Error{
        fmt::format("'{}': big-endian BPF object; the kernels here are little-endian", name),
        "compile it with -target bpfel, or in Rust for bpfel-unknown-none"};
  }
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB) {
    return Error{fmt::format("'{}': damaged ELF header: neither 64 bits nor little-endian", name)};
  }
  if (type == ET_EXEC || type == ET_DYN) {
    return Error{
        fmt::format("'{}': linked BPF ELF file ({}); loaders accept only relocatable objects", name,
                    type == ET_EXEC ? "an executable" : "a shared object"),
        "give the object that 'clang -c' writes; to join several use 'bpftool gen object'"};
  }
  if (type != ET_REL) {
    return Error{fmt::format("'{}': BPF ELF file of the unknown type {}", name, type)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> why_not_loadable(std::string_view bytes, const fs::path& path) {
  if (bytes.empty()) {
    return Error{
        fmt::format("'{}': empty file", path.string()),
        "the command that should have written it failed: run it again and read its errors"};
  }
  if (bytes.starts_with(kBitcode) || bytes.starts_with(kBitcodeWrapper)) return bitcode(path);
  if (bytes.starts_with(kArchive) || bytes.starts_with(kThinArchive)) return archive(bytes, path);
  if (bytes.starts_with(kElf)) return not_bpf_elf(bytes, path);
  return not_elf(bytes.substr(0, kGlance), path);
}

}  // namespace bpfmatrix
