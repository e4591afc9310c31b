#include "elf/btf.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "elf/btf_shape.h"
#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

constexpr std::uint16_t kMagicSwapped = 0x9FEB;
/// The longest chain of modifiers, or nesting of arrays, that is still followed. libbpf stops
/// at 32.
constexpr int kMaxDepth = 32;
/// No name or source line is longer. Without it, millions of references to one endless string would
/// be read until the machine is switched off.
constexpr std::size_t kMaxString = 1 << 16;

struct Header {
  std::uint16_t magic;
  std::uint8_t version;
  std::uint8_t flags;
  std::uint32_t header_size;
  std::uint32_t types_at, types_size;
  std::uint32_t strings_at, strings_size;
};

struct RawType {
  std::uint32_t name;
  std::uint32_t info;
  std::uint32_t size_or_type;

  std::uint32_t kind() const { return (info >> 24) & 0x1F; }
  std::uint16_t count() const { return static_cast<std::uint16_t>(info & 0xFFFF); }
  bool kind_flag() const { return (info >> 31) != 0; }
};

struct RawMember {
  std::uint32_t name, type, offset;
};
struct RawPair {
  std::uint32_t first, second;
};
struct RawTriple {
  std::uint32_t first, second, third;
};

constexpr bool has_size(BtfKind kind) {
  switch (kind) {
    case BtfKind::int_type:
    case BtfKind::struct_type:
    case BtfKind::union_type:
    case BtfKind::enum_type:
    case BtfKind::datasec:
    case BtfKind::float_type:
    case BtfKind::enum64:
      return true;
    case BtfKind::void_type:
    case BtfKind::ptr:
    case BtfKind::array:
    case BtfKind::fwd:
    case BtfKind::typedef_type:
    case BtfKind::volatile_type:
    case BtfKind::const_type:
    case BtfKind::restrict_type:
    case BtfKind::func:
    case BtfKind::func_proto:
    case BtfKind::var:
    case BtfKind::decl_tag:
    case BtfKind::type_tag:
      return false;
  }
  return false;
}

constexpr bool has_target(BtfKind kind) {
  return !has_size(kind) && kind != BtfKind::void_type && kind != BtfKind::array &&
         kind != BtfKind::fwd;
}

constexpr bool is_modifier(BtfKind kind) {
  return kind == BtfKind::typedef_type || kind == BtfKind::volatile_type ||
         kind == BtfKind::const_type || kind == BtfKind::restrict_type || kind == BtfKind::type_tag;
}

/// Bytes that follow the three common words.
constexpr std::uint64_t tail_size(BtfKind kind, std::uint64_t count) {
  switch (kind) {
    case BtfKind::int_type:
    case BtfKind::var:
    case BtfKind::decl_tag:
      return 4;
    case BtfKind::array:
      return 12;
    case BtfKind::struct_type:
    case BtfKind::union_type:
    case BtfKind::datasec:
    case BtfKind::enum64:
      return 12 * count;
    case BtfKind::enum_type:
    case BtfKind::func_proto:
      return 8 * count;
    case BtfKind::void_type:
    case BtfKind::ptr:
    case BtfKind::fwd:
    case BtfKind::typedef_type:
    case BtfKind::volatile_type:
    case BtfKind::const_type:
    case BtfKind::restrict_type:
    case BtfKind::func:
    case BtfKind::float_type:
    case BtfKind::type_tag:
      return 0;
  }
  return 0;
}

/// The largest name offset and type id that one type mentions.
struct Mentions {
  std::uint32_t name = 0;
  BtfId type = 0;

  void add(std::uint32_t name_offset, BtfId id) {
    name = std::max(name, name_offset);
    type = std::max(type, id);
  }
};

template <typename Record>
Record record(std::string_view tail, std::size_t index) {
  Record value;
  std::memcpy(&value, tail.data() + index * sizeof value, sizeof value);
  return value;
}

