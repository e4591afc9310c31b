#include "run/command_file.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "base/file.h"
#include "base/sha256.h"
#include "images/guest_tools.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxCommandBytes = 64 << 20;
constexpr std::size_t kMaxProgramHeaders = 1024;

template <typename T>
std::optional<T> at(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::optional<Elf64_Ehdr> executable_header(std::string_view bytes) {
  const auto header = at<Elf64_Ehdr>(bytes, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  const bool ours =
      header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB;
  const bool executable = header->e_type == ET_EXEC || header->e_type == ET_DYN;
  return ours && executable ? header : std::nullopt;
}

std::string machine_name(std::uint16_t machine) {
  if (machine == EM_X86_64) return "x86_64";
  if (machine == EM_AARCH64) return "aarch64";
  return fmt::format("machine {}", machine);
}

/// What it names as its interpreter; empty: it is static.
std::string interpreter(std::string_view bytes, const Elf64_Ehdr& header) {
  const std::size_t count = std::min<std::size_t>(header.e_phnum, kMaxProgramHeaders);
  for (std::size_t i = 0; i < count; ++i) {
    const auto segment = at<Elf64_Phdr>(bytes, header.e_phoff + i * sizeof(Elf64_Phdr));
    if (!segment || segment->p_type != PT_INTERP) continue;
    const std::string_view rest = bytes.substr(std::min(segment->p_offset, bytes.size()));
    const std::string_view name = rest.substr(0, std::min<std::size_t>(segment->p_filesz, 256));
    return std::string(name.substr(0, name.find('\0')));
  }
  return {};
}

Result<> check_name(const LoaderCommand& command, const std::set<std::string>& taken) {
  if (!taken.contains(command.name)) return {};
  return Error{
      fmt::format("loader '{}': there is another loader called '{}'", command.path, command.name),
      "give the file another name"};
}

Result<std::set<std::string>> loaders_of_ours(Arch arch) {
  const Result<GuestTools> tools = find_guest_tools(arch);
  if (!tools) return tools.error();
  std::set<std::string> names;
  for (const LoaderFile& loader : tools->loaders) names.insert(loader.name);
  return names;
}

std::set<Arch> archs_of(const Plan& plan, const std::string& loader) {
  std::set<Arch> archs;
  for (const Cell& cell : plan.cells) {
    if (cell.loader == loader) archs.insert(cell.kernel.arch);
  }
  return archs;
}

}  // namespace

Result<> check_runs_in_guest(std::string_view bytes, Arch arch, const std::string& path) {
  const auto header = executable_header(bytes);
  if (!header) return Error{fmt::format("loader '{}': not an executable ELF file", path)};
  if (header->e_machine != (arch == Arch::x86_64 ? EM_X86_64 : EM_AARCH64)) {
    return Error{fmt::format("loader '{}': made for {}, and is to run on {}", path,
                             machine_name(header->e_machine), to_string(arch)),
                 "with '{arch}' in its path there is one file for each; --arch chooses kernels"};
  }
  const std::string needs = interpreter(bytes, *header);
  if (needs.empty()) return {};
  return Error{fmt::format("loader '{}': not static (it needs '{}')", path, needs),
               "a guest has no libraries; C: -static, Rust: a -musl target, Go: CGO_ENABLED=0"};
}

Result<CommandFile> find_command(const LoaderCommand& command, Arch arch) {
  const std::string path = path_on(command, arch);
  const Result<std::string> bytes = read_file(path, kMaxCommandBytes);
  if (!bytes) return wrap("loader", bytes.error());
  if (const Result<> runs = check_runs_in_guest(*bytes, arch, path); !runs) return runs.error();
  return CommandFile{command, path, sha256_hex(*bytes)};
}

Result<CommandFiles> find_commands(const std::vector<LoaderCommand>& commands, const Plan& plan) {
  CommandFiles files;
  std::set<std::string> seen;
  for (const LoaderCommand& command : commands) {
    if (const Result<> fresh = check_name(command, seen); !fresh) return fresh.error();
    seen.insert(command.name);
    for (const Arch arch : archs_of(plan, command.name)) {
      const auto ours = loaders_of_ours(arch);
      if (!ours) return ours.error();
      if (const Result<> free = check_name(command, *ours); !free) return free.error();
      Result<CommandFile> file = find_command(command, arch);
      if (!file) return std::move(file).error();
      files.emplace(std::pair(command.name, arch), *std::move(file));
    }
  }
  return files;
}

}  // namespace bpfmatrix
