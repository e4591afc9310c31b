#include "elf/object.h"

#include <bpf/libbpf.h>
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>
#include <optional>
#include <string_view>

#include "base/file.h"
#include "base/printable.h"
#include "base/section_name.h"
#include "base/sha256.h"
#include "elf/elf_file.h"
#include "elf/intake.h"
#include "elf/little_endian.h"
#include "elf/map_definitions.h"
#include "elf/reach.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

/// Far above any real object. Without it, names shared by millions of symbols would be copied until
/// memory ends.
constexpr std::size_t kMaxMapEntries = 4096;
constexpr std::size_t kMaxNameBytes = 1024;
constexpr std::uint32_t kRelocationCall = 10;  // R_BPF_64_32

/// Sections newer than libbpf 1.1, the oldest this is built with.
constexpr std::pair<std::string_view, std::string_view> kNewerSections[] = {
    {"kprobe.session", "kprobe"}, {"uprobe.multi", "kprobe"}, {"uretprobe.multi", "kprobe"},
    {"uprobe.session", "kprobe"}, {"usdt", "kprobe"},         {"tcx", "sched_cls"},
    {"netkit", "sched_cls"},      {"netfilter", "netfilter"}, {"struct_ops", "struct_ops"},
};

/// libbpf explains on standard error when a section names no type; we say it ourselves.
class QuietLibbpf {
 public:
  QuietLibbpf() : before_(::libbpf_set_print(nullptr)) {}
  QuietLibbpf(const QuietLibbpf&) = delete;
  QuietLibbpf& operator=(const QuietLibbpf&) = delete;
  ~QuietLibbpf() { ::libbpf_set_print(before_); }

 private:
  libbpf_print_fn_t before_;
};

std::string program_type(std::string_view section) {
  const SectionName name = parse_section_name(section);
  const QuietLibbpf quiet;
  bpf_prog_type type{};
  bpf_attach_type attach{};
  if (::libbpf_prog_type_by_name(std::string(name.without_mark).c_str(), &type, &attach) == 0) {
    const char* word = ::libbpf_bpf_prog_type_str(type);
    if (word != nullptr && type != BPF_PROG_TYPE_UNSPEC) return word;
  }
  for (const auto& [known, word] : kNewerSections) {
    if (name.method == known) return std::string(word);
  }
  return "unknown";
}

/// "clang 14.0.6" of "Debian clang version 14.0.6", "rustc 1.75.0" of "clang LLVM (rustc version
/// 1.75.0)". Nothing if it does not read like a compiler.
std::optional<std::string> short_producer(std::string_view text) {
  for (const std::string_view name : {"rustc", "clang"}) {
    const std::string mark = fmt::format("{} version ", name);
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view version = text.substr(at + mark.size());
    const auto end = std::find_if_not(version.begin(), version.end(), [](unsigned char c) {
      return std::isalnum(c) || c == '.' || c == '-' || c == '~' || c == '+';
    });
    return fmt::format("{} {}", name,
                       version.substr(0, static_cast<std::size_t>(end - version.begin())));
  }
  if (!text.starts_with("GNU C")) return std::nullopt;
  const std::size_t space = text.find(' ', 4);
  const std::string_view rest = space == text.npos ? "" : text.substr(space + 1);
  return fmt::format("gcc {}", rest.substr(0, rest.find(' ')));
}

/// DW_AT_producer is the first string that clang, rustc and gcc put into .debug_str; .comment has
/// the same text where a linker wrote it.
std::string producer(const ElfFile& elf) {
  for (const std::string_view name : {".debug_str", ".comment"}) {
    const ElfSection* section = elf.section(name);
    if (section == nullptr) continue;
    const std::size_t start = section->bytes.find_first_not_of('\0');
    if (start == std::string_view::npos) continue;
    const auto text = string_at(section->bytes, start);
    if (!text || text->size() > kMaxNameBytes) continue;
    if (const auto found = short_producer(*text)) return *found;
  }
  return "";
}

