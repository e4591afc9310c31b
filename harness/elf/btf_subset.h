// Some of the types of a kernel's BTF, and of those of its modules, as one BTF, written byte for
// byte as they were. libbpf's btf__add_*() cannot do that: they take the sign of an enum from its
// values, and the bits of a number from its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "elf/btf.h"

namespace bpfmatrix {

class BtfSubset {
 public:
  /// The BTF to keep types from: one without a base, and those that continue it. They must
  /// outlive this.
  explicit BtfSubset(std::vector<const Btf*> from) : from_(std::move(from)) {}

  /// The type alone: void replaces types it refers to that are not kept. Of a struct or union the
  /// name and the size, of an enum all values. No type has the id: nothing happens.
  void keep(const Btf& in, BtfId id);
  /// One more member of a struct or union, which is kept with it; the member's type is not.
  void keep_member(const Btf& in, BtfId id, std::uint32_t index);

  std::size_t type_count() const { return kept_.size(); }
  std::size_t member_count() const;
  /// A whole BTF. Types and members keep their order.
  std::string write() const;

  /// Whose the type is, as a place in `from`, and its id there.
  using Key = std::pair<std::size_t, BtfId>;
  /// What is kept, and which members of it.
  using Kept = std::map<Key, std::set<std::uint32_t>>;
  const Kept& kept() const { return kept_; }
  /// Nothing: no such type, or void.
  std::optional<Key> key_of(const Btf& in, BtfId id) const;

 private:
  std::vector<const Btf*> from_;
  Kept kept_{};
};

}  // namespace bpfmatrix
