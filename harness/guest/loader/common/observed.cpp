#include "guest/loader/common/observed.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <optional>

namespace bpfmatrix::guest {

namespace {

/// Host and BPF have the same byte order here: little-endian, both architectures.
std::uint64_t load(std::string_view bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

std::int64_t load_signed(std::string_view bytes) {
  const auto unused = static_cast<int>(64 - 8 * bytes.size());
  return static_cast<std::int64_t>(load(bytes) << unused) >> unused;
}

bool is_number(const btf_type* type) {
  if (!btf_is_int(type) && !btf_is_any_enum(type) && !btf_is_ptr(type)) return false;
  return btf_is_ptr(type) || type->size == 1 || type->size == 2 || type->size == 4 ||
         type->size == 8;
}

bool is_signed(const btf_type* type) {
  if (btf_is_int(type)) return (btf_int_encoding(type) & BTF_INT_SIGNED) != 0;
  return btf_is_any_enum(type) && btf_kflag(type);
}

const btf_type* without_modifiers(const btf* types, unsigned id) {
  const int target = btf__resolve_type(types, id);
  return target < 0 ? nullptr : btf__type_by_id(types, static_cast<unsigned>(target));
}

/// By its name: clang does not set BTF_INT_CHAR.
bool is_text(const btf* types, const btf_type* type) {
  if (!btf_is_array(type)) return false;
  const btf_type* element = without_modifiers(types, btf_array(type)->type);
  if (element == nullptr || !btf_is_int(element)) return false;
  const char* name = btf__name_by_offset(types, element->name_off);
  return name != nullptr && std::string_view(name) == "char";
}

OrderedJson hex(std::string_view bytes) {
  std::string digits;
  for (const char c : bytes) digits += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return digits;
}

OrderedJson read_value(const btf* types, const btf_type* type, std::string_view bytes) {
  if (is_number(type)) {
    return is_signed(type) ? OrderedJson(load_signed(bytes)) : OrderedJson(load(bytes));
  }
  if (is_text(types, type)) return bytes.substr(0, bytes.find('\0'));
  return hex(bytes);
}

}  // namespace

OrderedJson read_values(const btf* types, unsigned type, std::string_view bytes) {
  OrderedJson values = OrderedJson::object();
  const btf_type* structure = without_modifiers(types, type);
  if (structure == nullptr || !btf_is_struct(structure)) return values;
  for (unsigned i = 0; i < btf_vlen(structure); ++i) {
    const btf_member& member = btf_members(structure)[i];
    const char* name = btf__name_by_offset(types, member.name_off);
    const btf_type* field = without_modifiers(types, member.type);
    const std::int64_t size = btf__resolve_size(types, member.type);
    const std::size_t bit = btf_member_bit_offset(structure, i);
    if (name == nullptr || *name == '\0' || field == nullptr || size <= 0) continue;
    if (btf_member_bitfield_size(structure, i) != 0 || bit % 8 != 0) continue;
    const auto width = static_cast<std::size_t>(size);
    if (bit / 8 > bytes.size() || width > bytes.size() - bit / 8) continue;
    values[name] = read_value(types, field, bytes.substr(bit / 8, width));
  }
  return values;
}

}  // namespace bpfmatrix::guest