Mentions mentions(BtfKind kind, const RawType& raw, std::string_view tail) {
  Mentions found{.name = raw.name, .type = has_target(kind) ? raw.size_or_type : 0};
  const std::size_t count = raw.count();
  if (kind == BtfKind::array) {
    const auto array = record<RawTriple>(tail, 0);
    found.add(0, std::max(array.first, array.second));
  } else if (kind == BtfKind::struct_type || kind == BtfKind::union_type) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto member = record<RawMember>(tail, i);
      found.add(member.name, member.type);
    }
  } else if (kind == BtfKind::func_proto) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto parameter = record<RawPair>(tail, i);
      found.add(parameter.first, parameter.second);
    }
  } else if (kind == BtfKind::enum_type) {
    for (std::size_t i = 0; i < count; ++i) found.add(record<RawPair>(tail, i).first, 0);
  } else if (kind == BtfKind::enum64) {
    for (std::size_t i = 0; i < count; ++i) found.add(record<RawTriple>(tail, i).first, 0);
  } else if (kind == BtfKind::datasec) {
    for (std::size_t i = 0; i < count; ++i) found.add(0, record<RawTriple>(tail, i).first);
  }
  return found;
}

template <typename Record>
std::vector<Record> records(const BtfType& type) {
  std::vector<Record> all(std::min<std::size_t>(type.count, type.tail.size() / sizeof(Record)));
  if (!all.empty()) std::memcpy(all.data(), type.tail.data(), all.size() * sizeof(Record));
  return all;
}

Error broken(std::string_view what) { return Error{fmt::format("BTF: {}", what)}; }

}  // namespace

Btf::Btf(std::shared_ptr<const Btf> base, std::string bytes)
    : base_(std::move(base)),
      first_(base_->type_count()),
      first_string_(base_->strings_size_),
      bytes_(std::move(bytes)) {}

Result<Btf> Btf::parse(std::string bytes) { return read(Btf(std::move(bytes))); }

Result<Btf> Btf::parse_split(std::shared_ptr<const Btf> base, std::string bytes) {
  if (base->base() != nullptr) return broken("its base is split BTF itself");
  return read(Btf(std::move(base), std::move(bytes)));
}

Result<Btf> Btf::read(Btf btf) {
  if (Result<> read = btf.read_header(); !read) return std::move(read).error();
  if (Result<> read = btf.read_types(); !read) return std::move(read).error();
  btf.index_names();
  if (Result<> ends = check_btf_shape(btf); !ends) return std::move(ends).error();
  return btf;
}

Result<> Btf::read_header() {
  const auto magic = read_at<std::uint16_t>(bytes_, 0);
  if (magic == kMagicSwapped) return broken("big-endian, which is not supported");
  const auto header = read_at<Header>(bytes_, 0);
  if (!header) return broken(fmt::format("cut short: {} bytes", bytes_.size()));
  if (header->magic != kBtfMagic) {
    return broken(fmt::format("wrong magic number: {:#06x}", header->magic));
  }
  if (header->version != 1) return broken(fmt::format("unknown version {}", header->version));
  if (header->header_size < sizeof(Header) || header->header_size > bytes_.size()) {
    return broken(fmt::format("header of {} bytes", header->header_size));
  }
  types_at_ = std::uint64_t{header->header_size} + header->types_at;
  types_size_ = header->types_size;
  strings_at_ = std::uint64_t{header->header_size} + header->strings_at;
  strings_size_ = header->strings_size;
  if (!slice(bytes_, types_at_, types_size_)) return broken("types beyond its end");
  if (!slice(bytes_, strings_at_, strings_size_)) return broken("strings beyond its end");
  return check_strings();
}

/// The empty name at the start is the base's, if there is one, which may have all others too.
Result<> Btf::check_strings() const {
  if (base_ && strings_size_ == 0) return {};
  if (strings_size_ == 0 || (!base_ && strings().front() != '\0') || strings().back() != '\0') {
    return broken("a string section that does not start and end with NUL");
  }
  for (std::size_t at = 0, end = 0; at < strings_size_; at = end + 1) {
    end = strings().find('\0', at);
    if (end - at > kMaxString) return broken(fmt::format("a string of {} bytes", end - at));
  }
  return {};
}

