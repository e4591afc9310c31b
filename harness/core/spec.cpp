#include "core/spec.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <utility>

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxWords = 512;
/// Enough for kMaxCoreSteps of the largest numbers.
constexpr std::size_t kMaxAccessBytes = 1024;

/// The numbers of "0:1:2". libbpf 1.7 (5ca5801a) fails on negative ones too, older ones accepted
/// them.
std::optional<std::vector<std::uint32_t>> parse_path(std::string_view access) {
  std::vector<std::uint32_t> path;
  if (access.size() > kMaxAccessBytes) return {};
  const char* at = access.data();
  const char* const end = at + access.size();
  while (true) {
    std::uint32_t index = 0;
    const auto [next, error] = std::from_chars(at, end, index);
    if (error != std::errc{} || index > std::numeric_limits<std::int32_t>::max()) return {};
    if (path.size() == kMaxCoreSteps) return {};
    path.push_back(index);
    if (next == end) return path;
    if (*next != ':') return {};
    at = next + 1;
  }
}

std::string type_in_words(const BtfType& type) {
  const std::string_view name = type.name;
  switch (type.kind) {
    case BtfKind::struct_type:
      return fmt::format("struct {}", name.empty() ? "(anonymous)" : name);
    case BtfKind::union_type:
      return fmt::format("union {}", name.empty() ? "(anonymous)" : name);
    case BtfKind::fwd:
      return fmt::format("{} {}", type.kind_flag ? "union" : "struct", name);
    case BtfKind::enum_type:
    case BtfKind::enum64:
      return fmt::format("enum {}", name.empty() ? "(anonymous)" : name);
    case BtfKind::void_type:
    case BtfKind::int_type:
    case BtfKind::ptr:
    case BtfKind::array:
    case BtfKind::typedef_type:
    case BtfKind::volatile_type:
    case BtfKind::const_type:
    case BtfKind::restrict_type:
    case BtfKind::func:
    case BtfKind::func_proto:
    case BtfKind::var:
    case BtfKind::datasec:
    case BtfKind::float_type:
    case BtfKind::decl_tag:
    case BtfKind::type_tag:
      break;
  }
  return std::string(name.empty() ? to_string(type.kind) : name);
}

Result<> append_member(CoreSpec& spec, const BtfType& type, std::uint32_t index, BtfId& next) {
  const std::vector<BtfMember> members = spec.btf->members(type);
  if (index >= members.size()) {
    return Error{fmt::format("no member {} in '{}'", index, type_in_words(type))};
  }
  const BtfMember& member = members[index];
  spec.path.push_back(index);
  if (!member.name.empty()) spec.accessors.push_back({type.id, index, member.name});
  next = member.type;
  return add_bits(spec, member.bit_offset);
}

/// One step from a value of the type `at`, which then is what the step leads to.
Result<> append_step(CoreSpec& spec, BtfId& at, std::uint32_t index) {
  const std::optional<BtfType> type = spec.btf->resolve(at);
  if (!type) return Error{"a chain of modifiers that does not end"};
  if (type->kind == BtfKind::struct_type || type->kind == BtfKind::union_type) {
    return append_member(spec, *type, index, at);
  }
  if (type->kind != BtfKind::array) {
    return Error{fmt::format("a step into '{}'", type_in_words(*type))};
  }
  const std::optional<BtfId> element = element_of(spec, *type, index);
  if (!element) return Error{fmt::format("element {} beyond an array", index)};
  at = *element;
  return append_element(spec, *element, index);
}

Result<CoreSpec> enum_value_spec(CoreSpec spec, std::uint32_t index) {
  const std::optional<BtfType> type = spec.btf->resolve(spec.root);
  const std::vector<BtfEnumerator> all =
      type ? spec.btf->enumerators(*type) : std::vector<BtfEnumerator>{};
  if (index >= all.size()) return Error{fmt::format("no enumerator {}", index)};
  spec.accessors.push_back({type->id, index, all[index].name});
  spec.path.push_back(index);
  return spec;
}

