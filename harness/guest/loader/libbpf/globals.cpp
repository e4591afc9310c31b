#include "guest/loader/libbpf/globals.h"

#include <bpf/btf.h>
#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <string_view>

namespace bpfmatrix::guest {

namespace {

/// Where a variable lies: in the initial value of the map of its section.
struct Place {
  std::string section{};
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
  bool is_signed = false;
};

const char* name_of(const btf* types, const btf_type* type) {
  const char* name = btf__name_by_offset(types, type->name_off);
  return name != nullptr ? name : "";
}

std::optional<Place> find_variable(const btf* types, std::string_view variable) {
  for (unsigned id = 1; id < btf__type_cnt(types); ++id) {
    const btf_type* section = btf__type_by_id(types, id);
    if (!btf_is_datasec(section)) continue;
    for (unsigned i = 0; i < btf_vlen(section); ++i) {
      const btf_var_secinfo& info = btf_var_secinfos(section)[i];
      const btf_type* var = btf__type_by_id(types, info.type);
      if (var == nullptr || !btf_is_var(var) || variable != name_of(types, var)) continue;
      const int id_of_type = btf__resolve_type(types, var->type);
      const btf_type* type =
          id_of_type < 0 ? nullptr : btf__type_by_id(types, static_cast<unsigned>(id_of_type));
      if (type == nullptr || !btf_is_int(type)) return Place{};
      const bool is_signed = (btf_int_encoding(type) & BTF_INT_SIGNED) != 0;
      return Place{name_of(types, section), info.offset, info.size, is_signed};
    }
  }
  return std::nullopt;
}

/// libbpf names these maps after the object; the section is the end of the name.
bpf_map* map_of_section(const bpf_object* object, std::string_view section) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (bpf_map__is_internal(map) && std::string_view(bpf_map__name(map)).ends_with(section)) {
      return map;
    }
  }
  return nullptr;
}

bool fits(std::int64_t value, const Place& place) {
  const unsigned bits = place.bytes * 8;
  if (bits >= 64) return place.is_signed || value >= 0;
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  return place.is_signed ? value >= -half && value < half : value >= 0 && value < 2 * half;
}

Result<> set_global(bpf_object* object, const std::string& name, std::int64_t value) {
  const btf* types = bpf_object__btf(object);
  const std::optional<Place> place = types != nullptr ? find_variable(types, name) : std::nullopt;
  if (!place) return Error{fmt::format("no global variable '{}'", name)};
  if (place->bytes == 0 || place->bytes > sizeof value) {
    return Error{fmt::format("global variable '{}': not an integer", name)};
  }
  if (!fits(value, *place)) {
    return Error{fmt::format("global variable '{}': {} does not fit", name, value)};
  }
  bpf_map* map = map_of_section(object, place->section);
  std::size_t size = 0;
  const auto* bytes = map != nullptr ? bpf_map__initial_value(map, &size) : nullptr;
  if (bytes == nullptr || place->offset > size || place->bytes > size - place->offset) {
    return Error{fmt::format("global variable '{}': its section holds no values", name)};
  }
  std::string values(static_cast<const char*>(bytes), size);
  std::memcpy(values.data() + place->offset, &value, place->bytes);
  if (bpf_map__set_initial_value(map, values.data(), values.size()) != 0) {
    return Error{fmt::format("global variable '{}': its section cannot be written", name)};
  }
  return {};
}

}  // namespace

Result<> set_globals(bpf_object* object, const Globals& globals) {
  for (const auto& [name, value] : globals) {
    if (Result<> set = set_global(object, name, value); !set) return set;
  }
  return {};
}

}  // namespace bpfmatrix::guest
