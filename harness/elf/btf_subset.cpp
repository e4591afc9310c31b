#include "elf/btf_subset.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace bpfmatrix {

namespace {

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

/// New ids, in the order of the keys; 0 for what is not kept.
class NewIds {
 public:
  explicit NewIds(const BtfSubset& subset) : subset_(subset) {
    for (const auto& [key, members] : subset.kept()) {
      ids_.emplace(key, static_cast<BtfId>(ids_.size() + 1));
    }
  }
  BtfId of(const Btf& in, BtfId id) const {
    const std::optional<BtfSubset::Key> key = subset_.key_of(in, id);
    const auto found = key ? ids_.find(*key) : ids_.end();
    return found == ids_.end() ? 0 : found->second;
  }

 private:
  const BtfSubset& subset_;
  std::map<BtfSubset::Key, BtfId> ids_{};
};

class Writer {
 public:
  explicit Writer(const BtfSubset& subset) : ids_(subset) {}

  void add(const Btf& in, const BtfType& type, const std::set<std::uint32_t>& members);
  std::string finish() const;

 private:
  void word(std::uint32_t value) { append(types_, value); }
  void name(std::string_view text) { word(strings_.offset_of(text)); }

  void add_members(const Btf& in, const BtfType& type, const std::set<std::uint32_t>& kept);
  void add_enumerators(const Btf& in, const BtfType& type);
  void add_references(const Btf& in, const BtfType& type);

  NewIds ids_;
  std::string types_{};
  Strings strings_{};
};

void Writer::add(const Btf& in, const BtfType& type, const std::set<std::uint32_t>& members) {
  const bool has_members = type.kind == BtfKind::struct_type || type.kind == BtfKind::union_type;
  const auto count = has_members ? static_cast<std::uint32_t>(members.size()) : type.count;
  name(type.name);
  word(static_cast<std::uint32_t>(type.kind_flag) << 31 |
       static_cast<std::uint32_t>(type.kind) << 24 | count);
  word(type.target != 0 ? ids_.of(in, type.target) : type.size);
  if (has_members) return add_members(in, type, members);
  add_enumerators(in, type);
  add_references(in, type);
  // What holds neither names nor ids is the same in every BTF.
  if (type.kind == BtfKind::int_type || type.kind == BtfKind::var ||
      type.kind == BtfKind::decl_tag) {
    types_.append(type.tail);
  }
}

void Writer::add_members(const Btf& in, const BtfType& type, const std::set<std::uint32_t>& kept) {
  const std::vector<BtfMember> all = in.members(type);
  for (const std::uint32_t index : kept) {
    const BtfMember& member = all.at(index);
    name(member.name);
    word(ids_.of(in, member.type));
    word(static_cast<std::uint32_t>(member.bitfield_bits) << 24 | member.bit_offset);
  }
}

void Writer::add_enumerators(const Btf& in, const BtfType& type) {
  for (const BtfEnumerator& value : in.enumerators(type)) {
    name(value.name);
    word(static_cast<std::uint32_t>(value.value));
    if (type.kind == BtfKind::enum64) word(static_cast<std::uint32_t>(value.value >> 32));
  }
}

void Writer::add_references(const Btf& in, const BtfType& type) {
  if (const auto array = in.array(type)) {
    word(ids_.of(in, array->element));
    word(ids_.of(in, array->index));
    word(array->count);
  }
  for (const BtfParameter& parameter : in.parameters(type)) {
    name(parameter.name);
    word(ids_.of(in, parameter.type));
  }
  for (const BtfSectionVariable& variable : in.section_variables(type)) {
    word(ids_.of(in, variable.variable));
    word(variable.offset);
    word(variable.size);
  }
}

std::string Writer::finish() const {
  const auto types = static_cast<std::uint32_t>(types_.size());
  std::string bytes;
  append(bytes, 1U << 16 | kBtfMagic);  // version 1, no flags
  for (const std::uint32_t value : {kHeaderBytes, 0U, types, types}) append(bytes, value);
  append(bytes, static_cast<std::uint32_t>(strings_.bytes().size()));
  return bytes + types_ + strings_.bytes();
}

}  // namespace

std::optional<BtfSubset::Key> BtfSubset::key_of(const Btf& in, BtfId id) const {
  const Btf* owner = in.base() != nullptr && id < in.first_id() ? in.base() : &in;
  const auto found = std::find(from_.begin(), from_.end(), owner);
  if (id == 0 || found == from_.end() || !owner->type(id)) return std::nullopt;
  return Key{found - from_.begin(), id};
}

void BtfSubset::keep(const Btf& in, BtfId id) {
  if (const auto key = key_of(in, id)) kept_[*key];
}

void BtfSubset::keep_member(const Btf& in, BtfId id, std::uint32_t index) {
  const auto key = key_of(in, id);
  if (key && index < in.members(*in.type(id)).size()) kept_[*key].insert(index);
}

std::size_t BtfSubset::member_count() const {
  std::size_t count = 0;
  for (const auto& [id, members] : kept_) count += members.size();
  return count;
}

std::string BtfSubset::write() const {
  Writer writer(*this);
  for (const auto& [key, members] : kept_) {
    const Btf& in = *from_[key.first];
    writer.add(in, *in.type(key.second), members);
  }
  return writer.finish();
}

}  // namespace bpfmatrix
