#include "guest/loader/libbpf/globals.h"

#include <bpf/btf.h>
#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace bpfmatrix::guest {

namespace {

/// A variable, or a part of it: in the initial value of the map of its section.
struct Place {
  std::string section{};
  std::uint64_t offset = 0;
  /// Resolved: no typedef, no const.
  const btf_type* type = nullptr;
};

/// Of an integer type.
struct Integer {
  std::uint32_t bytes = 0;
  bool is_signed = false;
};

const char* name_of(const btf* types, const btf_type* type) {
  const char* name = btf__name_by_offset(types, type->name_off);
  return name != nullptr ? name : "";
}

const btf_type* without_typedefs(const btf* types, std::uint32_t id) {
  const int plain = btf__resolve_type(types, id);
  return plain < 0 ? nullptr : btf__type_by_id(types, static_cast<unsigned>(plain));
}

std::optional<std::uint64_t> size_of(const btf* types, std::uint32_t id) {
  const std::int64_t bytes = btf__resolve_size(types, id);
  return bytes > 0 ? std::optional(static_cast<std::uint64_t>(bytes)) : std::nullopt;
}

std::optional<Place> find_variable(const btf* types, std::string_view variable) {
  for (unsigned id = 1; id < btf__type_cnt(types); ++id) {
    const btf_type* section = btf__type_by_id(types, id);
    if (!btf_is_datasec(section)) continue;
    for (unsigned i = 0; i < btf_vlen(section); ++i) {
      const btf_var_secinfo& info = btf_var_secinfos(section)[i];
      const btf_type* var = btf__type_by_id(types, info.type);
      if (var == nullptr || !btf_is_var(var) || variable != name_of(types, var)) continue;
      return Place{name_of(types, section), info.offset, without_typedefs(types, var->type)};
    }
  }
  return std::nullopt;
}

/// ".member", as far as it is one; of a bitfield nothing can be set.
bool step_into_member(const btf* types, std::string_view member, Place& place) {
  if (place.type == nullptr || !btf_is_composite(place.type)) return false;
  for (unsigned i = 0; i < btf_vlen(place.type); ++i) {
    const btf_member& one = btf_members(place.type)[i];
    const char* name = btf__name_by_offset(types, one.name_off);
    if (name == nullptr || member != name) continue;
    if (btf_member_bitfield_size(place.type, i) != 0) return false;
    place.offset += btf_member_bit_offset(place.type, i) / 8;
    place.type = without_typedefs(types, one.type);
    return true;
  }
  return false;
}

bool step_into_element(const btf* types, std::string_view index, Place& place) {
  if (place.type == nullptr || !btf_is_array(place.type)) return false;
  const struct btf_array& array = *btf_array(place.type);
  std::uint32_t at = 0;
  const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), at);
  const auto bytes = size_of(types, array.type);
  if (error != std::errc() || end != index.data() + index.size() || at >= array.nelems || !bytes)
    return false;
  place.offset += at * *bytes;
  place.type = without_typedefs(types, array.type);
  return true;
}

/// "cfg.ports[2]"
std::optional<Place> find_place(const btf* types, std::string_view path) {
  const std::size_t first = path.find_first_of(".[");
  std::optional<Place> place = find_variable(types, path.substr(0, first));
  path.remove_prefix(std::min(first, path.size()));
  while (place && !path.empty()) {
    const bool member = path.front() == '.';
    path.remove_prefix(1);
    const std::size_t end = member ? path.find_first_of(".[") : path.find(']');
    if (!member && end == std::string_view::npos) return std::nullopt;
    const std::string_view word = path.substr(0, end);
    const bool stepped =
        member ? step_into_member(types, word, *place) : step_into_element(types, word, *place);
    if (!stepped) return std::nullopt;
    path.remove_prefix(std::min(path.size(), member ? word.size() : word.size() + 1));
  }
  return place;
}