Result<> Btf::read_types() {
  const std::string_view all = types();
  Mentions most{};
  for (std::uint64_t at = 0; at < all.size();) {
    const BtfId id = type_count();
    const auto raw = read_at<RawType>(all, at);
    if (!raw) return broken(fmt::format("type {} is cut short", id));
    if (raw->kind() == 0 || raw->kind() >= kBtfKindCount) {
      return broken(fmt::format("type {} has the unknown kind {}", id, raw->kind()));
    }
    const auto kind = static_cast<BtfKind>(raw->kind());
    const auto tail = slice(all, at + sizeof(RawType), tail_size(kind, raw->count()));
    if (!tail) return broken(fmt::format("type {} is cut short", id));
    const Mentions found = mentions(kind, *raw, *tail);
    if (found.name >= first_string_ + strings_size_) {
      return broken(fmt::format("type {} has a name beyond the strings", id));
    }
    most.add(0, found.type);
    offsets_.push_back(static_cast<std::uint32_t>(at));
    at += sizeof(RawType) + tail->size();
  }
  if (most.type >= type_count()) {
    return broken(fmt::format("refers to type {}, but there are only {}", most.type, type_count()));
  }
  return {};
}

void Btf::index_names() {
  std::size_t size = 1;
  while (size < offsets_.size()) size *= 2;
  buckets_.assign(size, 0);
  next_.assign(offsets_.size(), 0);
  // Backwards, so that each chain comes out in the order of ids.
  for (BtfId id = type_count() - 1; id >= std::max<BtfId>(first_, 1); --id) {
    const auto raw = record<RawType>(types().substr(offset_of(id)), 0);
    if (raw.name == 0) continue;
    const std::string_view essential = essential_name(name(raw.name));
    BtfId& bucket = buckets_[std::hash<std::string_view>{}(essential) & (size - 1)];
    next_[id - first_] = std::exchange(bucket, id);
  }
}

std::string_view Btf::types() const {
  return std::string_view(bytes_).substr(types_at_, types_size_);
}

std::string_view Btf::strings() const {
  return std::string_view(bytes_).substr(strings_at_, strings_size_);
}

std::string_view Btf::name(std::uint32_t offset) const {
  return string(offset).value_or(std::string_view{});
}

std::optional<std::string_view> Btf::string(std::uint32_t offset) const {
  if (offset < first_string_) return base_->string(offset);
  return string_at(strings(), offset - first_string_);
}

std::optional<BtfType> Btf::type(BtfId id) const {
  if (id >= type_count()) return std::nullopt;
  if (id == 0) return BtfType{};
  if (id < first_) return base_->type(id);
  const auto raw = record<RawType>(types().substr(offset_of(id)), 0);
  const auto kind = static_cast<BtfKind>(raw.kind());
  return BtfType{
      .id = id,
      .kind = kind,
      .name = name(raw.name),
      .count = raw.count(),
      .kind_flag = raw.kind_flag(),
      .size = has_size(kind) ? raw.size_or_type : 0,
      .target = has_target(kind) ? raw.size_or_type : 0,
      .tail = types().substr(offset_of(id) + sizeof(RawType), tail_size(kind, raw.count()))};
}

std::vector<BtfId> Btf::find_flavours(std::string_view wanted) const {
  const std::string_view essential = essential_name(wanted);
  std::vector<BtfId> found;
  const std::size_t bucket = std::hash<std::string_view>{}(essential) & (buckets_.size() - 1);
  for (BtfId id = buckets_[bucket]; id != 0; id = next_[id - first_]) {
    if (essential_name(type(id)->name) == essential) found.push_back(id);
  }
  return found;
}

std::vector<BtfId> Btf::find(std::string_view wanted, BtfKind kind) const {
  std::vector<BtfId> found = find_flavours(wanted);
  std::erase_if(found, [&](BtfId id) {
    const BtfType candidate = *type(id);
    return candidate.kind != kind || candidate.name != wanted;
  });
  return found;
}

std::optional<BtfInt> Btf::integer(const BtfType& type) const {
  const auto word = read_at<std::uint32_t>(type.tail, 0);
  if (type.kind != BtfKind::int_type || !word) return std::nullopt;
  const std::uint32_t encoding = (*word >> 24) & 0xF;
  return BtfInt{.is_signed = (encoding & 1) != 0,
                .is_char = (encoding & 2) != 0,
                .is_bool = (encoding & 4) != 0,
                .bit_offset = static_cast<std::uint8_t>(*word >> 16),
                .bits = static_cast<std::uint8_t>(*word)};
}

