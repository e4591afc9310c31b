// A read-only view of BTF, the type description that kernels and BPF objects carry. The format is
// described in the kernel's Documentation/bpf/btf.rst.
//
// Nothing in the bytes is trusted: `parse` checks every length, name and type id once, and that
// walks along types end (btf_shape.h); the accessors check their arguments.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/words.h"

namespace bpfmatrix {

/// BTF_MAGIC: the first two bytes of BTF and of .BTF.ext.
inline constexpr std::uint16_t kBtfMagic = 0xEB9F;

/// In the order of BTF_KIND_*; "_type" keeps some clear of C++ keywords.
enum class BtfKind : std::uint8_t {
  void_type,
  int_type,
  ptr,
  array,
  struct_type,
  union_type,
  enum_type,
  fwd,
  typedef_type,
  volatile_type,
  const_type,
  restrict_type,
  func,
  func_proto,
  var,
  datasec,
  float_type,
  decl_tag,
  type_tag,
  enum64,
};
/// As bpftool prints them, in lower case.
inline constexpr Word<BtfKind> kBtfKindWords[] = {
    {BtfKind::void_type, "void"},
    {BtfKind::int_type, "int"},
    {BtfKind::ptr, "ptr"},
    {BtfKind::array, "array"},
    {BtfKind::struct_type, "struct"},
    {BtfKind::union_type, "union"},
    {BtfKind::enum_type, "enum"},
    {BtfKind::fwd, "fwd"},
    {BtfKind::typedef_type, "typedef"},
    {BtfKind::volatile_type, "volatile"},
    {BtfKind::const_type, "const"},
    {BtfKind::restrict_type, "restrict"},
    {BtfKind::func, "func"},
    {BtfKind::func_proto, "func_proto"},
    {BtfKind::var, "var"},
    {BtfKind::datasec, "datasec"},
    {BtfKind::float_type, "float"},
    {BtfKind::decl_tag, "decl_tag"},
    {BtfKind::type_tag, "type_tag"},
    {BtfKind::enum64, "enum64"},
};
constexpr const auto& words_of(BtfKind) { return kBtfKindWords; }
inline constexpr std::size_t kBtfKindCount = std::size(kBtfKindWords);

using BtfId = std::uint32_t;

/// One type. What the fields mean depends on the kind; the accessors of Btf unfold the rest.
struct BtfType {
  BtfId id = 0;
  BtfKind kind = BtfKind::void_type;
  std::string_view name{};
  /// Number of members, enumerators, parameters or variables. For func: the linkage.
  std::uint16_t count = 0;
  /// struct, union: offsets hold bitfield sizes. enum: values are signed. fwd: it is a union.
  bool kind_flag = false;
  /// Bytes, of the kinds that have a size: int, enum, struct, union, datasec, float, enum64.
  std::uint32_t size = 0;
  /// The type referred to, of the kinds that refer to one: ptr, typedef, func, var, and so on.
  BtfId target = 0;
  /// What follows the common part, as it is in the file.
  std::string_view tail{};
};

struct BtfInt {
  bool is_signed = false;
  bool is_char = false;
  bool is_bool = false;
  std::uint8_t bit_offset = 0;
  std::uint8_t bits = 0;
};
struct BtfArray {
  BtfId element = 0;
  BtfId index = 0;
  std::uint32_t count = 0;
};
struct BtfMember {
  std::string_view name{};
  BtfId type = 0;
  std::uint32_t bit_offset = 0;
  /// 0: not a bitfield.
  std::uint8_t bitfield_bits = 0;
};
struct BtfEnumerator {
  std::string_view name{};
  /// Sign- or zero-extended to 64 bits as `is_signed` says.
  std::uint64_t value = 0;
  bool is_signed = false;
};
struct BtfParameter {
  std::string_view name{};
  BtfId type = 0;
};
struct BtfSectionVariable {
  BtfId variable = 0;
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

class Btf {
 public:
  /// Takes a whole .BTF section, or a kernel's BTF file. Error: cut short, big-endian, a kind newer
  /// than enum64, a name or type id that points nowhere, or types that do not end.
  static Result<Btf> parse(std::string bytes);
  /// Takes the .BTF section of a kernel module, which continues the kernel's: its types refer to
  /// those of `base` too, ids and names count on from there. Error: as above, or `base` is such a
  /// continuation itself.
  static Result<Btf> parse_split(std::shared_ptr<const Btf> base, std::string bytes);

  /// Ids are 0 (void) up to, not including, this.
  BtfId type_count() const { return first_ + static_cast<BtfId>(offsets_.size()); }
  /// What this one continues, and has all types with ids below first_id() from; nullptr: it stands
  /// alone.
  const Btf* base() const { return base_.get(); }
  BtfId first_id() const { return first_; }
  /// Names in it stay valid as long as the Btf, moved or not. Nothing: no such id.
  std::optional<BtfType> type(BtfId id) const;
  /// The string at `offset` of the string section, where .BTF.ext finds its names.
  std::optional<std::string_view> string(std::uint32_t offset) const;

  // Both look in what it has itself, not in its base.
  /// Every type of that kind and exactly that name, in the order of ids.
  std::vector<BtfId> find(std::string_view name, BtfKind kind) const;
  /// Every type whose name without flavour is `name` without flavour (see essential_name).
  std::vector<BtfId> find_flavours(std::string_view name) const;

  // Each is empty for a type of another kind.
  std::optional<BtfInt> integer(const BtfType& type) const;
  std::optional<BtfArray> array(const BtfType& type) const;
  std::vector<BtfMember> members(const BtfType& type) const;
  std::vector<BtfEnumerator> enumerators(const BtfType& type) const;
  std::vector<BtfParameter> parameters(const BtfType& type) const;
  std::vector<BtfSectionVariable> section_variables(const BtfType& type) const;

  /// The type behind typedef, const, volatile, restrict and type_tag. Nothing: no such id, or a
  /// chain that does not end.
  std::optional<BtfType> resolve(BtfId id) const;
  /// Bytes in memory. Nothing for what has no size: void, functions, fwd, cycles, and arrays larger
  /// than 64 bits can count.
  std::optional<std::uint64_t> size_of(BtfId id) const;

 private:
  explicit Btf(std::string bytes) : bytes_(std::move(bytes)), offsets_{0} {}
  Btf(std::shared_ptr<const Btf> base, std::string bytes);
  static Result<Btf> read(Btf btf);
  Result<> read_header();
  Result<> check_strings() const;
  Result<> read_types();
  void index_names();
  std::string_view types() const;
  std::string_view strings() const;
  std::string_view name(std::uint32_t offset) const;
  /// Where an own type starts within types().
  std::uint32_t offset_of(BtfId id) const { return offsets_[id - first_]; }

  std::shared_ptr<const Btf> base_{};
  /// The first id and string offset that are not the base's.
  BtfId first_ = 0;
  std::uint64_t first_string_ = 0;
  std::string bytes_;
  std::uint64_t types_at_ = 0, types_size_ = 0;
  std::uint64_t strings_at_ = 0, strings_size_ = 0;
  /// Of each id from first_ on; void, the first without a base, stands for nothing.
  std::vector<std::uint32_t> offsets_{};
  /// A chained hash table over essential names: first id of a bucket, next id of the same bucket.
  std::vector<BtfId> buckets_{};
  std::vector<BtfId> next_{};
};

/// "task_struct" of "task_struct___old": libbpf lets one program describe several shapes of a
/// kernel's type by such flavours.
std::string_view essential_name(std::string_view name);

}  // namespace bpfmatrix
