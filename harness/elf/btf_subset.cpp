#include "elf/btf_subset.h"

#include <string_view>
#include <unordered_map>

namespace bpfmatrix {

namespace {

constexpr std::uint16_t kMagic = 0xEB9F;
constexpr std::uint32_t kHeaderBytes = 24;

void append(std::string& bytes, std::uint32_t word) {
  bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
}

/// Each name once, behind the empty one.
class Strings {
 public:
  std::uint32_t offset_of(std::string_view name) {
    const auto [at, fresh] = offsets_.try_emplace(name, static_cast<std::uint32_t>(bytes_.size()));
    if (fresh) bytes_.append(name).push_back('\0');
    return at->second;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_ = std::string(1, '\0');
  std::unordered_map<std::string_view, std::uint32_t> offsets_{{"", 0}};
};

class Writer {
 public:
  Writer(const Btf& from, const std::map<BtfId, std::set<std::uint32_t>>& kept) : from_(from) {
    for (const auto& [id, members] : kept) ids_.emplace(id, static_cast<BtfId>(ids_.size() + 1));
  }

  void add(const BtfType& type, const std::set<std::uint32_t>& members);
  std::string finish() const;

 private:
  BtfId new_id(BtfId id) const {
    const auto found = ids_.find(id);
    return found == ids_.end() ? 0 : found->second;
  }
  void word(std::uint32_t value) { append(types_, value); }
  void name(std::string_view text) { word(strings_.offset_of(text)); }

  void add_members(const BtfType& type, const std::set<std::uint32_t>& kept);
  void add_enumerators(const BtfType& type);
  void add_references(const BtfType& type);

  const Btf& from_;
  std::unordered_map<BtfId, BtfId> ids_{};
  std::string types_{};
  Strings strings_{};
};

void Writer::add(const BtfType& type, const std::set<std::uint32_t>& members) {
  const bool has_members = type.kind == BtfKind::struct_type || type.kind == BtfKind::union_type;
  const auto count = has_members ? static_cast<std::uint32_t>(members.size()) : type.count;
  name(type.name);
  word(static_cast<std::uint32_t>(type.kind_flag) << 31 |
       static_cast<std::uint32_t>(type.kind) << 24 | count);
  word(type.target != 0 ? new_id(type.target) : type.size);
  if (has_members) return add_members(type, members);
  add_enumerators(type);
  add_references(type);
  // What holds neither names nor ids is the same in every BTF.
  if (type.kind == BtfKind::int_type || type.kind == BtfKind::var ||
      type.kind == BtfKind::decl_tag) {
    types_.append(type.tail);
  }
}

void Writer::add_members(const BtfType& type, const std::set<std::uint32_t>& kept) {
  const std::vector<BtfMember> all = from_.members(type);
  for (const std::uint32_t index : kept) {
    const BtfMember& member = all.at(index);
    name(member.name);
    word(new_id(member.type));
    word(static_cast<std::uint32_t>(member.bitfield_bits) << 24 | member.bit_offset);
  }
}

void Writer::add_enumerators(const BtfType& type) {
  for (const BtfEnumerator& value : from_.enumerators(type)) {
    name(value.name);
    word(static_cast<std::uint32_t>(value.value));
    if (type.kind == BtfKind::enum64) word(static_cast<std::uint32_t>(value.value >> 32));
  }
}

void Writer::add_references(const BtfType& type) {
  if (const auto array = from_.array(type)) {
    word(new_id(array->element));
    word(new_id(array->index));
    word(array->count);
  }
  for (const BtfParameter& parameter : from_.parameters(type)) {
    name(parameter.name);
    word(new_id(parameter.type));
  }
  for (const BtfSectionVariable& variable : from_.section_variables(type)) {
    word(new_id(variable.variable));
    word(variable.offset);
    word(variable.size);
  }
}

std::string Writer::finish() const {
  const auto types = static_cast<std::uint32_t>(types_.size());
  std::string bytes;
  append(bytes, 1U << 16 | kMagic);  // version 1, no flags
  for (const std::uint32_t value : {kHeaderBytes, 0U, types, types}) append(bytes, value);
  append(bytes, static_cast<std::uint32_t>(strings_.bytes().size()));
  return bytes + types_ + strings_.bytes();
}

}  // namespace

void BtfSubset::keep(BtfId id) {
  if (id != 0 && from_.type(id)) kept_[id];
}

void BtfSubset::keep_member(BtfId id, std::uint32_t index) {
  const BtfType type = from_.type(id).value_or(BtfType{});
  if (index < from_.members(type).size()) kept_[id].insert(index);
}

std::size_t BtfSubset::member_count() const {
  std::size_t count = 0;
  for (const auto& [id, members] : kept_) count += members.size();
  return count;
}

std::string BtfSubset::write() const {
  Writer writer(from_, kept_);
  for (const auto& [id, members] : kept_) writer.add(*from_.type(id), members);
  return writer.finish();
}

}  // namespace bpfmatrix
