// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The programs of core_kernels.log, one for each value of PROGRAM; without PROGRAM, types laid out as
 * those of a kernel in it: FILE_BYTES, STATE, STATE_AT, TGID_AT, PARENT_AT. */
#include "bpf.h"
static long (*bpf_probe_read)(void *, u32, const void *) = (void *)4;
#define GIVEN(program) PROGRAM == program
#define core_enum_and_size 1
#define core_field_guarded 2
#define core_field_missing 3
#define core_flavour 4
#define core_offset 5
#define core_type_missing 6

#ifndef PROGRAM
enum bpf_map_type { BPF_MAP_TYPE_UNSPEC, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_RINGBUF = 27 };
struct file {
	char all[FILE_BYTES];
};
struct task_struct {
	union {
		struct {
			char before_state[STATE_AT];
			long STATE;
		};
		struct {
			char before_tgid[TGID_AT];
			int tgid;
		};
		struct {
			char before_parent[PARENT_AT];
			struct task_struct *real_parent;
		};
	};
};
enum bpf_map_type map_type;
struct file file;
struct task_struct task;
#elif GIVEN(core_enum_and_size)
enum bpf_map_type { BPF_MAP_TYPE_RINGBUF = 99, BPF_MAP_TYPE_HASH = 98 };
struct file {
	void *private_data;
} CORE;
SEC("kprobe/x") int p(void *c)
{
	u64 v = __builtin_preserve_enum_value(*(enum bpf_map_type *)BPF_MAP_TYPE_RINGBUF, 0);
	v += __builtin_preserve_enum_value(*(enum bpf_map_type *)BPF_MAP_TYPE_RINGBUF, 1);
	v += __builtin_preserve_type_info(*(struct file *)0, 1);
	return v;
}
#elif GIVEN(core_flavour)
struct task_struct___new {
	u32 __state;
} CORE;
struct task_struct___old {
	long state;
} CORE;
SEC("kprobe/x") int p(void *c)
{
	void *t = (void *)bpf_get_current_task();
	long v = 0;
	struct task_struct___new *n = t;
	struct task_struct___old *o = t;
	if (__builtin_preserve_field_info(n->__state, 2))
		bpf_probe_read(&v, 4, &n->__state);
	else
		bpf_probe_read(&v, 8, &o->state);
	return v;
}
#elif GIVEN(core_offset)
struct task_struct {
	int tgid;
	struct task_struct *real_parent;
} CORE;
SEC("kprobe/x") int p(void *c)
{
	struct task_struct *t = (void *)bpf_get_current_task(), *q = 0;
	int id = 0;
	bpf_probe_read(&q, 8, &t->real_parent);
	bpf_probe_read(&id, 4, &q->tgid);
	return id;
}
#elif GIVEN(core_type_missing)
struct no_such_struct {
	u32 a, b;
} CORE;
SEC("kprobe/x") int p(void *c)
{
	struct no_such_struct *t = (void *)bpf_get_current_task();
	u32 v = 0;
	bpf_probe_read(&v, 4, &t->b);
	return v;
}
#else
struct task_struct {
	int tgid;
	u64 no_such_field;
} CORE;
SEC("kprobe/x") int p(void *c)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	u64 v = 0;
#if GIVEN(core_field_guarded)
	if (__builtin_preserve_field_info(t->no_such_field, 2))
#endif
		bpf_probe_read(&v, 8, &t->no_such_field);
	return v;
}
#endif
char LICENSE[] SEC("license") = "GPL";
