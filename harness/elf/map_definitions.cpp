#include "elf/map_definitions.h"

#include <bpf/libbpf.h>
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>

#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

/// The fields that struct bpf_map_def has had since its first version.
struct LegacyDefinition {
  std::uint32_t type, key_size, value_size, max_entries;
};

/// libbpf 1.1 does not name the last two yet: 317460317a02 (6.9), b4ce5923e780 (6.19).
std::string map_type_name(std::uint64_t type) {
  if (type == 33) return "arena";
  if (type == 34) return "insn_array";
  const char* name =
      type <= INT32_MAX ? ::libbpf_bpf_map_type_str(static_cast<enum bpf_map_type>(type)) : nullptr;
  return name != nullptr ? name : fmt::format("type {}", type);
}

/// `__uint(name, N)` is a pointer to an array of N: the number lives in the type.
std::uint64_t number_in(const Btf& btf, BtfId type) {
  const auto pointer = btf.resolve(type);
  if (!pointer || pointer->kind != BtfKind::ptr) return 0;
  const auto target = btf.resolve(pointer->target);
  const auto array = target ? btf.array(*target) : std::nullopt;
  return array ? array->count : 0;
}

/// `__type(name, T)` is a pointer to T.
std::uint64_t size_behind(const Btf& btf, BtfId type) {
  const auto pointer = btf.resolve(type);
  if (!pointer || pointer->kind != BtfKind::ptr) return 0;
  return btf.size_of(pointer->target).value_or(0);
}

ObjectMap btf_map(const Btf& btf, const BtfType& variable) {
  ObjectMap map{.name = std::string(variable.name), .source = MapSource::btf, .type = "unknown"};
  const auto definition = btf.resolve(variable.target);
  if (!definition) return map;
  for (const BtfMember& member : btf.members(*definition)) {
    if (member.name == "type") map.type = map_type_name(number_in(btf, member.type));
    if (member.name == "key_size") map.key_size = number_in(btf, member.type);
    if (member.name == "value_size") map.value_size = number_in(btf, member.type);
    if (member.name == "max_entries") map.max_entries = number_in(btf, member.type);
    if (member.name == "key") map.key_size = size_behind(btf, member.type);
    if (member.name == "value") map.value_size = size_behind(btf, member.type);
  }
  return map;
}

void add_btf_maps(const Btf& btf, std::vector<ObjectMap>& maps) {
  for (const BtfId section : btf.find(".maps", BtfKind::datasec)) {
    for (const BtfSectionVariable& entry : btf.section_variables(*btf.type(section))) {
      const auto variable = btf.type(entry.variable);
      if (variable && variable->kind == BtfKind::var) maps.push_back(btf_map(btf, *variable));
    }
  }
}

bool is_legacy_section(std::string_view section) {
  return section == "maps" || section.starts_with("maps/");
}

/// Maps that have a symbol: all legacy ones, and those of .maps when the BTF is gone.
void add_symbol_maps(const ElfFile& elf, bool without_btf, std::vector<ObjectMap>& maps) {
  for (const ElfSymbol& symbol : elf.symbols()) {
    if (symbol.section >= elf.sections().size() || symbol.name.empty()) continue;
    if (symbol.type != STT_OBJECT && symbol.type != STT_NOTYPE) continue;
    const ElfSection& section = elf.sections()[symbol.section];
    if (section.name == ".maps" && without_btf) {
      maps.push_back(
          {.name = std::string(symbol.name), .source = MapSource::btf, .type = "unknown"});
    } else if (is_legacy_section(section.name)) {
      const auto raw = read_at<LegacyDefinition>(section.bytes, symbol.value);
      if (!raw) continue;
      maps.push_back({.name = std::string(symbol.name),
                      .source = MapSource::legacy,
                      .type = map_type_name(raw->type),
                      .key_size = raw->key_size,
                      .value_size = raw->value_size,
                      .max_entries = raw->max_entries});
    }
  }
}

void add_global_map(std::string_view section, std::uint64_t size, std::vector<ObjectMap>& maps) {
  if (size == 0) return;
  maps.push_back({.name = std::string(section),
                  .source = MapSource::global,
                  .type = "array",
                  .key_size = 4,
                  .value_size = size,
                  .max_entries = 1});
}

void add_global_maps(const ElfFile& elf, const Btf* btf, std::vector<ObjectMap>& maps) {
  for (const ElfSection& section : elf.sections()) {
    if (is_global_data_section(section.name)) add_global_map(section.name, section.size, maps);
  }
  // Externs have no ELF section: libbpf lays them out at load time, one after the other.
  if (btf == nullptr) return;
  for (const BtfId kconfig : btf->find(".kconfig", BtfKind::datasec)) {
    std::uint64_t size = 0;
    for (const BtfSectionVariable& entry : btf->section_variables(*btf->type(kconfig))) {
      const std::uint64_t bytes = btf->size_of(entry.variable).value_or(entry.size);
      const std::uint64_t align = std::clamp<std::uint64_t>(bytes, 1, 8);
      size = (size + align - 1) / align * align + bytes;
    }
    add_global_map(".kconfig", size, maps);
  }
}

}  // namespace

std::vector<ObjectMap> read_maps(const ElfFile& elf, const Btf* btf) {
  std::vector<ObjectMap> maps;
  if (btf != nullptr) add_btf_maps(*btf, maps);
  const bool without_btf = maps.empty();
  add_symbol_maps(elf, without_btf, maps);
  add_global_maps(elf, btf, maps);
  return maps;
}

bool is_map_section(std::string_view section) {
  return section == ".maps" || is_legacy_section(section);
}

bool is_global_data_section(std::string_view section) {
  for (const std::string_view base : {".data", ".rodata", ".bss"}) {
    if (section == base) return true;
    if (section.starts_with(base) && section[base.size()] == '.') return true;
  }
  return false;
}

}  // namespace bpfmatrix
