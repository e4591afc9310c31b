#include "run/objects/given_btf.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/sha256.h"
#include "elf/btf.h"
#include "elf/elf_file.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxBtfBytes = 64 << 20;
/// A vmlinux with its debug information has some hundred MiB.
constexpr std::uint64_t kMaxElfBytes = 1 << 30;
constexpr std::string_view kElfMagic = "\177ELF";

/// A file as it was read once, for all the cells it is meant for.
struct ReadBtf {
  KernelBtf btf{};
  std::optional<Arch> arch{};
};

/// Which of the files that are meant for a cell counts.
enum class Rank { of_case, for_all, for_cases };

class BtfGiver {
 public:
  BtfGiver(const Plan& plan, const Store& store) : plan_(plan), store_(store) {}

  /// To the cells that `file` is meant for and whose case `is_for` takes; false: there is none.
  Result<bool> give(const BtfFile& file, Rank rank,
                    const std::function<bool(const std::string&)>& is_for) {
    bool used = false;
    std::set<std::pair<std::string, std::string>> once;
    for (const Cell& cell : plan_.cells) {
      const auto key = std::make_pair(cell.kernel.id, cell.case_id);
      if (!glob_match(file.kernels, key.first) || !is_for(key.second)) continue;
      used = true;
      if (!once.insert(key).second) continue;
      const Result<ReadBtf> read = this->read(file.path);
      if (!read) return read.error();
      if (const Result<> given = give(*read, file, rank, cell); !given) return given.error();
    }
    return used;
  }

  GivenBtf given() const {
    GivenBtf given;
    for (const auto& [key, chosen] : chosen_) given.emplace(key, chosen.second);
    return given;
  }

 private:
  Result<ReadBtf> read(const std::string& path) {
    const auto before = read_.find(path);
    if (before != read_.end()) return before->second;
    Result<std::string> bytes = read_file(path, kMaxElfBytes);
    if (!bytes) return std::move(bytes).error();
    ReadBtf read{{std::filesystem::absolute(path), bytes->size(), sha256_hex(*bytes)}, {}};
    if (bytes->starts_with(kElfMagic)) {
      if (const Result<> taken = take_out_of_elf(*bytes, read.btf); !taken)
        return file_error(path, taken.error());
    }
    if (bytes->size() > kMaxBtfBytes)
      return file_error(path, Error{fmt::format("more than {} bytes of BTF", kMaxBtfBytes)});
    const Result<Btf> btf = Btf::parse(*std::move(bytes));
    if (!btf) return file_error(path, btf.error());
    read.arch = arch_of(*btf);
    return read_.emplace(path, std::move(read)).first->second;
  }

  /// A guest is given BTF and nothing else of the file.
  Result<> take_out_of_elf(std::string& bytes, KernelBtf& btf) const {
    const Result<ElfFile> elf = ElfFile::parse(std::move(bytes));
    if (!elf) return elf.error();
    const ElfSection* section = elf->section(".BTF");
    if (section == nullptr) {
      return Error{"an ELF file without a section .BTF",
                   "pahole -J adds one to a vmlinux that has DWARF"};
    }
    bytes = std::string(section->bytes);
    const std::string sha256 = sha256_hex(bytes);
    btf = {store_.blob(sha256), bytes.size(), sha256};
    const Result<> prepared = store_.prepare();
    return prepared ? write_file(btf.file, bytes) : prepared;
  }

  Result<> give(const ReadBtf& read, const BtfFile& file, Rank rank, const Cell& cell) {
    const PlanKernel& kernel = cell.kernel;
    if (read.arch && *read.arch != kernel.arch) {
      return Error{fmt::format("'{}': the BTF of a kernel for {}, '{}' is for {}", file.path,
                               to_string(*read.arch), kernel.id, to_string(kernel.arch)),
                   "say which kernels it is for: --btf-file 'GLOB=FILE'"};
    }
    const auto [known, fresh] =
        chosen_.try_emplace({kernel.id, cell.case_id}, std::make_pair(rank, read.btf));
    if (!fresh && known->second.first == rank && known->second.second.sha256 != read.btf.sha256) {
      return Error{fmt::format("'{}': BTF for '{}' on '{}' was already given", file.path,
                               cell.case_id, kernel.id)};
    }
    if (known->second.first < rank) known->second = {rank, read.btf};
    return {};
  }

  const Plan& plan_;
  const Store& store_;
  std::map<std::string, ReadBtf> read_{};
  std::map<std::pair<std::string, std::string>, std::pair<Rank, KernelBtf>> chosen_{};
};

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
  if (equals == std::string::npos || text.find('/') < equals) return {"*", text, {}};
  BtfFile file{text.substr(0, equals), text.substr(equals + 1), {}};
  const std::size_t colon = file.kernels.find(':');
  if (colon == std::string::npos) return file;
  file.cases = file.kernels.substr(0, colon);
  file.kernels.erase(0, colon + 1);
  return file;
}

Result<GivenBtf> find_given_btf(const std::vector<BtfFile>& files,
                                const std::map<std::string, CaseSpec>& cases, const Plan& plan,
                                const Store& store) {
  BtfGiver giver(plan, store);
  for (const auto& [id, spec] : cases) {
    for (const BtfFile& file : spec.btf_files) {
      const Result<bool> given =
          giver.give(file, Rank::of_case, [&id = id](const auto& other) { return other == id; });
      if (!given) return wrap(fmt::format("{}: btf_files", id), given.error());
    }
  }
  for (const BtfFile& file : files) {
    const std::string cases_of = file.cases.value_or("*");
    const Result<bool> given =
        giver.give(file, file.cases ? Rank::for_cases : Rank::for_all,
                   [&](const std::string& id) { return glob_match(cases_of, id); });
    if (!given) return wrap("--btf-file", given.error());
    if (*given) continue;
    const std::string of = file.cases ? *file.cases + ":" : "";
    return Error{fmt::format("--btf-file '{}{}={}': the run has no such {}", of, file.kernels,
                             file.path, file.cases ? "kernel with such a case" : "kernel")};
  }
  return giver.given();
}

void KernelForCases::take(const GivenBtf& given) {
  if (!kernel_) return;
  const auto first = given.lower_bound({kernel_->id, ""});
  for (auto one = first; one != given.end() && one->first.first == kernel_->id; ++one) {
    Kernel kernel = *kernel_;
    kernel.given_btf = one->second;
    for_case_.emplace(one->first.second, std::move(kernel));
  }
}

const Result<Kernel>& KernelForCases::of(const std::string& case_id) const {
  const auto found = for_case_.find(case_id);
  return found != for_case_.end() ? found->second : kernel_;
}

std::vector<KernelBtf> KernelForCases::given() const {
  std::vector<KernelBtf> files;
  for (const auto& entry : for_case_) {
    const KernelBtf& given = *entry.second->given_btf;
    const bool is_known = std::any_of(files.begin(), files.end(), [&](const KernelBtf& file) {
      return file.sha256 == given.sha256;
    });
    if (!is_known) files.push_back(given);
  }
  return files;
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
