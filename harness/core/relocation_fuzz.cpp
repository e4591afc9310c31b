// Any bytes as an object to relocate, by the BTF of a kernel in its section ".kernel", or by its
// own if it has no such section. With the part of the BTF that CoreMinimum keeps the results are
// the same.
#include "base/testing/fuzz_target.h"
#include "core/minimum.h"
#include "core/relocation.h"
#include "elf/object_types.h"

namespace bpfmatrix {
namespace {

/// As in libbpf, only a relocation that was carried out has changed its instruction.
void require_sound(const CoreResult& result) {
  const bool carried_out =
      result.outcome != CoreOutcome::failed && result.outcome != CoreOutcome::skipped;
  require(carried_out ? result.after.size() == result.before.size() && !result.before.empty()
                      : result.after.empty() && !result.reason.empty(),
          "a relocation was carried out, or there is a reason");
}

bool same(const CoreResult& one, const CoreResult& other) {
  if (one.kind == CoreRelocationKind::target_type_id) return one.target == other.target;
  return one.outcome == other.outcome && one.target == other.target &&
         one.local_value == other.local_value && one.target_value == other.target_value &&
         one.before == other.before && one.after == other.after;
}

void try_minimum(const ElfFile& object, const ObjectTypes& types, const Btf& kernel,
                 const std::vector<CoreResult>& whole) {
  CoreMinimum minimum({&kernel});
  if (!minimum.add(object)) return;
  const Result<std::string> written = minimum.write();
  require(written.has_value(), "what was kept of one BTF can be written");
  const Result<Btf> part = Btf::parse(*written);
  require(part.has_value(), "BTF that was written is accepted");
  const auto results = relocate(object, *types.btf, types.ext, {&*part});
  require(results && results->size() == whole.size(), "a part gives as many results");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    require(same(whole[i], (*results)[i]),
            "with its part of the kernel's BTF the result is the same");
  }
}

void try_relocation(std::string_view bytes) {
  const Result<ElfFile> object = ElfFile::parse(std::string(bytes));
  if (!object) return;
  const auto types = read_object_types(*object);
  if (!types || !*types) return;
  const ElfSection* given = object->section(".kernel");
  const Result<Btf> kernel =
      Btf::parse(std::string((given != nullptr ? given : object->section(".BTF"))->bytes));
  if (!kernel) return;
  const auto results = relocate(*object, *(*types)->btf, (*types)->ext, {&*kernel});
  if (!results) return;
  for (const CoreResult& result : *results) require_sound(result);
  try_minimum(*object, **types, *kernel, *results);
  (void)relocate(*object, *(*types)->btf, (*types)->ext, {},
                 {.loaded = [](std::string_view name) { return name.size() % 2 == 0; },
                  .rules = {.whole_arrays = true}});
}

const FuzzTarget target("relocation", try_relocation);

}  // namespace
}  // namespace bpfmatrix
