#include "analysis/causes/cause_rules.h"

namespace bpfmatrix {

namespace {

/// The errno of most rejections. The same line came with EACCES up to 6.1 and
/// with EINVAL later, or the other way round, too often to distinguish them.
constexpr std::string_view kNo = "EACCES EINVAL";

// Wording from kernel/bpf/verifier.c, and the files it was split into later (cfg.c, states.c,
// fixups.c, check_btf.c, liveness.c), of 4.18, RHEL's 4.18, 5.2, 5.8, 6.1, 6.12 and 7.2. Lines
// about a bug in the verifier itself have no rule: they say nothing about the program. A function
// above a rule is where kernel/bpf/verifier.c of that version prints the line.
const CauseRule kRules[] = {
    // ---- Calls. libbpf poisons an unresolved CO-RE relocation with a call of 0xbad2310, and
    // rewrites what the kernel says of it.
    {Cause::core_poison_reached, kNo, R"(invalid func unknown#(195896080))"},
    {Cause::core_poison_reached, kNo, R"(failed to resolve CO-RE relocation (.+))"},
    // What libbpf writes for a missing weak kfunc, or a map that was not created.
    {Cause::kfunc_unknown, kNo, R"(invalid func (unknown#2002\d{6}))"},
    {Cause::map_create_failed, kNo, R"(invalid func (unknown#2001\d{6}))",
     "libbpf 1.4, for maps with autocreate off"},
    // check_helper_call(), v4.18 and v5.8.
    {Cause::helper_unknown, kNo, R"(invalid func (\S+#-?\d+))"},
    {Cause::helper_not_allowed, kNo, R"(unknown func (\w+)#\d+)"},
    {Cause::helper_not_allowed, kNo, R"(program of this type cannot use helper (\w+)#\d+)"},
    {Cause::helper_not_allowed, "ENOTSUPP EINVAL",
     R"(func (\w+)#\d+ (?:not supported for program type \d+|supported only for [\w/]+ programs))",
     "6.1 to 7.2"},
    {Cause::helper_not_allowed, kNo, R"((helper call) is not allowed in probe)",
     "RHEL's 4.18 to 7.2"},
    {Cause::kfunc_unknown, kNo, R"(kfunc '(.+)' is referenced but wasn't resolved)", "4.18 to 7.2"},
    {Cause::kfunc_unknown, kNo, R"(cannot find address for kernel function (\S+))", "6.1 to 7.2"},
    {Cause::kfunc_unknown, kNo,
     R"(kernel (?:function )?(btf_id \d+) (?:is not a function|does not have a valid func_proto))",
     "6.1 to 7.2"},
    {Cause::kfunc_unknown, "ENOENT",
     R"(ldimm64 failed to find the address for kernel symbol '(.+)'\.)", "RHEL's 4.18 to 7.2"},
    {Cause::kfunc_unknown, "EINVAL ENOENT",
     R"(ldimm64 insn specifies invalid (btf_id \d+)\.|invalid kernel function (btf_id \d+)|cannot find function (\S+) in BTF)",
     "7.2"},
    {Cause::kfunc_not_allowed, kNo, R"(calling kernel function (\S+) is not allowed)"},
    {Cause::kfunc_not_allowed, kNo,
     R"((css_task_iter) is only allowed in .+|(bpf_throw) kfunc \(insn \d+\) cannot be called from callback subprog \d+|(\S+) cannot be used in tracing programs on types with NMI unsafe fields)",
     "6.12, 7.2"},
    {Cause::enotsupp_arch, "ENOTSUPP EINVAL",
     R"(JIT does not support ((?:calling )?(?:kernel function|kfunc).*))", "6.1 to 7.2"},
    // jit_subprogs(), v4.18 and v5.8.
    {Cause::enotsupp_arch, "ENOTSUPP EINVAL EOPNOTSUPP",
     R"(JIT (?:is required (?:for|to)|doesn't support|does not support) (.+))", "4.18 to 7.2"},
    {Cause::enotsupp_arch, "EINVAL ENOTSUPP",
     R"((callbacks|tail_calls|stack args|calling kernel functions) (?:is|are) not (?:allowed|supported) in non-JITed programs.*)",
     "RHEL's 4.18 to 7.2"},
    {Cause::enotsupp_arch, kNo, R"((program) requires BPF JIT compiler but it is not available)",
     "7.2"},
    {Cause::enotsupp_arch, "EOPNOTSUPP",
     R"((bpf_timer) cannot be used for PREEMPT_RT\.|(?:64-bit (?:load-acquires|store-releases) are only supported on 64-bit arches))",
     "6.1 to 7.2"},
    {Cause::enotsupp_arch, "EOPNOTSUPP EINVAL",
     R"((sign extending loads from arena) are not supported yet)", "6.12 to 7.2"},
    // check_subprogs(), v4.18.
    {Cause::enotsupp_arch, kNo, R"((function calls in offloaded programs) are not supported yet)",
     "4.18"},
    {Cause::enotsupp_arch, kNo, R"((Private stack) not supported by jit)", "7.2"},
    {Cause::license, kNo,
     R"(cannot call (GPL-restricted function|kernel function) from non-GPL compatible program)"},
    {Cause::license, kNo, R"(Cannot access (kernel 'struct \w+') from non-GPL compatible program)",
     "6.12, 7.2"},
    {Cause::license, kNo, R"((struct ops programs) must have a GPL compatible license)"},

    // ---- Privileges.
    // check_subprogs(), v4.18 and v5.8.
    {Cause::capability, "EPERM",
     R"(((?:function calls to|loading/calling) other bpf (?:or kernel )?functions) are allowed for (?:root only|CAP_\w+ and CAP_\w+))",
     "4.18 to 7.2; needs kernel.unprivileged_bpf_disabled=0"},
    {Cause::capability, "EPERM", R"(('?[\w ]+'?) access is allowed only to CAP_\w+ and CAP_\w+)",
     "RHEL's 4.18 to 7.2"},
    {Cause::capability, "EPERM", R"(CAP_BPF and CAP_PERFMON are required to use (arena))",
     "6.12, 7.2"},
    {Cause::capability, kNo, R"((destructive kfunc calls) require CAP_SYS_BOOT capabilit(?:y|ies))",
     "6.1 to 7.2"},
    // Only for a loader without CAP_PERFMON (5.8) or CAP_SYS_ADMIN.
    // adjust_ptr_min_max_vals(), check_stack_boundary(), v5.8.
    {Cause::capability, kNo, R"({reg}.* prohibited for !root.*)"},
    // adjust_ptr_min_max_vals(), adjust_scalar_min_max_vals(), v5.8.
    {Cause::capability, kNo,
     R"({reg} tried to (?:add|sub) from different (?:maps or paths|pointers or scalars))",
     "5.2, 5.8"},
    {Cause::capability, kNo,
     R"(uninit (stack) in range of var-offset write prohibited for !root; .*)",
     "RHEL's 4.18 to 7.2"},

    // ---- Arguments and signatures.
    // check_map_func_compatibility(), v4.18 and v5.8.
    {Cause::bad_call, kNo, R"(cannot pass map_type \d+ into func (\w+)#\d+)"},
    {Cause::null_dereference, kNo,
     R"(Possibly NULL pointer passed to (?:helper |trusted )?(arg ?#?\d+|R\d+|\*\(R11-\d+\)))"},
    {Cause::null_dereference, kNo, R"((arg ?#?\d+|R\d+) is expected to be non-NULL)", "6.12, 7.2"},
    // check_func_arg(), check_stack_boundary(), v4.18 and v5.8.
    {Cause::bad_call, kNo, R"({reg} type=\S+ expected=.*)"},
    // check_func_arg(), v5.8.
    {Cause::bad_call, kNo,
     R"({reg} (?:is of type .+ but .+ is expected|is a pointer to in-kernel struct with non-zero offset))",
     "RHEL's 4.18 to 7.2"},
    // process_spin_lock(), v5.8.
    {Cause::bad_call, kNo,
     R"({reg} (?:is not a known constant'|is not a const(?:ant address')?|must be a known constant|is not a scalar|is not a pointer(?: to (?:map_value|arena or scalar\.))?|does not point to a readonly map'))",
     "RHEL's 4.18 to 7.2"},
    {Cause::bad_call, kNo,
     R"({reg} must (?:be referenced(?: or trusted| when passed to release function)?|be a rcu pointer|have zero offset when passed to release func.*|point to kernel BTF))"},
    {Cause::bad_call, kNo,
     R"({reg} (?:has no valid kptr|rdonly/rdwr_buf_size exceeds u32 max|memory size \d+ is too large))",
     "6.12, 7.2"},
    {Cause::attach_refused, kNo,
     R"(arg\d+ (?:in (\S+) (?:is|has) .+|\S+\(struct \S+ \*\) doesn't match .+)|Return type \S+ of (\S+) doesn't match .+|(\w+\(\)) (?:has \d+ args while .+|is not a global function)|freplace programs with >\d+ args not supported yet)",
     "RHEL's 4.18 to 7.2"},
    {Cause::bad_call, "EACCES EINVAL EOPNOTSUPP",
     R"(([Aa]rg ?#?\d+) (?:[^ts ].+|should .+|type .+ in .+ is not supported yet\.))"},
    {Cause::bad_call, kNo,
     R"({reg} (?:expect(?:s|ed) .+|is (?:a packet pointer, but .+|neither .+|\S+ expected .+ or socket)|doesn't point to .+|reference type.+|(?:and .+ )?memory, len pair .+|pointer type .+ must point .+|can only take .+|points to insn_array .+|not allowed in rbtree cb))",
     "7.2"},
    {Cause::bad_call, kNo,
     R"([Ee]xpected (?:an? |valid |un)?(?:initialized |iter |dynptr |uninitialized )?.* as (arg ?#?\d+|R\d+|\*\(R11-\d+\)))",
     "6.1 to 7.2"},
    {Cause::bad_call, kNo, R"(Unrecognized (arg#\d+|R\d+) type .*)", "RHEL's 4.18 to 7.2"},
    // check_func_call(), v5.8.
    {Cause::bad_call, kNo, R"(Caller passes invalid args into (func#\d+.*))"},
    // add_subprog(), v4.18 and v5.8.
    {Cause::bad_call, kNo, R"((call) to invalid destination)", "4.18 to 7.2"},
    // check_func_arg(), v4.18 and v5.8.
    {Cause::bad_call, kNo, R"((helper access to the packet) is not allowed)"},
    {Cause::bad_call, kNo, R"(invalid map_ptr to access (map->\w+))", "4.18 to 6.12"},
    {Cause::bad_call, kNo, R"(invalid (arg_type) for sockmap/sockhash)", "RHEL's 4.18 to 7.2"},
    {Cause::bad_call, kNo,
     R"((?:timer|workqueue|bpf_task_work) pointer in (R\d) map_uid=\d+ doesn't match map pointer in R\d map_uid=\d+)",
     "6.1 to 7.2"},
    {Cause::bad_call, kNo, R"(Helper has (type) .+ got .+ in R\d+)", "5.8"},
    {Cause::bad_call, kNo, R"((callback function) (?:not static|cannot be the main program))",
     "6.1 to 7.2"},
    {Cause::bad_call, "ENOTSUPP", R"((callback function) not allowed for map)", "6.1 to 7.2"},
    {Cause::bad_call, kNo, R"(kfunc (\S+)#\d+ failed callback verification)", "6.12, 7.2"},
    {Cause::bad_call, kNo,
     R"((string|direct value access on string) (?:is not zero-terminated|failed)|Invalid format string)",
     "6.1 to 7.2"},
    {Cause::bad_call, kNo,
     R"((Dynptr) has to be an uninitialized dynptr|cannot (?:overwrite referenced dynptr|pass in dynptr at an offset|pass pointer to const bpf_dynptr, the helper mutates it|release unowned const bpf_dynptr))",
     "6.1 to 7.2"},
    {Cause::bad_call, kNo,
     R"((?:acquire|release) kernel function (\S* ?)(?:does not return|expects refcounted) PTR_TO_BTF_ID)",
     "6.1 to 7.2"},
    {Cause::bad_call, kNo,
     R"(release (?:helper|kfunc) (\S+) expects referenced PTR_TO_BTF_ID passed to .+)"},
    {Cause::bad_call, kNo, R"(kernel function (\S+) .+ (?:is not supported|has a pointer to .+))",
     "6.1 to 7.2"},
    {Cause::bad_call, kNo,
     R"((bpf_(?:percpu_)?obj_new\S*|kfunc bpf_rdonly_cast) (?:requires prog BTF|type .+))",
     "6.12, 7.2"},
    {Cause::bad_call, kNo, R"((?:local|Unknown) type ID (argument|-?\d+) .+)", "6.12, 7.2"},
    {Cause::bad_call, kNo, R"((allocated object) must be referenced)", "6.12, 7.2"},
    {Cause::bad_call, kNo,
     R"((?:Global function|Function) (\S+) (?:with|has) \d+ > \d+ args.*|Global function (\S+) doesn't return scalar\. Only those are supported\.)"},
    {Cause::bad_call, kNo, R"((R0) not a scalar value)", "6.1 to 7.2"},
    {Cause::bad_call, kNo,
     R"(Global function (\S+) return value not void or scalar\. Only those are supported\.|[Gg]lobal function (\S+) has \d+ > \d+ args, stack args not supported)",
     "7.2"},
    {Cause::bad_call, kNo,
     R"(cannot pass in (\w+) at an offset=-?\d+|operation on (\w+) expects arg#1 .+|(\w+) not found at offset=\d+|pointer in (R\d+) isn't map pointer)",
     "6.12, 7.2"},
    // check_helper_call(), v5.8.
    {Cause::bad_call, kNo,
     R"((get_local_storage\(\)) doesn't support non-zero flags|Helper has invalid btf_id in (R\d+)|Unsupported reg type (\S+) for bpf_dynptr_from_mem data|(rbtree_remove) .+|exception (cb|callback) .+)",
     "RHEL's 4.18 to 7.2"},

    // ---- Control flow, and how much of it.
    // push_insn(), v4.18 and v5.8.
    {Cause::back_edge, kNo, R"(back-edge from insn (?P<insn>\d+) to \d+)"},
    // is_state_visited(), v5.8.
    {Cause::unbounded_loop, kNo, R"(infinite loop detected at insn (?P<insn>\d+))"},
    {Cause::unbounded_loop, kNo, R"((frame\d+ bpf_loop iteration limit) reached)", "6.12, 7.2"},
    // check_cfg(), v4.18 and v5.8.
    {Cause::unreachable_code, kNo, R"(unreachable insn (?P<insn>\d+))"},
    {Cause::no_exit, kNo, R"(last insn is not an exit or jmp)"},
    // do_check(), v4.18 and v5.8.
    {Cause::too_many_insns, "E2BIG", R"(BPF program is too large\. Processed (\d+) insns?)"},
    {Cause::too_many_insns, "E2BIG",
     R"(liveness analysis exceeded complexity limit \((\d+ calls)\))", "7.2"},
    // EFAULT before 6.15: push_stack() returned it.
    // push_stack(), v5.8.
    {Cause::too_many_branches, "E2BIG EFAULT ENOMEM",
     R"(The sequence of (\d+ jumps) is too complex(?: for async cb)?\.)"},
    // push_stack(), v4.18.
    {Cause::too_many_branches, "E2BIG EFAULT ENOMEM", R"(BPF program is too complex)",
     "4.18 to 5.2"},
    {Cause::program_too_long, "E2BIG", R"((too many (?:subprograms|different .+)))", "4.18 to 7.2"},
    {Cause::program_too_long, "E2BIG EINVAL",
     R"(The total (number of (?:maps|btfs)) per program has reached the limit of \d+)",
     "4.18 to 7.2"},
    // check_max_stack_depth(), v4.18 and v5.8.
    {Cause::stack_too_deep, kNo, R"(combined stack size of \d+ calls is (\d+)\. Too large.*)"},
    {Cause::stack_too_deep, kNo, R"(stack size of subprog \d+ is (\d+)\. Too large)",
     "6.12, 7.2; with a private stack"},
    // check_func_call(), v4.18; check_func_call(), check_max_stack_depth(), v5.8.
    {Cause::stack_too_deep, "E2BIG EINVAL EACCES",
     R"(the call stack of (\d+ frames) is too deep ?!?)", "4.18 to 7.2"},
    // check_max_stack_depth(), v5.8.
    {Cause::stack_too_deep, kNo,
     R"(tail_calls are not allowed when call stack of previous frames is (\d+) bytes\. Too large)",
     "4.18 to 7.2"},
    {Cause::stack_too_deep, kNo,
     R"(stack (?:size|depth) (\d+)(?:\(extra \d+\))? (?:is too large|exceeds interpreter stack depth limit))",
     "6.12, 7.2"},
    {Cause::stack_too_deep, kNo, R"(recursive call from (\S+) to \S+)", "7.2"},
    // check_return_code(), v4.18 and v5.8.
    {Cause::return_value, kNo, R"((?:At|In) [\w ]+ the register (R\d+ .*))"},
    {Cause::return_value, kNo,
     R"((?:Note, )?(BPF_LSM_CGROUP) that attach to void LSM hooks can't modify return value!)",
     "6.1 to 7.2"},
    {Cause::tail_call_not_allowed, kNo,
     R"((tail_calls?) (?:is|are) (?:not allowed in (?:programs|subprogs) .+|only allowed in functions that return 'int'\.))"},
    // fixup_bpf_calls(), v4.18 and v5.8.
    {Cause::tail_call_not_allowed, kNo,
     R"(cannot (tail call) within .+|mixing of tail_calls and bpf-to-bpf calls is not supported|tail_call abusing map_ptr|expected prog array map for tail call|program with __ref argument cannot tail call)",
     "4.18 to 7.2"},

    // ---- Memory.
    {Cause::null_dereference, kNo, R"({reg} invalid mem access '\w*_or_null_?')"},
    // adjust_ptr_min_max_vals(), v4.18.
    {Cause::null_dereference, kNo,
     R"({reg} pointer arithmetic on \w*(?i:_or_null)_? prohibited.*)"},
    // check_mem_access(), v4.18 and v5.8.
    {Cause::scalar_dereference, kNo, R"({reg} invalid mem access '[\w ]+')"},
    {Cause::scalar_dereference, kNo, R"({reg} is ptr_\S+ access (?:user|percpu) memory: off=-?\d+)",
     "6.1 to 7.2"},
    // check_map_access(), v4.18; check_mem_region_access(), check_stack_boundary(), v5.8.
    {Cause::out_of_bounds, kNo,
     R"({reg} (?:min|max) value is outside of (?:the (?:array|allowed memory) range|stack bound))"},
    // check_packet_access(), v4.18 and v5.8.
    {Cause::out_of_bounds, kNo, R"({reg} offset is outside of the packet)"},
    // check_func_arg(), check_map_access(), v4.18; check_func_arg(), check_mem_region_access(),
    // v5.8.
    {Cause::out_of_bounds, kNo, R"({reg} min value is negative, .*)"},
    {Cause::out_of_bounds, kNo, R"({reg} unbounded (?:memory access|size), .*)", "4.18 to 7.2"},
    // check_stack_boundary(), v5.8.
    {Cause::out_of_bounds, kNo, R"({reg} unbounded indirect variable offset stack access)",
     "5.2, 5.8"},
    // check_ptr_to_btf_access(), check_tp_buffer_access(), v5.8.
    {Cause::out_of_bounds, kNo,
     R"({reg} (?:is (?:ptr_)?\S+ )?invalid (?:negative|variable|\S+) (?:\S+ )?(?:access|offset|buffer offset|buffer access)(?: to flow keys)?: ?off=.*)"},
    // check_sock_access(), v5.8.
    {Cause::out_of_bounds, kNo, R"({reg} invalid [\w.]+ access off=-?\d+ size=\d+)",
     "RHEL's 4.18 to 7.2"},
    // __check_map_access(), __check_packet_access(), v4.18; __check_mem_access(),
    // check_flow_keys_access(), v5.8.
    {Cause::out_of_bounds, kNo,
     R"(invalid access to (map value|map key|memory|flow keys|packet)(?: pointer)?,? .+=.*)",
     "4.18 to 7.2"},
    // check_reg_sane_offset(), v4.18 and v5.8.
    {Cause::out_of_bounds, kNo,
     R"(math between (\w+) pointer and (?:register with unbounded min value|-?\d+) is not allowed)"},
    {Cause::out_of_bounds, kNo, R"((\w+ pointer) offset -?\d+ is not allowed)", "4.18 to 7.2"},
    {Cause::out_of_bounds, kNo, R"(value -?\d+ makes (\w+ pointer) be out of bounds)",
     "4.18 to 7.2"},
    // check_stack_boundary(), v4.18; __check_stack_boundary(), v5.8.
    {Cause::out_of_bounds, kNo,
     R"(invalid .*(stack (?:type )?(?:R\d+|\*\(R11-\d+\))) (?:off|var_off)=.*)"},
    {Cause::out_of_bounds, kNo, R"(invalid unbounded variable-offset.* (stack R\d+))",
     "4.18 to 7.2"},
    // check_mem_access(), v4.18; check_stack_access(), v5.8.
    {Cause::out_of_bounds, kNo, R"(invalid (stack) off=-?\d+ size=\d+)", "4.18 to 7.2"},
    // check_mem_access(), check_stack_boundary(), v4.18; check_stack_access(), v5.8.
    {Cause::out_of_bounds, kNo,
     R"((?:invalid )?variable (?:offset )?(stack) (?:access|read|pointer cannot be passed into helper function;).* ?(?:R\d+ )?var_off=.*)",
     "4.18 to 7.2"},
    {Cause::out_of_bounds, kNo, R"((?:{reg} )?invalid zero-sized read(?:: u64=\[.+\])?)"},
    {Cause::out_of_bounds, kNo, R"(access beyond (?:the end of member )?(.+) off \d+ size \d+)"},
    {Cause::out_of_bounds, kNo,
     R"(cannot access ptr member (\S+) with moff \d+ in struct \S+ with off \d+ size \d+)"},
    {Cause::out_of_bounds, kNo, R"((struct \S+) doesn't have field at offset \d+)",
     "RHEL's 4.18 to 7.2"},
    // replace_map_fd_with_map_ptr(), v5.8.
    {Cause::out_of_bounds, kNo, R"((direct value offset) of \d+ is not allowed)",
     "RHEL's 4.18 to 6.12"},
    // check_pkt_ptr_alignment(), v4.18 and v5.8.
    {Cause::misaligned_access, kNo, R"(misaligned (\w+) access off .+ size \d+)"},
    // 7.x frees stack slots that a static analysis sees as dead; if it is wrong, the read fails.
    {Cause::dead_slot_read, kNo,
     R"(reading from (stack)(?: R\d+)? off \S+ size \d+, slot poisoned by dead code elimination)"},
    // check_reg_arg(), v4.18 and v5.8.
    {Cause::uninitialised_read, kNo, R"({reg} !read_ok)"},
    // check_stack_boundary(), check_stack_read(), v4.18 and v5.8.
    {Cause::uninitialised_read, kNo,
     R"(invalid (?:indirect )?read from (stack)(?: R\d+)? (?:off|var_off) .*)"},
    {Cause::uninitialised_read, "EACCES EFAULT",
     R"(invalid read from (stack arg) off .+|callee expects \d+ args, (stack arg\d+) is not initialized)",
     "7.2"},
    // check_map_access_type(), record_func_map(), v5.8.
    {Cause::access_forbidden, kNo,
     R"((?:write into|read from) (map) forbidden(?:, value_size=.*)?)"},
    {Cause::access_forbidden, kNo, R"(cannot write into (packet))"},
    // check_mem_access(), v5.8.
    {Cause::access_forbidden, kNo, R"({reg} cannot write into (\S+)(?: at off=.*)?)",
     "4.18 to 7.2"},
    // check_ptr_to_btf_access(), convert_ctx_accesses(), v5.8.
    {Cause::access_forbidden, kNo,
     R"(only read (?:from (\S+) )?is supported|Writes through BTF pointers are not allowed)"},
    {Cause::access_forbidden, kNo,
     R"(the prog does not allow writes to (packet data)|write to change key R\d+ not allowed|potential write to (dynptr) at off=-?\d+ disallowed|direct access to (\S+) is disallowed|\S+ may write into memory pointed by \S+ type=\S+)",
     "6.1 to 7.2"},
    {Cause::access_forbidden, "ENOTSUPP", R"((map_ptr) access not supported for map type \d+)",
     "RHEL's 4.18 to 7.2"},
    // check_ctx_access(), v4.18 and v5.8.
    {Cause::invalid_context_access, kNo,
     R"(invalid bpf_context access (off=-?\d+)(?: size=\d+|\. Reference may already be released))"},
    {Cause::invalid_context_access, kNo, R"(invalid access to (context), ctx_size=.*)", "7.2"},
    // check_ctx_reg(), v4.18 and v5.8.
    {Cause::invalid_context_access, kNo,
     R"((?:dereference of modified|negative offset) ctx ptr {reg} off=-?\d+ disallowed)"},
    {Cause::invalid_context_access, kNo, R"((variable ctx access) var_off=\S+(?: .*)? disallowed)"},
    // check_func_arg(), check_mem_access(), v4.18 and v5.8.
    {Cause::pointer_leak, "EACCES EPERM", R"({reg} leaks addr .*)"},
    // check_stack_write(), v4.18; check_stack_read(), check_stack_write(), v5.8.
    {Cause::pointer_leak, kNo,
     R"(leaking pointer from (stack) off -?\d+|attempt to corrupt spilled pointer on stack)",
     "4.18 to 7.2; needs kernel.unprivileged_bpf_disabled=0"},
    // check_alu_op(), v4.18 and v5.8.
    {Cause::pointer_leak, kNo, R"({reg} partial copy of pointer)",
     "4.18 to 7.2; needs kernel.unprivileged_bpf_disabled=0"},
    // check_stack_read(), check_stack_write(), v4.18 and v5.8.
    {Cause::pointer_leak, kNo,
     R"(invalid size of (register (?:spill|fill))|corrupted spill memory)"},
    // check_stack_write(), prepare_func_exit(), v4.18 and v5.8.
    {Cause::pointer_leak, kNo,
     R"(cannot (return stack pointer to the caller|spill pointers to stack into stack frame of the caller))"},
    // adjust_ptr_min_max_vals(), v4.18 and v5.8.
    {Cause::pointer_arithmetic, kNo, R"({reg} pointer arithmetic with \S+ operator prohibited)"},
    // adjust_ptr_min_max_vals(), check_alu_op(), v4.18 and v5.8.
    {Cause::pointer_arithmetic, kNo,
     R"({reg} (?:32-bit )?pointer arithmetic (?:on \w+ )?prohibited.*)"},
    // adjust_ptr_min_max_vals(), adjust_reg_min_max_vals(), v4.18 and v5.8.
    {Cause::pointer_arithmetic, kNo,
     R"({reg} (?:pointer \S+ pointer|bitwise operator \S+ on pointer|pointer comparison|subtraction from stack pointer) prohibited)"},
    {Cause::pointer_arithmetic, kNo,
     R"({reg} (?:tried to subtract pointer from scalar|sign-extension part of pointer|has pointer with unsupported alu operation.*))"},
    {Cause::pointer_arithmetic, kNo,
     R"((?:dereference of modified|negative offset) \S+ ptr {reg} off=-?\d+ disallowed)",
     "4.18 to 7.2"},
    {Cause::pointer_arithmetic, kNo, R"((variable \S+ access) var_off=\S+(?: .*)? disallowed)",
     "6.1 to 7.2"},

    // ---- Locks, sleeping, references, special fields.
    {Cause::out_of_bounds, "ERANGE", R"(the sum of (R\d+) \w+_value \d+ is too big)", "7.2"},
    // do_check(), v5.8.
    {Cause::lock_misuse, kNo,
     R"((bpf_\w+_(?:unlock|enable|restore)|\d+ bpf_preempt_enables?)(?: is| is\(s\) are|\(s\) are| are)? missing)"},
    {Cause::reference_leak, kNo, R"((.+) would lead to reference leak)", "4.18 to 7.2"},
    // check_ld_abs(), v5.8.
    {Cause::lock_misuse, kNo, R"(.+ cannot be used inside (bpf_\w+)-ed region)"},
    {Cause::lock_misuse, kNo,
     R"((function calls) are not allowed while holding a lock|use static function instead)"},
    {Cause::lock_misuse, kNo,
     R"(Locking two (bpf_spin_locks) are not allowed|Acquiring the same lock again, AA deadlock detected)",
     "4.18 to 7.2"},
    {Cause::lock_misuse, kNo,
     R"((\w+_unlock) (?:without taking a lock|of different lock|cannot be out of order))"},
    {Cause::lock_misuse, kNo,
     R"((?:nested rcu read lock|unmatched .+) \(kernel function (\S+)\)|kernel func (\S+) requires RCU critical section protection|expected an RCU CS when using (\S+))"},
    {Cause::lock_misuse, kNo,
     R"(bpf_spin_lock at off=\d+ must be held for (\S+)|held lock and object are not in the same allocation|can't (?:res_)?spin_\{lock,unlock\} in rbtree cb|Calling bpf_rcu_read_\{lock,unlock\} in unnecessary rbtree callback)",
     "6.12, 7.2"},
    {Cause::lock_misuse, kNo,
     R"((?:cannot restore|expected an? (?:un)?initialized) (irq (?:state|flag)) .+|irq flag acquired by .+)",
     "7.2"},
    {Cause::sleepable_not_allowed, kNo,
     R"((helper call) might sleep in a non-sleepable prog|sleepable helper (\S+) in .+)"},
    {Cause::sleepable_not_allowed, kNo,
     R"(kernel func (\S+) is sleepable within .+|program must be sleepable to call sleepable kfunc (\S+)|sleepable global function (\S+) called in .+)",
     "6.12, 7.2"},
    {Cause::sleepable_not_allowed, kNo, R"((\w+) is not sleepable)"},
    {Cause::sleepable_not_allowed, kNo,
     R"(kernel function (\S+) is sleepable but the program is not)", "6.1"},
    {Cause::sleepable_not_allowed, kNo, R"(Only (.+) programs can be sleepable|Syscall programs can only be sleepable|BPF_LSM_CGROUP programs cannot be sleepable|Program of this type cannot be sleepable|Sleepable program cannot attach to non-faultable tracepoint \S+|Extension program may sleep, while original does not)",
     "4.18 to 7.2"},
    // check_reference_leak(), v5.8.
    {Cause::reference_leak, kNo,
     R"((?:Unreleased|Leaking) reference (id=\d+) alloc_insn=\d+\.?(?: Release it first\.)?)"},
    // check_helper_call(), check_ld_abs(), v5.8.
    {Cause::reference_leak, kNo,
     R"((BPF_LD_\[ABS\|IND\]) cannot be mixed with socket references|k?func(?: function)? (\S+)#\d+ reference has not been acquired before|cannot release unowned .+)"},
    // check_map_access(), v5.8.
    {Cause::special_field_misuse, kNo,
     R"((\w+) cannot be accessed (?:directly by load/store|indirectly by helper))"},
    {Cause::special_field_misuse, kNo,
     R"(.+ doesn't have constant offset\. (\w+) has to be at the constant offset|(\w+) has to be at a constant offset)",
     "RHEL's 4.18 to 7.2"},
    {Cause::special_field_misuse, kNo,
     R"(map '(.+)' (?:has to have BTF in order to use \w+|has more than (?:one|\d+) .+|doesn't have 'struct \w+'|is not a struct type or \w+ is mangled|has no valid \w+|has repeating kptr BTF tags)|(?:map|local|kptr) '(.+)' has no valid \w+_lock)"},
    {Cause::special_field_misuse, kNo,
     R"(off=?-? ?-?\d+ (?:doesn't point to (.+)|kptr isn't referenced kptr))"},
    {Cause::special_field_misuse, kNo,
     R"((?:store to )?((?:referenced )?(?:kptr|uptr)) (?:in map can only be accessed .+|access .+|disallowed)|invalid (kptr) access, .+|BPF_ST imm must be 0 when storing to kptr at off=\d+)",
     "4.18 to 7.2"},
    // check_map_prog_compatibility(), v4.18 and v5.8.
    {Cause::map_not_allowed, kNo,
     R"(([\w /]+ prog(?:ram)?s) (?:can only use .+ maps?|cannot use \S+ yet|with run-time allocated hash maps are unsafe\. Switch to preallocated hash maps\.))"},
    // check_map_prog_compatibility(), v4.18; check_map_prog_compatibility(),
    // replace_map_fd_with_map_ptr(), v5.8.
    {Cause::map_not_allowed, "EINVAL EACCES EBUSY",
     R"((offload device) mismatch between prog and map|bpf_struct_ops map cannot be used in prog|no direct value access support for this map type|program's hash doesn't match map's excl_prog_hash)",
     "4.18 to 7.2"},
    {Cause::map_not_allowed, "EBUSY EINVAL",
     R"([Oo]nly one (cgroup storage|arena) (?:of each type is allowed|per program))"},

    // ---- The attach target, checked at load.
    // check_attach_btf_id(), check_struct_ops_btf_id(), v5.8.
    {Cause::attach_target_missing, kNo,
     R"((attach_btf_id \d+) (?:is invalid|is not a supported struct|doesn't have a name)|Tracing programs must provide btf_id|Subprog (\S+) doesn't exist)",
     "RHEL's 4.18 to 7.2"},
    {Cause::attach_target_missing, "ENOTSUPP",
     R"((attach_btf_id \d+) is not a supported struct|struct_ops module (\S+) is not found)",
     "RHEL's 4.18 to 7.2"},
    // check_attach_btf_id(), v5.8.
    {Cause::attach_target_missing, "ENOENT", R"(The address of function (\S+) cannot be found)",
     "RHEL's 4.18 to 7.2"},
    {Cause::attach_refused, kNo,
     R"((\w+)\(\) is not modifiable|attach_btf_id (\d+) (?:is not a function|is not a typedef|points to wrong type name .+)|ret type \S+ not allowed for fmod_ret)"},
    // check_struct_ops_btf_id(), v5.8.
    {Cause::attach_refused, "EINVAL EOPNOTSUPP ENOTSUPP",
     R"(attach to (?:invalid|unsupported) member (.+) of struct \S+|Attach to function (\S+) with a >8 byte return value is not supported.*|The function (\S+) (?:has \d+ arguments\. Too many\.|with variable args is unsupported\.|has malformed void argument\.|(?:return|arg\d+) type .+ is unsupported\.)|Attaching .+ (?:is|functions is) rejected\.)",
     "RHEL's 4.18 to 7.2"},
    {Cause::attach_refused, kNo,
     R"((Cannot (?:replace|recursively attach|extend|nest|attach).*|Extension program.*|Can attach to only JITed progs|Only FENTRY/FEXIT\S* progs are attachable.*|\S+ programs? can only be attached to another program annotated with BTF|can't modify return codes of BPF programs|Target program bound device mismatch|\S+ programs cannot attach to exception callback))",
     "RHEL's 4.18 to 7.2"},

    // ---- What the kernel does not accept at all.
    // replace_map_fd_with_map_ptr(), v4.18 and v5.8.
    {Cause::ldimm64_unsupported, kNo, R"(unrecognized bpf_ld_imm64 insn)"},
    {Cause::bad_instruction, "EPROTO", R"((fd_idx) without fd_array is invalid)"},
    // check_alu_op(), check_cond_jmp_op(), v4.18 and v5.8.
    {Cause::bad_instruction, kNo,
     R"((BPF_[\w/|\[\]]+) (?:uses (?:reserved fields|invalid atomic opcode [0-9a-f]+)|not supported for 32 bit ALU))"},
    {Cause::bad_instruction, kNo,
     R"((unknown (?:opcode|insn class) [0-9a-f]+|invalid BPF_\w+(?:/JMP32)? (?:opcode [0-9a-f]+|mode|insn)|invalid bpf_ld_imm64 insn|invalid atomic operand size))"},
    // check_xadd(), do_check(), v4.18 and v5.8.
    {Cause::bad_instruction, kNo,
     R"((BPF_\w+) (?:stores into|loads from) R\d+ \S+ is not allowed)"},
    // check_ld_abs(), v4.18 and v5.8.
    {Cause::bad_instruction, kNo,
     R"(((?:BPF_LD_\[ABS\|IND\]|LD_ABS)) (?:instructions )?(?:not allowed for this program type|cannot be mixed with bpf-to-bpf calls|is not allowed in subprogs without BTF|is only allowed in functions that return 'int'\.)|at the time of (BPF_LD_ABS\|IND) R6 != pointer to skb|cannot use BPF_LD_\[ABS\|IND\] within callback)"},
    // check_alu_op(), check_reg_arg(), v4.18 and v5.8.
    {Cause::bad_instruction, kNo,
     R"((frame pointer) is read only|R\d+ is invalid|div by zero|invalid shift -?\d+|same insn cannot be used with different pointers)"},
    // check_stack_write(), v4.18; bpf_patch_insn_data(), check_stack_write(), v5.8.
    {Cause::bad_instruction, kNo,
     R"(insn (?P<insn>\d+) cannot (?:access two stack slots .+|call exception cb directly|be patched due to 16-bit range))",
     "4.18 to 7.2"},
    // check_subprogs(), push_insn(), v4.18 and v5.8.
    {Cause::bad_instruction, kNo,
     R"(((?:indirect )?jump) (?:out of range from insn (?P<insn>\d+) to -?\d+|into the middle of ldimm64 insn \d+))"},
    {Cause::bad_instruction, kNo, R"((R\d+) (?:has type .+, expected PTR_TO_INSN|points to outside of jump table: .+)|register (R\d+) doesn't point to any offset in map id=\d+|no (jump tables) found for subprog starting at \d+|(jump table) for insn \d+ points outside of the subprog .+)",
     "7.2"},
    {Cause::bad_instruction, kNo,
     R"((addr_space_cast|invalid may_goto|BPF_JA\|BPF_X).*|r11 load must be before any r11 store or call insn|stack arg write offset \d+ exceeds max \d+ stack args)",
     "6.12, 7.2"},
    {Cause::map_create_failed, kNo, R"(BPF map '(.+)' is referenced but wasn't created)",
     "4.18 to 7.2"},
    {Cause::map_create_failed, "EBADF EINVAL",
     R"((fd -?\d+) is not pointing to valid bpf_map(?: or btf)?)", "4.18 to 7.2"},
    // bpf_check(), v5.8.
    {Cause::no_kernel_btf, "EINVAL ENOTSUPP",
     R"(kernel is missing BTF, make sure (CONFIG_DEBUG_INFO_BTF)=y is specified in Kconfig\.|.+ not supported without (CONFIG_DEBUG_INFO_BTF)|in-kernel BTF is malformed)",
     "RHEL's 4.18 to 7.2"},
    {Cause::no_object_btf, "EINVAL EFAULT",
     R"(missing btf func_info|(Global functions) need valid BTF|(Program extension) requires BTF)",
     "6.1 to 7.2"},
    // check_btf_func(), v5.8.
    {Cause::btf_rejected, kNo,
     R"((number of funcs in func_info doesn't match number of subprogs))"},
    // check_btf_func(), check_btf_line(), v5.8.
    {Cause::btf_rejected, "EINVAL EFAULT",
     R"((invalid func info rec size \d+|nonzero tailing record in .+|nonzero insn_off \d+ for the first func info record|same or smaller insn offset .+|func_info BTF section doesn't match subprog layout in BPF program|invalid type id \d+ in func info|invalid btf id for main subprog in func_info|BTF of func(?:#|_id )\d+ doesn't point to KIND_FUNC|Invalid BTF of func \S+|Invalid line_info\[.+|Invalid insn code at line_info\[.+|missing bpf_line_info for .+|Invalid core_relo\[.+))",
     "4.18 to 7.2"},
};

}  // namespace

const std::vector<CauseRule>& verifier_rules() {
  static const std::vector<CauseRule> rules(std::begin(kRules), std::end(kRules));
  return rules;
}

}  // namespace bpfmatrix
