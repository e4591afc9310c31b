// CO-RE relocation, calculated: for each place in an object that depends on the layout of the
// kernel's types, what the loader will find there and put there. No kernel and no loader take part,
// so the result can be compared with what they did.
//
// The rules are those of libbpf 1.4 to 1.7 (src/relo_core.c, bpf_core_calc_relo_insn(), and
// src/libbpf.c, bpf_object__relocate_core()), down to where it gives up.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/words.h"
#include "core/patch.h"
#include "core/value.h"
#include "elf/btf.h"
#include "elf/btf_ext.h"
#include "elf/elf_file.h"

namespace bpfmatrix {

/// Steps of a calculation for one object (CoreBudget). A thousand relocations against struct
/// task_struct take a third of a million.
inline constexpr std::uint64_t kMaxCoreWork = 20'000'000;

enum class CoreOutcome { resolved, unchanged, poisoned, skipped, failed };
inline constexpr Word<CoreOutcome> kCoreOutcomeWords[] = {
    {CoreOutcome::resolved, "resolved", "the instruction now holds what is true on this kernel"},
    {CoreOutcome::unchanged, "unchanged", "it did so before"},
    {CoreOutcome::poisoned, "poisoned",
     "no number is right: the verifier rejects the program if it can reach it"},
    {CoreOutcome::skipped, "skipped", "not relocated: the compiler's value stays, right or wrong"},
    {CoreOutcome::failed, "failed", "the loader fails for the whole object"},
};
constexpr const auto& words_of(CoreOutcome) { return kCoreOutcomeWords; }

struct CoreResult {
  /// The object's section and, in it, the program or subprogram.
  std::string section{};
  std::string function{};
  /// Slot of the section where that begins: linked objects have several static functions of a name.
  std::uint64_t function_at = 0;
  /// The number libbpf's log has for it ("relo #0"): counted from 0 within the section.
  std::uint32_t index = 0;
  /// Slot within the function, before anything is linked to it.
  std::uint64_t instruction = 0;
  CoreRelocationKind kind = CoreRelocationKind::byte_off;

  /// "struct task_struct::real_parent"; empty: the access string means nothing.
  std::string local{};
  std::optional<std::uint64_t> local_value{};
  /// Empty: no match.
  std::string target{};
  /// Which of the targets has it: 0 the kernel's own BTF, from 1 on those of modules.
  std::size_t target_btf = 0;
  /// With no match, what is put into the instruction nevertheless: 0 for "it does not exist".
  std::optional<std::uint64_t> target_value{};
  /// Types of the kernel that were looked at. libbpf drops the ones that an earlier relocation
  /// against the same local type did not match, so it may sink within an object.
  std::size_t candidates = 0;

  CoreOutcome outcome = CoreOutcome::skipped;
  /// "field not in target", "no candidate type", "ambiguous: 2 candidates differ", "no BTF"; empty
  /// if there is a match and all is well.
  std::string reason{};

  std::vector<CoreEdit> edits{};
  /// The instruction, one or two slots; `after` is empty unless it was carried out.
  std::vector<std::uint64_t> before{};
  std::vector<std::uint64_t> after{};
};

struct CoreOptions {
  /// Functions that the loader leaves out, and whose relocations it therefore skips (libbpf's
  /// autoload). Nothing set: every function is loaded.
  std::function<bool(std::string_view function)> loaded{};
  CoreRules rules{};
};

/// Every CO-RE relocation of the object, in the order of .BTF.ext, which is the order loaders take.
/// `local` and `ext` are the object's own. `targets`: the kernel's BTF and after it those of
/// modules, which count only for types that the kernel's has no candidate for; none at all: no BTF.
/// A failed relocation does not stop the others, though a loader stops there.
/// Error: more relocations than any object has.
Result<std::vector<CoreResult>> relocate(const ElfFile& elf, const Btf& local, const BtfExt& ext,
                                         const std::vector<const Btf*>& targets,
                                         const CoreOptions& options = {});

}  // namespace bpfmatrix
