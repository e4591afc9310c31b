// Why a program did not get through: a closed list, so that reports can count and compare. Each
// word is as stable as a file format; what each means stands beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bpfmatrix {

enum class Cause : std::uint8_t {
  unknown,  ///< something failed, and nothing about it is certain

  // The verifier's diagnosis on the program.
  helper_unknown,      ///< this kernel has no helper of that number
  helper_not_allowed,  ///< it has the helper, but not for this program type
  kfunc_unknown,       ///< a kernel function or variable with this name does not exist
  kfunc_not_allowed,   ///< it is there, but not for this program type
  unbounded_loop,      ///< a loop whose end the verifier cannot see
  back_edge,           ///< any loop at all, on kernels before bounded loops
  too_many_insns,      ///< verification went through more instructions than allowed
  too_many_branches,   ///< more open branches than the verifier keeps track of
  program_too_long,    ///< more instructions, functions or maps in the program than allowed
  stack_too_deep,      ///< frames of nested calls above 512 bytes
  out_of_bounds,       ///< an access that may lie outside a map value, packet, stack...
  null_dereference,    ///< a pointer that may be NULL, used without a check
  scalar_dereference,  ///< a number used as a pointer, or a pointer that may not be dereferenced
  dead_slot_read,      ///< a stack slot read that the verifier saw as dead (7.x)
  uninitialised_read,  ///< a register or stack slot read before it was written
  pointer_leak,        ///< an address would become visible, or outlive what it points to
  pointer_arithmetic,  ///< arithmetic that this kind of pointer does not allow
  invalid_context_access,   ///< a field of the context that is not there, or not for this type
  unreachable_code,         ///< instructions that no path leads to
  no_exit,                  ///< the last instruction is neither exit nor jump
  bad_call,                 ///< a call with an argument of the wrong type, or the signature itself
  bad_instruction,          ///< an instruction this kernel does not know, or not here, or not so
  misaligned_access,        ///< an access that is not aligned to its size where it has to be
  access_forbidden,         ///< memory that may only be read was written, or the other way round
  return_value,             ///< R0 at exit is outside what the program type allows
  lock_misuse,              ///< a lock (spin, RCU...) not released, or something forbidden in it
  special_field_misuse,     ///< a lock, timer or kptr in a map, used otherwise than by its helpers
  sleepable_not_allowed,    ///< something that may sleep where nothing may
  tail_call_not_allowed,    ///< a tail call in a function or program that may have none
  map_not_allowed,          ///< a map that this type of program may not use
  reference_leak,           ///< an acquired object is not released on every path
  core_poison_reached,      ///< an unresolved CO-RE relocation stands on a live path
  license,                  ///< a GPL-only function from a program that is not GPL-compatible
  btf_rejected,             ///< the object's BTF, or func_info or line_info, is not accepted
  global_data_unsupported,  ///< the kernel does not know global variables
  callback_unsupported,     ///< the kernel does not know functions as callbacks of helpers
  ldimm64_unsupported,      ///< an immediate load of a sort this kernel does not know
  log_truncated,            ///< the log buffer was too small: the verifier's reason is not known

  // Everything else that says no.
  map_type_unknown,       ///< this kernel has no map type of that number
  map_create_failed,      ///< the kernel has the type, or may have it, and did not make the map
  program_type_unknown,   ///< this kernel has no program type of that number
  attach_type_unknown,    ///< this kernel does not know that way to attach
  attach_target_missing,  ///< the symbol, event or function to attach to is not there
  attach_busy,            ///< something else is attached there
  attach_refused,         ///< the target is there, and nothing, or not this, attaches to it
  core_ambiguous,         ///< a CO-RE relocation has several targets, and they disagree
  no_object_btf,          ///< the object has no BTF of its own, and its maps or relocations need it
  not_bpf,                ///< no BPF object at all, or one for other machines
  no_kernel_btf,          ///< the program needs the kernel's BTF, and there is none
  legacy_maps,            ///< libbpf 1.x and maps defined the old way
  loader_refused,         ///< the loader itself gave up, before it asked the kernel
  memlock,                ///< RLIMIT_MEMLOCK, on kernels that count BPF memory by it
  out_of_memory,          ///< ENOMEM
  capability,             ///< not privileged enough
  lockdown,               ///< kernel lockdown forbids it
  enotsupp_arch,          ///< the kernel has it, but not on this architecture, or without its JIT
  attribute_too_new,      ///< bpf(2) was given an attribute this kernel does not know
  file_not_in_guest,      ///< a uprobe's file or symbol is not in the guest: the kernel has no say
  section_unknown,        ///< the loader is older than the section: the kernel was never asked
};
inline constexpr std::size_t kCauseCount = static_cast<std::size_t>(Cause::section_unknown) + 1;

/// What failed, failed for want of something here: whether the kernel would do it is not known.
bool leaves_kernel_unasked(Cause cause);

/// The enumerator's own name: what stands in JSON and on command lines.
std::string_view to_string(Cause cause);
std::optional<Cause> parse_cause(std::string_view text);

/// For a cell of a table: at most 24 characters.
std::string_view short_text(Cause cause);

}  // namespace bpfmatrix
