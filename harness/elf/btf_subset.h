// Some of the types of a BTF as a BTF of its own, written byte for byte as they were. libbpf's
// btf__add_*() cannot do that: they take the sign of an enum from its values, and the bits of a
// number from its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "elf/btf.h"

namespace bpfmatrix {

class BtfSubset {
 public:
  /// `from` must outlive this.
  explicit BtfSubset(const Btf& from) : from_(from) {}

  /// The type alone: void stands where it refers to one that is not kept. Of a struct or union the
  /// name and the size, of an enum all values. No type has the id: nothing happens.
  void keep(BtfId id);
  /// One more member of a struct or union, which is kept with it; the member's type is not.
  void keep_member(BtfId id, std::uint32_t index);

  std::size_t type_count() const { return kept_.size(); }
  std::size_t member_count() const;
  /// A whole BTF. Types and members stand in the order they had.
  std::string write() const;

 private:
  const Btf& from_;
  /// What is kept, and which members of it.
  std::map<BtfId, std::set<std::uint32_t>> kept_{};
};

}  // namespace bpfmatrix
