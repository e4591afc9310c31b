// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Functions that call each other in another order than they are written in, each with something to
 * relocate against core_target.bpf.c. Built into an object, never loaded. */
#include "bpf.h"
#define NOINLINE __attribute__((noinline))

volatile u64 sink;

struct moved {
	u32 first;
	u64 second;
} CORE;

static NOINLINE u64 inner(struct moved *m)
{
	return __builtin_preserve_field_info(m->second, 0) + sink;
}

NOINLINE u64 outer(struct moved *m)
{
	return inner(m) + __builtin_preserve_field_info(m->second, 2) + sink;
}

static long each(u32 index, void *data)
{
	sink = __builtin_preserve_type_info(*(struct moved *)0, 1);
	return index > sink;
}

SEC("xdp") int calls_all(void *ctx)
{
	sink = outer(ctx);
	bpf_loop(4, each, 0, 0);
	return inner(ctx);
}

SEC("kprobe") int calls_one(void *ctx)
{
	return inner(ctx);
}

SEC("tc") int calls_none(void *ctx)
{
	return __builtin_preserve_field_info(((struct moved *)ctx)->second, 0);
}
char LICENSE[] SEC("license") = "GPL";
