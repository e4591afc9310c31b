// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* One object with something of all that inspect shows: three program types, a subprogram, a callback,
 * maps, globals, and each CO-RE relocation kind that clang 14 can write. */
#include "bpf.h"

enum mode { MODE_OFF, MODE_ON = 7 };
enum wide { WIDE_LOW = -1 };
struct inner {
	u32 flags : 3;
	s32 level : 5;
	u8 bytes[16];
} CORE;
struct task_struct___old {
	int pid;
	union {
		struct inner nested;
		u64 raw;
	};
} CORE;

struct {
	__uint(type, 1);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, struct inner);
} by_pid SEC(".maps");
struct {
	__uint(type, 27);
	__uint(max_entries, 4096);
} events SEC(".maps");
struct {
	__uint(type, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} per_cpu_events SEC(".maps");

volatile const u32 wanted = 3;
u64 seen[3];
double unused_float;
char LICENSE[] SEC("license") = "GPL";

__attribute__((noinline)) int helper(u32 key)
{
	seen[0] += key;
	return seen[1];
}

SEC("kprobe/do_unlinkat") int on_unlink(void *ctx)
{
	struct task_struct___old *task = (void *)bpf_get_current_task();
	u64 sum = 0;
	u8 byte = 0;
	bpf_probe_read_kernel(&byte, 1, &task->nested.bytes[3]);
	sum += __builtin_preserve_field_info(task->nested.flags, 0);
	sum += __builtin_preserve_field_info(task->nested.flags, 1);
	sum += __builtin_preserve_field_info(task->pid, 2);
	sum += __builtin_preserve_field_info(task->nested.level, 3);
	sum += __builtin_preserve_field_info(task->nested.level, 4);
	sum += __builtin_preserve_field_info(task->nested.level, 5);
	sum += __builtin_btf_type_id(*(struct inner *)0, 0);
	sum += __builtin_btf_type_id(*(struct task_struct___old *)0, 1);
	sum += __builtin_preserve_type_info(*(struct inner *)0, 0);
	sum += __builtin_preserve_type_info(*(struct inner *)0, 1);
	sum += __builtin_preserve_enum_value(*(enum mode *)MODE_ON, 0);
	sum += __builtin_preserve_enum_value(*(enum mode *)MODE_ON, 1);
	sum += __builtin_preserve_enum_value(*(enum wide *)WIDE_LOW, 1);
	seen[2] = sum + byte;
	return helper(wanted);
}

static long each(u32 index, void *data)
{
	return index > wanted;
}

SEC("xdp") int on_packet(void *ctx)
{
	u32 key = 1;
	bpf_loop(4, each, 0, 0);
	return bpf_map_lookup_elem(&by_pid, &key) ? 1 : 2;
}

SEC("?tracepoint/syscalls/sys_enter_connect") int on_connect(void *ctx)
{
	return 0;
}
