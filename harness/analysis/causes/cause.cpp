#include "analysis/causes/cause.h"

#include <array>

namespace bpfmatrix {

namespace {

struct Words {
  Cause cause;
  std::string_view name;
  std::string_view in_a_table;
};

constexpr std::array<Words, kCauseCount> kWords{{
    {Cause::unknown, "unknown", "unknown"},
    {Cause::helper_unknown, "helper_unknown", "helper unknown"},
    {Cause::helper_not_allowed, "helper_not_allowed", "helper not allowed"},
    {Cause::kfunc_unknown, "kfunc_unknown", "kfunc unknown"},
    {Cause::kfunc_not_allowed, "kfunc_not_allowed", "kfunc not allowed"},
    {Cause::unbounded_loop, "unbounded_loop", "unbounded loop"},
    {Cause::back_edge, "back_edge", "loop (back-edge)"},
    {Cause::too_many_insns, "too_many_insns", "too many insns"},
    {Cause::too_many_branches, "too_many_branches", "too many branches"},
    {Cause::program_too_long, "program_too_long", "program too long"},
    {Cause::stack_too_deep, "stack_too_deep", "stack too deep"},
    {Cause::out_of_bounds, "out_of_bounds", "out of bounds"},
    {Cause::null_dereference, "null_dereference", "NULL not checked"},
    {Cause::scalar_dereference, "scalar_dereference", "not a pointer"},
    {Cause::dead_slot_read, "dead_slot_read", "stack slot seen as dead"},
    {Cause::uninitialised_read, "uninitialised_read", "uninitialised read"},
    {Cause::pointer_leak, "pointer_leak", "pointer leak"},
    {Cause::pointer_arithmetic, "pointer_arithmetic", "pointer arithmetic"},
    {Cause::invalid_context_access, "invalid_context_access", "context access"},
    {Cause::unreachable_code, "unreachable_code", "unreachable code"},
    {Cause::no_exit, "no_exit", "no exit at the end"},
    {Cause::bad_call, "bad_call", "bad call argument"},
    {Cause::bad_instruction, "bad_instruction", "instruction rejected"},
    {Cause::misaligned_access, "misaligned_access", "misaligned access"},
    {Cause::access_forbidden, "access_forbidden", "access forbidden"},
    {Cause::return_value, "return_value", "return value"},
    {Cause::lock_misuse, "lock_misuse", "lock misuse"},
    {Cause::special_field_misuse, "special_field_misuse", "lock/timer/kptr misused"},
    {Cause::sleepable_not_allowed, "sleepable_not_allowed", "sleeping not allowed"},
    {Cause::tail_call_not_allowed, "tail_call_not_allowed", "tail call not allowed"},
    {Cause::map_not_allowed, "map_not_allowed", "map not allowed"},
    {Cause::reference_leak, "reference_leak", "reference leak"},
    {Cause::core_poison_reached, "core_poison_reached", "CO-RE unresolved"},
    {Cause::license, "license", "license not GPL"},
    {Cause::btf_rejected, "btf_rejected", "BTF rejected"},
    {Cause::global_data_unsupported, "global_data_unsupported", "no global data"},
    {Cause::callback_unsupported, "callback_unsupported", "no callbacks"},
    {Cause::ldimm64_unsupported, "ldimm64_unsupported", "ld_imm64 unknown"},
    {Cause::log_truncated, "log_truncated", "log truncated"},
    {Cause::map_type_unknown, "map_type_unknown", "map type unknown"},
    {Cause::map_create_failed, "map_create_failed", "map not created"},
    {Cause::program_type_unknown, "program_type_unknown", "program type unknown"},
    {Cause::attach_type_unknown, "attach_type_unknown", "attach type unknown"},
    {Cause::attach_target_missing, "attach_target_missing", "no attach target"},
    {Cause::attach_busy, "attach_busy", "attach target busy"},
    {Cause::attach_refused, "attach_refused", "attach failed"},
    {Cause::core_ambiguous, "core_ambiguous", "CO-RE ambiguous"},
    {Cause::no_object_btf, "no_object_btf", "no BTF in the object"},
    {Cause::not_bpf, "not_bpf", "no BPF object"},
    {Cause::no_kernel_btf, "no_kernel_btf", "no kernel BTF"},
    {Cause::legacy_maps, "legacy_maps", "legacy maps"},
    {Cause::loader_refused, "loader_refused", "loader failed"},
    {Cause::memlock, "memlock", "memlock limit"},
    {Cause::out_of_memory, "out_of_memory", "out of memory"},
    {Cause::capability, "capability", "not privileged"},
    {Cause::lockdown, "lockdown", "lockdown"},
    {Cause::enotsupp_arch, "enotsupp_arch", "not on this arch"},
    {Cause::attribute_too_new, "attribute_too_new", "attribute too new"},
    {Cause::file_not_in_guest, "file_not_in_guest", "file not in the guest"},
    {Cause::section_unknown, "section_unknown", "loader lacks the section"},
}};

constexpr bool stands_where_it_is_looked_up() {
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (static_cast<std::size_t>(kWords[i].cause) != i || kWords[i].in_a_table.size() > 24) {
      return false;
    }
  }
  return true;
}
static_assert(stands_where_it_is_looked_up());

}  // namespace

bool leaves_kernel_unasked(Cause cause) {
  return cause == Cause::file_not_in_guest || cause == Cause::section_unknown;
}

std::string_view to_string(Cause cause) { return kWords.at(static_cast<std::size_t>(cause)).name; }

std::string_view short_text(Cause cause) {
  return kWords.at(static_cast<std::size_t>(cause)).in_a_table;
}

std::optional<Cause> parse_cause(std::string_view text) {
  for (const Words& words : kWords) {
    if (words.name == text) return words.cause;
  }
  return std::nullopt;
}

}  // namespace bpfmatrix
