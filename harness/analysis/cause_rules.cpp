#include "analysis/cause_rules.h"

namespace bpfmatrix {

// Wording from kernel/bpf/verifier.c, cfg.c, states.c, btf.c and log.c of 4.18 to 7.x, held against
// the logs in testdata/.
const std::vector<CauseRule>& verdict_rules() {
  static const std::vector<CauseRule> rules{
      // Calls. libbpf poisons an unresolved CO-RE relocation with a call of 0xbad2310, and rewrites
      // what the kernel says of it.
      {Cause::core_poison_reached, "EINVAL", R"(invalid func unknown#(?P<subject>195896080))"},
      {Cause::core_poison_reached, "EINVAL",
       R"(failed to resolve CO-RE relocation (?P<subject>.+))"},
      {Cause::helper_unknown, "EINVAL", R"(invalid func (?P<subject>\S+#\d+))"},
      {Cause::helper_not_allowed, "EINVAL", R"(unknown func (?P<subject>\w+)#\d+)"},
      {Cause::helper_not_allowed, "EINVAL",
       R"(program of this type cannot use helper (?P<subject>\w+)#\d+)"},
      {Cause::kfunc_unknown, "EINVAL",
       R"(kfunc '(?P<subject>.+)' is referenced but wasn't resolved)"},
      {Cause::kfunc_not_allowed, "EACCES EINVAL",
       R"(calling kernel function (?P<subject>\S+) is not allowed)"},
      {Cause::enotsupp_arch, "ENOTSUPP EINVAL",
       R"((?P<subject>JIT does not support calling (?:kernel function|kfunc).*))"},
      {Cause::enotsupp_arch, "EINVAL",
       R"((?P<subject>(?:callbacks|tail_calls) are not allowed in non-JITed programs.*))"},
      {Cause::licence, "EINVAL",
       R"(cannot call (?P<subject>GPL-restricted function|kernel function) from non-GPL compatible program)"},
      {Cause::capability, "EPERM",
       R"((?P<subject>.*calls? to other bpf functions are allowed for .*CAP_\w+.*))"},
      {Cause::capability, "EPERM",
       R"((?P<subject>loading/calling other bpf or kernel functions are allowed for .*CAP_\w+.*))"},
      {Cause::bad_call, "EINVAL", R"(cannot pass map_type \d+ into func (?P<subject>\w+)#\d+)"},
      {Cause::bad_call, "EACCES", R"((?P<subject>R\d+) type=\S+ expected=.*)"},
      {Cause::map_create_failed, "EINVAL",
       R"(BPF map '(?P<subject>.+)' is referenced but wasn't created)"},

      // Control flow.
      {Cause::back_edge, "EINVAL", R"(back-edge from insn (?P<insn>\d+) to \d+)"},
      {Cause::unbounded_loop, "EINVAL", R"(infinite loop detected at insn (?P<insn>\d+))"},
      {Cause::unreachable_code, "EINVAL", R"(unreachable insn (?P<insn>\d+))"},
      {Cause::no_exit, "EINVAL", R"(last insn is not an exit or jmp)"},
      {Cause::too_many_insns, "E2BIG",
       R"(BPF program is too large\. Processed (?P<subject>\d+) insns?)"},
      // EFAULT before 6.15: it is what push_stack() came back with.
      {Cause::too_many_branches, "E2BIG EFAULT ENOMEM",
       R"(The sequence of (?P<subject>\d+ jumps) is too complex\.)"},
      {Cause::stack_too_deep, "EACCES",
       R"(combined stack size of \d+ calls is (?P<subject>\d+)\. Too large.*)"},
      {Cause::stack_too_deep, "E2BIG EINVAL EACCES",
       R"(the call stack of (?P<subject>\d+ frames) is too deep ?!?)"},
      {Cause::return_value, "EINVAL EACCES",
       R"(At (?:program exit|async callback return|subprogram exit) the register (?P<subject>R\d+ .*))"},

      // Memory.
      {Cause::null_dereference, "EACCES",
       R"((?P<subject>R\d+) invalid mem access '\w*_or_null_?')"},
      {Cause::null_dereference, "EACCES",
       R"((?P<subject>R\d+) pointer arithmetic on \w*_or_null_? prohibited.*)"},
      {Cause::scalar_dereference, "EACCES",
       R"((?P<subject>R\d+) invalid mem access '(?:inv|scalar|unknown)')"},
      {Cause::out_of_bounds, "EACCES",
       R"((?P<subject>R\d+) (?:min|max) value is outside of the (?:array|allowed memory) range)"},
      {Cause::out_of_bounds, "EACCES", R"((?P<subject>R\d+) offset is outside of the packet)"},
      {Cause::out_of_bounds, "EACCES", R"((?P<subject>R\d+) min value is negative, .*)"},
      {Cause::out_of_bounds, "EACCES", R"((?P<subject>R\d+) unbounded memory access, .*)"},
      {Cause::out_of_bounds, "EACCES",
       R"(math between (?P<subject>\w+) pointer and register with unbounded min value is not allowed)"},
      {Cause::out_of_bounds, "EACCES", R"(invalid .*(?P<subject>stack R\d+) (?:off|var_off)=.*)"},
      {Cause::out_of_bounds, "EACCES", R"(invalid (?P<subject>stack) off=-?\d+ size=\d+)"},
      // 7.x frees stack slots that a static analysis takes for dead; where it errs, the read fails.
      {Cause::dead_slot_read, "EACCES",
       R"(reading from (?P<subject>stack)(?: R\d+)? off \S+ size \d+, slot poisoned by dead code elimination)"},
      {Cause::uninitialised_read, "EACCES", R"((?P<subject>R\d+) !read_ok)"},
      {Cause::uninitialised_read, "EACCES",
       R"(invalid (?:indirect )?read from (?P<subject>stack)(?: R\d+)? (?:off|var_off) .*)"},
      {Cause::invalid_context_access, "EACCES EINVAL",
       R"(invalid bpf_context access (?P<subject>off=-?\d+ size=\d+))"},
      {Cause::invalid_context_access, "EACCES",
       R"(dereference of modified ctx ptr (?P<subject>R\d+ off=-?\d+) disallowed)"},
      {Cause::pointer_leak, "EACCES EPERM", R"((?P<subject>R\d+) leaks addr .*)"},
      {Cause::pointer_arithmetic, "EACCES EINVAL",
       R"((?P<subject>R\d+) pointer arithmetic with \S+ operator prohibited)"},
      {Cause::pointer_arithmetic, "EACCES EINVAL",
       R"((?P<subject>R\d+) (?:32-bit )?pointer arithmetic (?:on \w+ )?prohibited.*)"},
      {Cause::pointer_arithmetic, "EACCES EINVAL",
       R"((?P<subject>R\d+) (?:pointer \S+ pointer|bitwise operator \S+ on pointer|pointer comparison) prohibited)"},

      // Locks and references. The second wording came with 6.x's resource checks.
      {Cause::lock_misuse, "EINVAL", R"((?P<subject>bpf_spin_(?:un)?lock) is missing)"},
      {Cause::lock_misuse, "EINVAL", R"(.+ cannot be used inside (?P<subject>bpf_\w+)-ed region)"},
      {Cause::reference_leak, "EINVAL",
       R"(Unreleased reference (?P<subject>id=\d+) alloc_insn=\d+)"},
      {Cause::reference_leak, "EINVAL", R"((?P<subject>.+) would lead to reference leak)"},

      // What the kernel does not take at all.
      {Cause::ldimm64_unsupported, "EINVAL", R"(unrecognized bpf_ld_imm64 insn)"},
      {Cause::btf_rejected, "EINVAL",
       R"((?P<subject>number of funcs in func_info doesn't match number of subprogs))"},
  };
  return rules;
}

// libbpf's own words; Aya and ebpf-go wrap the kernel's errno and log.
const std::vector<CauseRule>& message_rules() {
  static const std::vector<CauseRule> rules{
      {Cause::legacy_maps, "",
       R"(elf: legacy map definitions in '(?P<subject>.+)' section are not supported by libbpf v1\.0\+)"},
      // What libbpf says of sections "maps/NAME", which it does not even call legacy.
      {Cause::legacy_maps, "",
       R"(prog '.+': bad map relo against '(?P<subject>.+)' in section 'maps/.+')"},
      {Cause::core_ambiguous, "",
       R"(prog '.+': (?P<subject>relo #\d+): (?:field offset|relocation decision) ambiguity: .+ != .+)"},
      {Cause::no_object_btf, "", R"(BTF is required, but is missing or corrupted\.)"},
      // Said by the look into the object, before any kernel is asked.
      {Cause::not_bpf, "", R"('.+': (?P<subject>.+), not (?:a BPF object|for BPF|an ELF file))"},
      {Cause::not_bpf, "", R"('.+': (?P<subject>not an ELF file))"},
      {Cause::not_bpf, "",
       R"('.+': (?P<subject>big-endian BPF object); the kernels here are little-endian)"},
      {Cause::no_kernel_btf, "",
       R"(kernel BTF is missing at '(?P<subject>.+)', was CONFIG_DEBUG_INFO_BTF enabled\?)"},
      {Cause::no_kernel_btf, "", R"(failed to find valid kernel BTF)"},
      {Cause::no_kernel_btf, "", R"(Error loading vmlinux BTF: -\d+)"},
      {Cause::kfunc_unknown, "",
       R"(extern \(func ksym\) '(?P<subject>.+)': not found in kernel or module BTFs)"},
      {Cause::attach_target_missing, "",
       R"(prog '.+': failed to find kernel BTF type ID of '(?P<subject>.+)': -\d+)"},
      {Cause::attach_target_missing, "ENOENT",
       R"(prog '.+': failed to create (?:kprobe|kretprobe|uprobe|uretprobe) '(?P<subject>.+)' perf event: .+)"},
      {Cause::attach_target_missing, "ENOENT",
       R"((?:prog '.+': )?failed to (?:create|determine) tracepoint '(?P<subject>.+)' perf event.*: .+)"},
      {Cause::btf_rejected, "",
       R"(Error loading \.BTF into kernel: -\d+\. BTF is mandatory, can't proceed\.)"},
      {Cause::memlock, "EPERM",
       R"(permission error while running as root; try raising 'ulimit -l'\? .*)"},
  };
  return rules;
}

}  // namespace bpfmatrix
