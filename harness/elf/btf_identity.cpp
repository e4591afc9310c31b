#include "elf/btf_identity.h"

#include <utility>

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kAlikePerHundred = 99;

/// A register, or a thing saved beside the registers, that only one architecture has.
constexpr std::pair<std::string_view, Arch> kMarks[] = {
    {"r15", Arch::x86_64}, {"orig_x0", Arch::aarch64}, {"syscallno", Arch::aarch64}};

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

}  // namespace bpfmatrix
