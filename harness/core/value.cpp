#include "core/value.h"

namespace bpfmatrix {

namespace {

struct Bits {
  /// Of the load that holds the field.
  std::uint32_t byte_offset = 0;
  std::uint32_t bytes = 0;
  /// Of the field.
  std::uint32_t bit_offset = 0;
  std::uint32_t width = 0;
};

/// libbpf counts bytes in 32 bits.
Result<std::uint32_t> size_in_bytes(const Btf& btf, BtfId type) {
  const std::optional<std::uint64_t> size = btf.size_of(type);
  if (!size || *size > UINT32_MAX) return Error{"a type of unknown size"};
  return static_cast<std::uint32_t>(*size);
}

BtfId innermost_element(const Btf& btf, BtfId type) {
  // The chain ends: its size is known, and that follows no endless one either.
  while (const std::optional<BtfType> resolved = btf.resolve(type)) {
    const std::optional<BtfArray> array = btf.array(*resolved);
    if (!array) break;
    type = array->element;
  }
  return type;
}

Result<CoreValue> offset_of(const CoreSpec& spec, const CoreRules& rules, BtfId type) {
  const Btf& btf = *spec.btf;
  if (Result<std::uint32_t> known = size_in_bytes(btf, type); !known) {
    return std::move(known).error();
  }
  const BtfId accessed = rules.whole_arrays ? type : innermost_element(btf, type);
  const Result<std::uint32_t> bytes = size_in_bytes(btf, accessed);
  if (!bytes) return bytes.error();
  return CoreValue{
      .value = spec.bit_offset / 8, .access_bytes = *bytes, .access_type = btf.resolve(type)->id};
}

Result<CoreValue> element_value(const CoreSpec& spec, const CoreRules& rules) {
  const BtfId type = spec.accessors.back().type;
  if (spec.kind == CoreRelocationKind::byte_off) return offset_of(spec, rules, type);
  if (spec.kind != CoreRelocationKind::byte_sz) return Error{"not defined for an array element"};
  const Result<std::uint32_t> bytes = size_in_bytes(*spec.btf, type);
  if (!bytes) return bytes.error();
  return CoreValue{.value = *bytes};
}

/// The smallest aligned load, from the declared type's size upwards, that holds the whole bitfield.
Result<Bits> bitfield(const CoreSpec& spec, const BtfType& type, std::uint8_t width) {
  const bool number = type.kind == BtfKind::int_type || type.kind == BtfKind::enum_type ||
                      type.kind == BtfKind::enum64;
  if (!number || type.size == 0) return Error{"a bitfield that is no number"};
  const std::uint64_t first = spec.bit_offset;
  for (std::uint64_t bytes = type.size;; bytes *= 2) {
    const std::uint64_t start = first / 8 / bytes * bytes;
    if (first + width <= (start + bytes) * 8) {
      return Bits{static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(bytes),
                  static_cast<std::uint32_t>(first), width};
    }
    if (bytes >= 8) return Error{"a bitfield that no load of 64 bits holds"};
  }
}

Result<Bits> whole_bytes(const CoreSpec& spec, BtfId type) {
  const Result<std::uint32_t> bytes = size_in_bytes(*spec.btf, type);
  if (!bytes) return bytes.error();
  const auto first = static_cast<std::uint32_t>(spec.bit_offset);
  return Bits{first / 8, *bytes, first, *bytes * 8};
}

bool is_signed(const Btf& btf, const BtfType& type) {
  if (type.kind == BtfKind::enum_type || type.kind == BtfKind::enum64) return type.kind_flag;
  const std::optional<BtfInt> number = btf.integer(type);
  return number && number->is_signed;
}

Result<CoreValue> member_value(const CoreSpec& spec, const CoreRules& rules) {
  const Btf& btf = *spec.btf;
  const CoreAccessor& last = spec.accessors.back();
  const BtfMember member = btf.members(btf.type(last.type).value_or(BtfType{})).at(last.index);
  const std::optional<BtfType> type = btf.resolve(member.type);
  if (!type) return Error{"a chain of modifiers that does not end"};
  const bool in_bits = member.bitfield_bits > 0;
  const Result<Bits> bits =
      in_bits ? bitfield(spec, *type, member.bitfield_bits) : whole_bytes(spec, type->id);
  if (!bits) return bits.error();
  switch (spec.kind) {
    case CoreRelocationKind::byte_off:
      if (!in_bits) return offset_of(spec, rules, type->id);
      return CoreValue{.value = bits->byte_offset, .checked = false};
    case CoreRelocationKind::byte_sz:
      return CoreValue{.value = bits->bytes, .checked = !in_bits};
    case CoreRelocationKind::is_signed:
      return CoreValue{.value = is_signed(btf, *type) ? 1U : 0U};
    // Both in 32 bits, as in libbpf: for what is wider than 64 they wrap.
    case CoreRelocationKind::lshift_u64:
      return CoreValue{.value = 64 - (bits->bit_offset + bits->width - bits->byte_offset * 8),
                       .checked = !in_bits};
    case CoreRelocationKind::rshift_u64:
      return CoreValue{.value = 64 - bits->width};
    case CoreRelocationKind::field_exists:
    case CoreRelocationKind::local_type_id:
    case CoreRelocationKind::target_type_id:
    case CoreRelocationKind::type_exists:
    case CoreRelocationKind::type_size:
    case CoreRelocationKind::enumval_exists:
    case CoreRelocationKind::enumval_value:
    case CoreRelocationKind::type_matches:
      break;
  }
  return Error{"not defined for fields"};
}

Result<CoreValue> enumerator_value(const CoreSpec& spec) {
  const CoreAccessor& step = spec.accessors.front();
  const BtfType type = spec.btf->type(step.type).value_or(BtfType{});
  const std::uint64_t value = spec.btf->enumerators(type).at(step.index).value;
  if (type.kind == BtfKind::enum64) return CoreValue{.value = value};
  // libbpf sign-extends every value of 32 bits, unsigned ones too (bpf_core_calc_enumval_relo(),
  // through 1.7).
  const auto low = static_cast<std::int32_t>(value);
  return CoreValue{.value = static_cast<std::uint64_t>(std::int64_t{low})};
}

Result<CoreValue> type_size(const CoreSpec& spec) {
  const Result<std::uint32_t> bytes = size_in_bytes(*spec.btf, spec.root);
  if (!bytes) return bytes.error();
  return CoreValue{.value = *bytes};
}

bool zero_extends(const Btf& btf, const BtfType& type) {
  const std::optional<BtfInt> number = btf.integer(type);
  // libbpf compares the whole encoding with "signed": a signed char that says it is a char passes.
  return number && (!number->is_signed || number->is_char || number->is_bool);
}

}  // namespace

Result<CoreValue> core_value(const CoreSpec& spec, const CoreRules& rules) {
  switch (spec.kind) {
    case CoreRelocationKind::field_exists:
    case CoreRelocationKind::type_exists:
    case CoreRelocationKind::type_matches:
    case CoreRelocationKind::enumval_exists:
      return CoreValue{.value = 1};
    case CoreRelocationKind::local_type_id:
    case CoreRelocationKind::target_type_id:
      return CoreValue{.value = spec.root, .checked = false};
    case CoreRelocationKind::type_size:
      return type_size(spec);
    case CoreRelocationKind::enumval_value:
      return enumerator_value(spec);
    case CoreRelocationKind::byte_off:
    case CoreRelocationKind::byte_sz:
    case CoreRelocationKind::is_signed:
    case CoreRelocationKind::lshift_u64:
    case CoreRelocationKind::rshift_u64:
      return spec.accessors.back().name.empty() ? element_value(spec, rules)
                                                : member_value(spec, rules);
  }
  return Error{"unknown kind"};
}

std::optional<std::uint64_t> core_value_without_match(CoreRelocationKind kind) {
  switch (kind) {
    case CoreRelocationKind::field_exists:
    case CoreRelocationKind::enumval_exists:
    case CoreRelocationKind::type_exists:
    case CoreRelocationKind::type_matches:
    case CoreRelocationKind::type_size:
    case CoreRelocationKind::target_type_id:
      return 0;
    case CoreRelocationKind::byte_off:
    case CoreRelocationKind::byte_sz:
    case CoreRelocationKind::is_signed:
    case CoreRelocationKind::lshift_u64:
    case CoreRelocationKind::rshift_u64:
    case CoreRelocationKind::local_type_id:
    case CoreRelocationKind::enumval_value:
      return std::nullopt;
  }
  return std::nullopt;
}

bool resizable(const CoreSpec& local, const CoreValue& local_value, const CoreSpec& target,
               const CoreValue& target_value) {
  const BtfType ours = local.btf->type(local_value.access_type).value_or(BtfType{});
  const BtfType theirs = target.btf->type(target_value.access_type).value_or(BtfType{});
  if (ours.kind == BtfKind::ptr && theirs.kind == BtfKind::ptr) return true;
  return zero_extends(*local.btf, ours) && zero_extends(*target.btf, theirs);
}

}  // namespace bpfmatrix
