#include "elf/btf_identity.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kAlikePerHundred = 99;

/// A register, or a thing saved beside the registers, that only one architecture has.
constexpr std::pair<std::string_view, Arch> kMarks[] = {
    {"r15", Arch::x86_64}, {"orig_x0", Arch::aarch64}, {"syscallno", Arch::aarch64}};

/// Nothing: none of that name, or several.
std::optional<BtfType> only_type(const Btf& btf, std::string_view name, BtfKind kind) {
  const std::vector<BtfId> found = btf.find(name, kind);
  if (found.size() != 1) return std::nullopt;
  return btf.type(found.front());
}

bool laid_out_alike(const Btf& btf, const BtfType& type, const Btf& own, const BtfType& own_type) {
  if (type.size != own_type.size) return false;
  std::set<std::pair<std::string_view, std::uint64_t>> places;
  for (const BtfMember& member : own.members(own_type)) {
    places.emplace(member.name, member.bit_offset);
  }
  const std::vector<BtfMember> members = btf.members(type);
  return std::all_of(members.begin(), members.end(), [&](const BtfMember& member) {
    return places.contains({member.name, member.bit_offset});
  });
}

}  // namespace

std::optional<bool> BtfShare::looks_alike() const {
  if (compared == 0) return std::nullopt;
  return alike * 100 >= compared * kAlikePerHundred;
}

std::optional<Arch> arch_of(const Btf& btf) {
  for (const BtfId id : btf.find("pt_regs", BtfKind::struct_type)) {
    for (const BtfMember& member : btf.members(*btf.type(id))) {
      for (const auto& [name, arch] : kMarks) {
        if (member.name == name) return arch;
      }
    }
  }
  return std::nullopt;
}

BtfShare share_of_functions(const Btf& btf,
                            const std::function<bool(std::string_view)>& in_kernel) {
  BtfShare share;
  for (BtfId id = 1; id < btf.type_count(); ++id) {
    const BtfType type = *btf.type(id);
    if (type.kind != BtfKind::func) continue;
    ++share.compared;
    share.alike += in_kernel(type.name) ? 1 : 0;
  }
  return share;
}

BtfShare share_of_layouts(const Btf& btf, const Btf& own) {
  BtfShare share;
  for (BtfId id = 1; id < btf.type_count(); ++id) {
    const BtfType type = *btf.type(id);
    const bool composite = type.kind == BtfKind::struct_type || type.kind == BtfKind::union_type;
    if (!composite || type.name.empty() || !only_type(btf, type.name, type.kind)) continue;
    const auto own_type = only_type(own, type.name, type.kind);
    if (!own_type) continue;
    ++share.compared;
    share.alike += laid_out_alike(btf, type, own, *own_type) ? 1 : 0;
  }
  return share;
}

}  // namespace bpfmatrix