/// Without the terminating NUL, and no longer than a license could be (the kernel copies 128).
std::string license(const ElfFile& elf) {
  const ElfSection* section = elf.section("license");
  if (section == nullptr) return "";
  const std::string_view text = section->bytes.substr(0, 127);
  return std::string(text.substr(0, text.find('\0')));
}

/// Entry programs in the order of symbols. Functions of .text, and static ones, are subprograms:
/// they are called by others.
Result<std::vector<const ElfSymbol*>> entry_symbols(const ElfFile& elf) {
  std::vector<const ElfSymbol*> entries;
  for (const ElfSymbol& symbol : elf.symbols()) {
    if (symbol.type != STT_FUNC || symbol.binding == STB_LOCAL) continue;
    if (symbol.section >= elf.sections().size()) continue;
    const ElfSection& section = elf.sections()[symbol.section];
    if (!section.executable() || section.name == ".text") continue;
    if (!slice(section.bytes, symbol.value, symbol.size)) {
      return Error{fmt::format("damaged: program '{}' ends beyond its section",
                               symbol.name.substr(0, kMaxNameBytes))};
    }
    entries.push_back(&symbol);
  }
  if (entries.size() > kMaxMapEntries) {
    return Error{fmt::format("more than {} programs", kMaxMapEntries)};
  }
  std::sort(entries.begin(), entries.end(), [](const ElfSymbol* a, const ElfSymbol* b) {
    return std::pair(a->section, a->value) < std::pair(b->section, b->value);
  });
  return entries;
}

/// CO-RE relocations of each section, by instruction.
using CoreBySection = std::map<std::string_view, std::vector<std::uint32_t>>;

CoreBySection core_by_section(const BtfExt& ext) {
  CoreBySection all;
  for (const CoreRelocation& relocation : ext.relocations) {
    all[relocation.section].push_back(relocation.instruction);
  }
  for (auto& [section, instructions] : all) std::sort(instructions.begin(), instructions.end());
  return all;
}

std::uint64_t count_within(const CoreBySection& all, std::string_view section, std::uint64_t first,
                           std::uint64_t count) {
  const auto found = all.find(section);
  if (found == all.end()) return 0;
  const auto begin = std::lower_bound(found->second.begin(), found->second.end(), first);
  const auto end = std::lower_bound(begin, found->second.end(), first + count);
  return static_cast<std::uint64_t>(end - begin);
}

Result<> read_programs(const ElfFile& elf, const BtfExt& ext, ObjectInfo& info) {
  const Result<std::vector<const ElfSymbol*>> entries = entry_symbols(elf);
  if (!entries) return entries.error();
  const CoreBySection core = core_by_section(ext);
  for (const ElfSymbol* symbol : *entries) {
    const std::string_view section = elf.sections()[symbol->section].name;
    const std::uint64_t count = symbol->size / kInstructionBytes;
    info.programs.push_back({.name = std::string(symbol->name.substr(0, kMaxNameBytes)),
                             .section = std::string(section.substr(0, kMaxNameBytes)),
                             .type = program_type(section.substr(0, kMaxNameBytes)),
                             .instructions = count,
                             .core_relocations = count_within(
                                 core, section, symbol->value / kInstructionBytes, count)});
  }
  return {};
}

void count_relocation(const ElfFile& elf, const ElfRelocation& relocation,
                      RelocationCounts& counts) {
  if (relocation.symbol >= elf.symbols().size()) return;
  const ElfSymbol& symbol = elf.symbols()[relocation.symbol];
  if (symbol.section == SHN_UNDEF) {
    ++counts.externs;
    return;
  }
  if (symbol.section >= elf.sections().size()) return;
  const ElfSection& section = elf.sections()[symbol.section];
  if (relocation.type == kRelocationCall)
    ++counts.calls;
  else if (section.executable())
    ++counts.callbacks;
  else if (is_map_section(section.name))
    ++counts.maps;
  else if (is_global_data_section(section.name))
    ++counts.global_data;
}

