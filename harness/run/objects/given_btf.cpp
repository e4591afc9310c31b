#include "run/objects/given_btf.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/sha256.h"
#include "elf/btf.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxBtfBytes = 64 << 20;

/// A file as it was read once, for all the kernels it is meant for.
struct ReadBtf {
  KernelBtf btf{};
  std::optional<Arch> arch{};
};

Result<ReadBtf> read_btf(const std::string& path) {
  Result<std::string> bytes = read_file(path, kMaxBtfBytes);
  if (!bytes) return std::move(bytes).error();
  ReadBtf read{{std::filesystem::absolute(path), bytes->size(), sha256_hex(*bytes)}, {}};
  const Result<Btf> btf = Btf::parse(*std::move(bytes));
  if (!btf) return wrap(fmt::format("'{}'", path), btf.error());
  read.arch = arch_of(*btf);
  return read;
}

Result<> give(const ReadBtf& read, const BtfFile& file, const PlanKernel& kernel, GivenBtf& given) {
  if (read.arch && *read.arch != kernel.arch) {
    return Error{fmt::format("'{}': the BTF of a kernel for {}, '{}' is for {}", file.path,
                             to_string(*read.arch), kernel.id, to_string(kernel.arch)),
                 "say which kernels it is for: --btf-file 'GLOB=FILE'"};
  }
  if (given.emplace(kernel.id, read.btf).second) return {};
  return Error{fmt::format("'{}': BTF for '{}' was already given", file.path, kernel.id)};
}

/// Compilers give clones of a function a suffix (".isra.0") that BTF does not have.
bool is_function(const KernelSymbols& symbols, std::string_view name) {
  if (symbols.in(SymbolList::kallsyms, name) == true) return true;
  const std::vector<std::string> clones = symbols.starting_with(std::string(name) + ".");
  return std::any_of(clones.begin(), clones.end(), [&](const std::string& clone) {
    return symbols.in(SymbolList::kallsyms, clone) == true;
  });
}

}  // namespace

BtfFile parse_btf_file(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || text.find('/') < equals) return {"*", text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

Result<GivenBtf> find_given_btf(const std::vector<BtfFile>& files, const Plan& plan) {
  std::map<std::string, PlanKernel> kernels;
  for (const Cell& cell : plan.cells) kernels.emplace(cell.kernel.id, cell.kernel);
  GivenBtf given;
  for (const BtfFile& file : files) {
    const Result<ReadBtf> read = read_btf(file.path);
    if (!read) return wrap("--btf-file", read.error());
    bool used = false;
    for (const auto& [id, kernel] : kernels) {
      if (!glob_match(file.kernels, id)) continue;
      used = true;
      if (Result<> taken = give(*read, file, kernel, given); !taken) {
        return wrap("--btf-file", std::move(taken).error());
      }
    }
    if (!used) {
      return Error{
          fmt::format("--btf-file '{}={}': the run has no such kernel", file.kernels, file.path)};
    }
  }
  return given;
}

std::optional<BtfShare> share_in_kernel(const KernelBtf& btf, const KernelSymbols& symbols) {
  if (!symbols.knows(SymbolList::kallsyms)) return std::nullopt;
  Result<std::string> bytes = read_file(btf.file, kMaxBtfBytes);
  if (!bytes) return std::nullopt;
  const Result<Btf> types = Btf::parse(*std::move(bytes));
  if (!types) return std::nullopt;
  const BtfShare share =
      share_of_functions(*types, [&](std::string_view name) { return is_function(symbols, name); });
  return share.compared > 0 ? std::optional(share) : std::nullopt;
}

}  // namespace bpfmatrix