std::optional<Integer> as_integer(const btf_type* type) {
  if (type == nullptr) return std::nullopt;
  const bool plain = btf_is_int(type) || btf_is_any_enum(type);
  if (!plain || type->size == 0 || type->size > sizeof(std::int64_t)) return std::nullopt;
  const bool is_signed =
      btf_is_int(type) ? (btf_int_encoding(type) & BTF_INT_SIGNED) != 0 : btf_kflag(type);
  return Integer{type->size, is_signed};
}

bool fits(std::int64_t value, const Integer& integer) {
  const unsigned bits = integer.bytes * 8;
  if (bits >= 64) return integer.is_signed || value >= 0;
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  return integer.is_signed ? value >= -half && value < half : value >= 0 && value < 2 * half;
}

/// The bytes of a value. Error: it is none of the type.
class Bytes {
 public:
  Bytes(const btf* types, const btf_type* type) : types_(types), type_(type) {}

  Result<std::string> operator()(std::int64_t value) const {
    const std::optional<Integer> integer = as_integer(type_);
    if (!integer) return Error{"not an integer"};
    return of(value, *integer);
  }

  Result<std::string> operator()(const std::string& text) const {
    const std::optional<Integer> element = element_type();
    if (!element || element->bytes != 1) return Error{"no array of characters"};
    const std::size_t room = btf_array(type_)->nelems;
    if (text.size() >= room) return Error{fmt::format("no room for {} bytes", text.size() + 1)};
    return text + std::string(room - text.size(), '\0');
  }

  Result<std::string> operator()(const std::vector<std::int64_t>& values) const {
    const std::optional<Integer> element = element_type();
    if (!element) return Error{"no array of integers"};
    if (values.size() > btf_array(type_)->nelems)
      return Error{fmt::format("no room for {} elements", values.size())};
    std::string bytes;
    for (const std::int64_t value : values) {
      Result<std::string> one = of(value, *element);
      if (!one) return one;
      bytes += *one;
    }
    return bytes;
  }

 private:
  std::optional<Integer> element_type() const {
    if (type_ == nullptr || !btf_is_array(type_)) return std::nullopt;
    return as_integer(without_typedefs(types_, btf_array(type_)->type));
  }

  static Result<std::string> of(std::int64_t value, const Integer& integer) {
    if (!fits(value, integer)) return Error{fmt::format("{} does not fit", value)};
    return std::string(reinterpret_cast<const char*>(&value), integer.bytes);
  }

  const btf* types_;
  const btf_type* type_;
};

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

Result<> set_global(bpf_object* object, const std::string& name, const GlobalValue& value) {
  const btf* types = bpf_object__btf(object);
  const std::optional<Place> place = types != nullptr ? find_place(types, name) : std::nullopt;
  if (!place) return Error{fmt::format("no global variable '{}'", name)};
  const Result<std::string> bytes = std::visit(Bytes(types, place->type), value.value);
  if (!bytes) return Error{fmt::format("global variable '{}': {}", name, bytes.error().message)};
  bpf_map* map = map_of_section(object, place->section);
  std::size_t size = 0;
  const auto* before = map != nullptr ? bpf_map__initial_value(map, &size) : nullptr;
  if (before == nullptr || place->offset > size || bytes->size() > size - place->offset) {
    return Error{fmt::format("global variable '{}': its section holds no values", name)};
  }
  std::string values(static_cast<const char*>(before), size);
  values.replace(place->offset, bytes->size(), *bytes);
  if (bpf_map__set_initial_value(map, values.data(), values.size()) != 0) {
    return Error{fmt::format("global variable '{}': its section cannot be written", name)};
  }
  return {};
}

}  // namespace

Result<> set_globals(bpf_object* object, const GlobalValues& globals) {
  for (const auto& [name, value] : globals) {
    if (Result<> set = set_global(object, name, value); !set) return set;
  }
  return {};
}

}  // namespace bpfmatrix::guest