std::optional<BtfArray> Btf::array(const BtfType& type) const {
  const auto raw = read_at<RawTriple>(type.tail, 0);
  if (type.kind != BtfKind::array || !raw) return std::nullopt;
  return BtfArray{.element = raw->first, .index = raw->second, .count = raw->third};
}

std::vector<BtfMember> Btf::members(const BtfType& type) const {
  std::vector<BtfMember> all;
  if (type.kind != BtfKind::struct_type && type.kind != BtfKind::union_type) return all;
  all.reserve(type.count);
  for (const auto& raw : records<RawMember>(type)) {
    BtfMember& member = all.emplace_back(
        BtfMember{.name = name(raw.name), .type = raw.type, .bit_offset = raw.offset});
    if (type.kind_flag) {
      member.bit_offset = raw.offset & 0xFFFFFF;
      member.bitfield_bits = static_cast<std::uint8_t>(raw.offset >> 24);
    }
  }
  return all;
}

std::vector<BtfEnumerator> Btf::enumerators(const BtfType& type) const {
  std::vector<BtfEnumerator> all;
  if (type.kind == BtfKind::enum_type) {
    for (const auto& raw : records<RawPair>(type)) {
      const auto extended = static_cast<std::uint64_t>(static_cast<std::int32_t>(raw.second));
      all.push_back({name(raw.first), type.kind_flag ? extended : raw.second, type.kind_flag});
    }
  } else if (type.kind == BtfKind::enum64) {
    for (const auto& raw : records<RawTriple>(type)) {
      const std::uint64_t value = (std::uint64_t{raw.third} << 32) | raw.second;
      all.push_back({name(raw.first), value, type.kind_flag});
    }
  }
  return all;
}

std::vector<BtfParameter> Btf::parameters(const BtfType& type) const {
  std::vector<BtfParameter> all;
  if (type.kind != BtfKind::func_proto) return all;
  for (const auto& raw : records<RawPair>(type)) all.push_back({name(raw.first), raw.second});
  return all;
}

std::vector<BtfSectionVariable> Btf::section_variables(const BtfType& type) const {
  std::vector<BtfSectionVariable> all;
  if (type.kind != BtfKind::datasec) return all;
  for (const auto& raw : records<RawTriple>(type))
    all.push_back({raw.first, raw.second, raw.third});
  return all;
}

std::optional<BtfType> Btf::resolve(BtfId id) const {
  for (int depth = 0; depth <= kMaxDepth; ++depth) {
    const std::optional<BtfType> found = type(id);
    if (!found || !is_modifier(found->kind)) return found;
    id = found->target;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Btf::size_of(BtfId id) const {
  std::uint64_t count = 1;
  for (int depth = 0; depth <= kMaxDepth; ++depth) {
    std::optional<BtfType> found = resolve(id);
    if (!found) return std::nullopt;
    if (const auto elements = array(*found)) {
      if (__builtin_mul_overflow(count, elements->count, &count)) return std::nullopt;
      id = elements->element;
    } else if (found->kind == BtfKind::var) {
      id = found->target;
    } else {
      if (found->kind == BtfKind::ptr) found->size = 8;
      if (found->kind != BtfKind::ptr && !has_size(found->kind)) return std::nullopt;
      std::uint64_t bytes = 0;
      if (__builtin_mul_overflow(count, std::uint64_t{found->size}, &bytes)) return std::nullopt;
      return bytes;
    }
  }
  return std::nullopt;
}

std::string_view essential_name(std::string_view name) {
  // The last "x___y" with neither x nor y an underscore, as libbpf has it (tools/lib/bpf/libbpf.c,
  // bpf_core_essential_name_len(), v5.8).
  for (std::size_t at = name.size(); at >= 5; --at) {
    const std::string_view window = name.substr(at - 5, 5);
    if (window.substr(1, 3) == "___" && window[0] != '_' && window[4] != '_') {
      return name.substr(0, at - 4);
    }
  }
  return name;
}

}  // namespace bpfmatrix
