#include "elf/btf_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

/// The kernel refuses more than 32 (MAX_RESOLVE_DEPTH) for the BTF of programs; it does not look at
/// its own, where 6.18 has 33.
constexpr int kMaxResolveDepth = 128;
/// Steps of a walk along one type, and along all. The largest kernels have some 10 thousand and 4
/// million.
constexpr std::uint32_t kMaxOfOne = 1 << 21;
constexpr std::uint64_t kMaxTotal = 1 << 26;

bool is_composite(const BtfType& type) {
  return type.kind == BtfKind::struct_type || type.kind == BtfKind::union_type;
}

bool is_modifier(const BtfType& type) {
  return type.kind == BtfKind::typedef_type || type.kind == BtfKind::volatile_type ||
         type.kind == BtfKind::const_type || type.kind == BtfKind::restrict_type ||
         type.kind == BtfKind::type_tag;
}

/// Calls `visit` with one id of each record behind a type: its second word, or its first.
template <typename Visit>
void each_record(const BtfType& type, std::size_t bytes, std::size_t at, Visit visit) {
  for (std::size_t i = 0; i < type.count; ++i) {
    visit(read_at<BtfId>(type.tail, i * bytes + at).value_or(0));
  }
}
template <typename Visit>
void each_member(const BtfType& type, Visit visit) {
  if (is_composite(type)) each_record(type, 12, 4, visit);
}

/// What is written where a type is mentioned: of a struct or union with a name only that, of all
/// else what it is made of. libbpf writes a typedef's name too, but looks behind it first to bring
/// the types in order (tools/lib/bpf/btf_dump.c, btf_dump_order_type(), v6.1).
struct Mention {
  template <typename Visit>
  static void each(const Btf& btf, const BtfType& type, Visit visit) {
    if (type.kind == BtfKind::ptr || type.kind == BtfKind::func_proto || is_modifier(type))
      visit(type.target);
    if (const auto array = btf.array(type)) visit(array->element);
    if (type.kind == BtfKind::func_proto) each_record(type, 8, 4, visit);
    if (type.name.empty()) each_member(type, visit);
  }
};

/// What a type holds by value: its alignment is found by looking at all of that
/// (tools/lib/bpf/btf.c, btf__align_of(), v6.1).
struct Content {
  template <typename Visit>
  static void each(const Btf& btf, const BtfType& type, Visit visit) {
    if (is_modifier(type)) visit(type.target);
    if (const auto array = btf.array(type)) visit(array->element);
    each_member(type, visit);
  }
};

Error broken(BtfId id, std::string_view what) {
  return Error{fmt::format("BTF: type {} {}", id, what)};
}

/// Each type is visited once, and what is known of it is used again; so the time is in proportion
/// to the types although what is measured may be exponential.
template <typename Along>
class Measure {
 public:
  explicit Measure(const Btf& btf) : btf_(btf), known_(btf.type_count() - btf.first_id()) {}

  /// The steps of a walk along all that `id` refers to; 0: it has no end, see error().
  std::uint64_t steps(BtfId id) { return visit(id, 1) ? known(id).steps : 0; }
  const std::optional<Error>& error() const { return error_; }

 private:
  struct Known {
    std::uint32_t steps = 0;  ///< 0: not yet
    std::uint16_t depth = 0;
    bool open = false;
  };

  /// void, and all types of the base, which was looked at by itself.
  bool is_foreign(BtfId id) const { return id == 0 || id < btf_.first_id(); }
  Known known(BtfId id) const {
    return is_foreign(id) ? Known{.steps = 1, .depth = 1} : known_[id - btf_.first_id()];
  }

  /// `level` bounds our own stack; the depth is that of the type, wherever the walk began.
  bool visit(BtfId id, int level) {
    if (known(id).steps != 0) return true;
    if (known(id).open) return fail(id, "is made of itself, without a name in between");
    if (level > kMaxResolveDepth) return fail(id, "is nested too deeply");
    known_[id - btf_.first_id()].open = true;
    Known all{.steps = 1};
    bool ends = true;
    Along::each(btf_, *btf_.type(id), [&](BtfId inner) {
      ends = ends && visit(inner, level + 1);
      all.steps = std::min(all.steps + known(inner).steps, kMaxOfOne + 1);
      all.depth = std::max(all.depth, known(inner).depth);
    });
    if (!ends) return false;
    if (all.steps > kMaxOfOne) return fail(id, "is too large when written out");
    if (++all.depth > kMaxResolveDepth) return fail(id, "is nested too deeply");
    known_[id - btf_.first_id()] = all;
    return true;
  }

  bool fail(BtfId id, std::string_view what) {
    error_ = broken(id, what);
    return false;
  }

  const Btf& btf_;
  std::vector<Known> known_;
  std::optional<Error> error_{};
};

}  // namespace

// A pointer, typedef or array of itself is what the kernel refuses too, for the BTF of programs
// (kernel/bpf/btf.c, env_resolve() and btf_ptr_resolve(), v6.1). That it takes cycles through
// function prototypes makes no difference: C cannot declare one.
Result<> check_btf_shape(const Btf& btf) {
  Measure<Mention> mentions(btf);
  Measure<Content> contents(btf);
  std::uint64_t total = 0;
  for (BtfId id = std::max<BtfId>(btf.first_id(), 1); id < btf.type_count(); ++id) {
    total += mentions.steps(id) + contents.steps(id);
    // Where a struct is declared; one without a name is where it is mentioned.
    const BtfType type = *btf.type(id);
    if (!type.name.empty()) {
      each_member(type, [&](BtfId member) { total += mentions.steps(member); });
    }
    if (mentions.error()) return *mentions.error();
    if (contents.error()) return *contents.error();
    if (total > kMaxTotal) return broken(id, "and those before are too large when written out");
  }
  return {};
}

}  // namespace bpfmatrix
