// Any bytes as BTF: all of its accessors, whose BTF it may be, and the whole of it written again.
#include "base/testing/fuzz_target.h"
#include "elf/btf.h"
#include "elf/btf_identity.h"
#include "elf/btf_subset.h"

namespace bpfmatrix {
namespace {

void try_type(const Btf& btf, const BtfType& type) {
  (void)btf.integer(type);
  (void)btf.array(type);
  (void)btf.enumerators(type);
  (void)btf.parameters(type);
  (void)btf.section_variables(type);
  (void)btf.size_of(type.id);
  require(btf.resolve(type.id).has_value(), "what is referred to is there");
}

void try_parts(const Btf& btf) {
  BtfSubset all({&btf});
  for (BtfId id = 1; id < btf.type_count(); ++id) {
    const BtfType type = *btf.type(id);
    try_type(btf, type);
    all.keep(btf, id);
    const auto members = static_cast<std::uint32_t>(btf.members(type).size());
    for (std::uint32_t i = 0; i < members; ++i) all.keep_member(btf, id, i);
  }
  const Result<Btf> again = Btf::parse(all.write());
  require(again && again->type_count() == btf.type_count(), "BTF that was written is accepted");
}

void try_btf(std::string_view bytes) {
  const Result<Btf> btf = Btf::parse(std::string(bytes));
  if (!btf) return require(!btf.error().message.empty(), "a refusal says why");
  try_parts(*btf);
  (void)btf->find("task_struct", BtfKind::struct_type);
  (void)btf->find_flavours("task_struct");
  (void)arch_of(*btf);
  (void)share_of_functions(*btf, [](std::string_view name) { return name.size() % 2 == 0; });
  const auto base = std::make_shared<const Btf>(*Btf::parse(std::string(bytes)));
  (void)Btf::parse_split(base, std::string(bytes));
}

const FuzzTarget target("btf", try_btf);

}  // namespace
}  // namespace bpfmatrix