Result<CoreSpec> field_spec(CoreSpec spec, const std::vector<std::uint32_t>& path) {
  BtfId at = spec.root;
  if (Result<> begun = append_element(spec, at, path[0]); !begun) return std::move(begun).error();
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (Result<> step = append_step(spec, at, path[i]); !step) return std::move(step).error();
  }
  return spec;
}

Result<CoreSpec> parse(CoreSpec spec, std::string_view access) {
  const auto path = parse_path(access);
  if (!path) return Error{"no list of numbers"};
  switch (subject_of(spec.kind)) {
    case CoreSubject::type:
      if (access != "0") return Error{"more than a type"};
      return spec;
    case CoreSubject::enum_value:
      if (path->size() > 1) return Error{"more than an enumerator"};
      return enum_value_spec(std::move(spec), path->front());
    case CoreSubject::field:
      return field_spec(std::move(spec), *path);
  }
  return Error{"unknown kind"};
}

}  // namespace

CoreSubject subject_of(CoreRelocationKind kind) {
  switch (kind) {
    case CoreRelocationKind::byte_off:
    case CoreRelocationKind::byte_sz:
    case CoreRelocationKind::field_exists:
    case CoreRelocationKind::is_signed:
    case CoreRelocationKind::lshift_u64:
    case CoreRelocationKind::rshift_u64:
      return CoreSubject::field;
    case CoreRelocationKind::local_type_id:
    case CoreRelocationKind::target_type_id:
    case CoreRelocationKind::type_exists:
    case CoreRelocationKind::type_size:
    case CoreRelocationKind::type_matches:
      return CoreSubject::type;
    case CoreRelocationKind::enumval_exists:
    case CoreRelocationKind::enumval_value:
      return CoreSubject::enum_value;
  }
  return CoreSubject::type;
}

Result<CoreSpec> parse_core_spec(const Btf& btf, const CoreRelocation& relocation) {
  Result<CoreSpec> spec =
      parse({.btf = &btf, .kind = relocation.kind, .root = relocation.type}, relocation.access);
  if (spec) return spec;
  return wrap(fmt::format("access '{}' does not fit its type", relocation.access.substr(0, 64)),
              std::move(spec).error());
}

std::string in_words(const CoreSpec& spec) {
  std::string words = type_in_words(spec.btf->type(spec.root).value_or(BtfType{}));
  std::string_view separator = "::";
  for (std::size_t i = 0; i < spec.accessors.size() && words.size() < kMaxWords; ++i) {
    const CoreAccessor& step = spec.accessors[i];
    if (!step.name.empty()) {
      words += separator;
      words += step.name.substr(0, kMaxWords);
      separator = ".";
    } else if (i > 0 || step.index > 0) {
      words += fmt::format("[{}]", step.index);
    }
  }
  return words.substr(0, kMaxWords);
}

Result<> append_element(CoreSpec& spec, BtfId type, std::uint32_t index) {
  const std::optional<BtfType> element = spec.btf->resolve(type);
  const std::optional<std::uint64_t> size = spec.btf->size_of(type);
  if (!element || !size) return Error{"an element without a size"};
  spec.accessors.push_back({.type = element->id, .index = index});
  spec.path.push_back(index);
  std::uint64_t bits = 0;
  if (__builtin_mul_overflow(*size * 8, std::uint64_t{index}, &bits) || *size > UINT32_MAX) {
    return Error{"an element of more than 4 GiB"};
  }
  return add_bits(spec, bits);
}

Result<> add_bits(CoreSpec& spec, std::uint64_t bits) {
  if (bits > UINT32_MAX - spec.bit_offset) return Error{"an offset of 512 MiB or more"};
  spec.bit_offset += bits;
  return {};
}

std::optional<BtfId> element_of(const CoreSpec& spec, const BtfType& type, std::uint32_t index) {
  const std::optional<BtfArray> array = spec.btf->array(type);
  if (!array) return std::nullopt;
  if (index < array->count) return array->element;
  const CoreAccessor& last = spec.accessors.back();
  const bool ends_a_struct =
      !last.name.empty() && last.index + 1U == spec.btf->type(last.type).value_or(BtfType{}).count;
  if (array->count > 0 || !ends_a_struct) return std::nullopt;
  return array->element;
}

}  // namespace bpfmatrix