RelocationCounts count_relocations(const ElfFile& elf, const BtfExt& ext) {
  RelocationCounts counts;
  for (const ElfSection& table : elf.sections()) {
    if (table.type != SHT_REL || table.info >= elf.sections().size()) continue;
    if (!elf.sections()[table.info].executable()) continue;
    for (const ElfRelocation& relocation : elf.relocations(table)) {
      count_relocation(elf, relocation, counts);
    }
  }
  for (const CoreRelocation& relocation : ext.relocations) {
    ++counts.core[static_cast<std::size_t>(relocation.kind)];
  }
  return counts;
}

std::optional<Btf> read_btf(const ElfFile& elf, ObjectInfo& info) {
  const ElfSection* section = elf.section(".BTF");
  if (section == nullptr) return std::nullopt;
  info.btf = true;
  Result<Btf> btf = Btf::parse(std::string(section->bytes));
  if (btf) return *std::move(btf);
  info.btf_problem = btf.error().message;
  return std::nullopt;
}

BtfExt read_btf_ext(const ElfFile& elf, const Btf* btf, ObjectInfo& info) {
  const ElfSection* section = elf.section(".BTF.ext");
  if (section == nullptr) return {};
  info.btf_ext = true;
  if (btf == nullptr) return {};
  Result<BtfExt> ext = parse_btf_ext(section->bytes, *btf);
  if (ext) return *std::move(ext);
  info.btf_problem = ext.error().message;
  return {};
}

/// Names are bytes of the file. Nothing is looked up by them in the ELF file after this.
void make_texts_valid(ObjectInfo& info) {
  const auto validate = [](std::string& text) { text = valid_text(text); };
  for (std::string* text : {&info.license, &info.producer, &info.btf_problem}) validate(*text);
  for (ObjectProgram& program : info.programs) {
    for (std::string* text : {&program.name, &program.section, &program.type}) validate(*text);
  }
  for (ObjectMap& map : info.maps) {
    for (std::string* text : {&map.name, &map.type}) validate(*text);
  }
}

Result<> read_contents(const ElfFile& elf, ObjectInfo& info) {
  info.license = license(elf);
  info.producer = producer(elf);
  const std::optional<Btf> btf = read_btf(elf, info);
  const Btf* types = btf ? &*btf : nullptr;
  const BtfExt ext = read_btf_ext(elf, types, info);
  if (Result<> read = read_programs(elf, ext, info); !read) return read;
  info.maps = read_maps(elf, types);
  if (info.maps.size() > kMaxMapEntries)
    return Error{fmt::format("more than {} maps", kMaxMapEntries)};
  // One that has maps alone may be another's.
  if (info.programs.empty() && info.maps.empty()) {
    return Error{"BPF object without any program",
                 "give the entry function a section that names its type: SEC(\"kprobe/...\"), "
                 "SEC(\"xdp\")"};
  }
  info.relocations = count_relocations(elf, ext);
  info.reaches_out = reaches_out(elf, info);
  make_texts_valid(info);
  return {};
}

}  // namespace

std::uint64_t RelocationCounts::core_total() const {
  return std::accumulate(core.begin(), core.end(), std::uint64_t{0});
}

Result<ObjectInfo> read_object(const fs::path& path) {
  Result<std::string> bytes = read_file(path, kMaxObjectBytes);
  if (!bytes) return std::move(bytes).error();
  return read_object_bytes(*std::move(bytes), path);
}

Result<ObjectInfo> read_object_bytes(std::string bytes, const fs::path& path) {
  if (std::optional<Error> reason = why_not_loadable(bytes, path)) return *std::move(reason);
  const std::string subject = fmt::format("'{}'", path.string());
  ObjectInfo info{.sha256 = sha256_hex(bytes), .bytes = bytes.size()};
  Result<ElfFile> elf = ElfFile::parse(std::move(bytes));
  if (!elf) return wrap(subject, std::move(elf).error());
  if (Result<> read = read_contents(*elf, info); !read) {
    return wrap(subject, std::move(read).error());
  }
  return info;
}

}  // namespace bpfmatrix
