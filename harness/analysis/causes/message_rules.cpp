#include "analysis/causes/cause_rules.h"

namespace bpfmatrix {

// libbpf's own words: libbpf 1.4, src/libbpf.c, src/btf.c and src/relo_core.c. Aya and ebpf-go wrap
// the kernel's errno and log.
const std::vector<CauseRule>& message_rules() {
  static const std::vector<CauseRule> rules{
      {Cause::legacy_maps, "",
       R"(elf: legacy map definitions in '(.+)' section are not supported by libbpf v1\.0\+)"},
      // What libbpf prints for sections "maps/NAME", which it does not call legacy
      // (tools/lib/bpf/libbpf.c, bpf_program__record_reloc(), v5.8).
      {Cause::legacy_maps, "", R"(prog '.+': bad map relo against '(.+)' in section 'maps/.+')",
       "libbpf 1.4"},
      {Cause::section_unknown, "",
       R"(prog '.+': missing BPF prog type, check ELF section name '(.+)')"},
      // tools/lib/bpf/elf.c, elf_open() and elf_find_func_offset(); libbpf.c,
      // resolve_full_path(), v6.8.
      {Cause::file_not_in_guest, "", R"(elf: failed to open (.+): No such file or directory)",
       "libbpf 1.4"},
      {Cause::file_not_in_guest, "",
       R"((?:prog '.+': )?failed to resolve full path for '(.+)': -2)", "libbpf 1.4"},
      {Cause::file_not_in_guest, "",
       R"(elf: '(.+)' is 0 in symtab for '.+': try using shared library path instead)"},
      {Cause::file_not_in_guest, "", R"(elf: failed to find symbol '(.+)' in '.+')", "libbpf 1.4"},
      {Cause::core_ambiguous, "",
       R"(prog '.+': (relo #\d+): (?:field offset|relocation decision) ambiguity: .+ != .+)"},
      // tools/lib/bpf/libbpf.c, bpf_object__init_btf(), v5.8.
      {Cause::no_object_btf, "", R"(BTF is required, but is missing or corrupted\.)"},
      // From our own check of the object, before any kernel runs.
      {Cause::not_bpf, "", R"('.+': (.+), not (?:a BPF object|for BPF|an ELF file))"},
      {Cause::not_bpf, "", R"('.+': (not an ELF file))", "libbpf 1.4"},
      {Cause::not_bpf, "", R"('.+': (big-endian BPF object); the kernels here are little-endian)"},
      {Cause::no_kernel_btf, "",
       R"(kernel BTF is missing at '(.+)', was CONFIG_DEBUG_INFO_BTF enabled\?)"},
      // tools/lib/bpf/btf.c, libbpf_find_kernel_btf(), v5.8.
      {Cause::no_kernel_btf, "", R"(failed to find valid kernel BTF)", "libbpf 1.4"},
      // tools/lib/bpf/libbpf.c, bpf_object__load_vmlinux_btf(), v5.8.
      {Cause::no_kernel_btf, "", R"(Error loading vmlinux BTF: -\d+)", "libbpf 1.4"},
      {Cause::kfunc_unknown, "",
       R"(extern \(func ksym\) '(.+)': not found in kernel or module BTFs)"},
      {Cause::attach_target_missing, "",
       R"(prog '.+': failed to find kernel BTF type ID of '(.+)': -\d+)"},
      {Cause::attach_target_missing, "ENOENT",
       R"(prog '.+': failed to create (?:kprobe|kretprobe|uprobe|uretprobe) '(.+)' perf event: .+)"},
      {Cause::attach_target_missing, "ENOENT",
       R"((?:prog '.+': )?failed to (?:create|determine) tracepoint '(.+)' perf event.*: .+)"},
      {Cause::btf_rejected, "",
       R"(Error loading \.BTF into kernel: -\d+\. BTF is mandatory, can't proceed\.)"},
      // tools/lib/bpf/libbpf.c, pr_perm_msg(), v5.8.
      {Cause::memlock, "EPERM",
       R"(permission error while running as root; try raising 'ulimit -l'\? .*)", "libbpf 1.4"},
  };
  return rules;
}

}  // namespace bpfmatrix
