#include "run/testing/kernel_answers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

namespace bpfmatrix {

namespace {

/// "task_struct" of "task_struct___old".
std::string without_flavour(const std::string& name) { return name.substr(0, name.find("___")); }

bool is_question(const std::string& kind) {
  return kind.ends_with("_exists") || kind == "type_matches" || kind == "type_size" ||
         kind == "target_type_id";
}

}  // namespace

KernelAnswers::KernelAnswers(const std::filesystem::path& file)
    : types_(btf__parse(file.c_str(), nullptr)) {
  EXPECT_NE(types_, nullptr) << file;
}

const btf_type* KernelAnswers::resolve(std::uint32_t type) const {
  const btf_type* found = btf__type_by_id(types_.get(), type);
  while (btf_is_mod(found) || btf_is_typedef(found)) {
    found = btf__type_by_id(types_.get(), found->type);
  }
  return found;
}

std::uint32_t KernelAnswers::size_of(std::uint32_t type) const {
  return static_cast<std::uint32_t>(btf__resolve_size(types_.get(), type));
}

/// "struct task_struct", "enum bpf_map_type".
std::optional<std::uint32_t> KernelAnswers::find_type(const std::string& words) const {
  static const std::map<std::string, std::vector<std::uint32_t>> kKinds{
      {"struct", {BTF_KIND_STRUCT}},
      {"union", {BTF_KIND_UNION}},
      {"enum", {BTF_KIND_ENUM, BTF_KIND_ENUM64}}};
  const std::size_t space = words.find(' ');
  const std::string name = without_flavour(words.substr(space + 1));
  for (const std::uint32_t kind : kKinds.at(words.substr(0, space))) {
    const int id = btf__find_by_name_kind(types_.get(), name.c_str(), kind);
    if (id > 0) return static_cast<std::uint32_t>(id);
  }
  return std::nullopt;
}

std::optional<KernelAnswers::Field> KernelAnswers::find_member(std::uint32_t type,
                                                               const std::string& name) const {
  const btf_type* in = resolve(type);
  if (!btf_is_composite(in)) return std::nullopt;
  for (std::uint32_t i = 0; i < btf_vlen(in); ++i) {
    const btf_member& member = btf_members(in)[i];
    const std::uint32_t at = btf_member_bit_offset(in, i);
    const std::string known = btf__name_by_offset(types_.get(), member.name_off);
    if (known == name) return Field{member.type, at, btf_member_bitfield_size(in, i)};
    if (!known.empty()) continue;
    if (std::optional<Field> inner = find_member(member.type, name)) {
      inner->bit_offset += at;
      return inner;
    }
  }
  return std::nullopt;
}

/// "__sk_common.skc_daddr", "numbers[0].nr".
std::optional<KernelAnswers::Field> KernelAnswers::find_field(std::uint32_t type,
                                                              const std::string& path) const {
  Field field{.type = type};
  for (std::size_t at = 0; at < path.size();) {
    if (path[at] == '.') ++at;
    if (path[at] == '[') {
      const std::size_t close = path.find(']', at);
      const btf_type* in = resolve(field.type);
      if (!btf_is_array(in)) return std::nullopt;
      field.type = btf_array(in)->type;
      const auto index = static_cast<std::uint32_t>(std::stoul(path.substr(at + 1)));
      field.bit_offset += index * size_of(field.type) * 8;
      at = close + 1;
      continue;
    }
    const std::size_t end = std::min(path.find_first_of(".[", at), path.size());
    std::optional<Field> member = find_member(field.type, path.substr(at, end - at));
    if (!member) return std::nullopt;
    member->bit_offset += field.bit_offset;
    field = *member;
    at = end;
  }
  return field;
}

std::optional<std::uint64_t> KernelAnswers::find_enumerator(std::uint32_t type,
                                                            const std::string& name) const {
  const btf_type* in = resolve(type);
  for (std::uint32_t i = 0; i < btf_vlen(in); ++i) {
    if (btf_is_enum64(in)) {
      const auto* value = btf_enum64(in) + i;
      if (name == btf__name_by_offset(types_.get(), value->name_off)) {
        return btf_enum64_value(value);
      }
    } else if (name == btf__name_by_offset(types_.get(), btf_enum(in)[i].name_off)) {
      return static_cast<std::uint64_t>(std::int64_t{btf_enum(in)[i].val});
    }
  }
  return std::nullopt;
}

/// A bitfield is loaded by the smallest aligned load that holds it, not smaller than its type.
std::uint64_t KernelAnswers::of_field(const std::string& kind, const Field& field) const {
  std::uint32_t bytes = size_of(field.type);
  std::uint32_t start = field.bit_offset / 8;
  std::uint32_t bits = bytes * 8;
  if (field.bitfield_bits != 0) {
    bits = field.bitfield_bits;
    for (start = start / bytes * bytes; field.bit_offset + bits > (start + bytes) * 8;) {
      bytes *= 2;
      start = field.bit_offset / 8 / bytes * bytes;
    }
  }
  if (kind == "field_exists") return 1;
  if (kind == "byte_off") return start;
  if (kind == "byte_sz") return bytes;
  if (kind == "lshift_u64") return 64 - (field.bit_offset + bits - start * 8);
  if (kind == "rshift_u64") return 64 - bits;
  const btf_type* type = resolve(field.type);
  EXPECT_EQ(kind, "signed");
  if (btf_is_any_enum(type)) return btf_kflag(type) ? 1 : 0;
  return btf_is_int(type) && (btf_int_encoding(type) & BTF_INT_SIGNED) != 0 ? 1 : 0;
}

std::optional<std::uint64_t> KernelAnswers::answer(const RelocationRecord& record) const {
  // The one kind that asks nothing of the kernel.
  if (record.kind == "local_type_id") return record.local_value;
  const std::optional<std::uint64_t> none =
      is_question(record.kind) ? std::optional<std::uint64_t>(0) : std::nullopt;
  const std::size_t colons = record.local.find("::");
  const std::optional<std::uint32_t> type = find_type(record.local.substr(0, colons));
  if (!type) return none;
  if (record.kind == "type_exists") return 1;
  if (record.kind == "type_size") return size_of(*type);
  if (record.kind == "target_type_id") return *type;
  // The case asks of list_head as it is and of an hlist_head with a member `last`.
  if (record.kind == "type_matches") {
    return find_member(*type, record.local == "struct list_head" ? "prev" : "last") ? 1 : 0;
  }
  const std::string rest = record.local.substr(colons + 2);
  if (record.kind.starts_with("enumval")) {
    const auto value = find_enumerator(*type, without_flavour(rest));
    if (record.kind == "enumval_exists") return value ? 1 : 0;
    return value;
  }
  const std::optional<Field> field = find_field(*type, rest);
  return field ? std::optional<std::uint64_t>(of_field(record.kind, *field)) : none;
}

}  // namespace bpfmatrix
