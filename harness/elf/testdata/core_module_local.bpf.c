// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What an object asks of a kernel and of the module core_module.bpf.c. */
#include "bpf.h"

#define BYTE_OFF(field) __builtin_preserve_field_info(field, 0)
#define TYPE_SIZE(type) __builtin_preserve_type_info(*(type *)0, 1)

volatile u64 sink;

struct moved {
	u64 second;
} CORE;
struct ring {
	u32 length;
	struct moved within, *moved;
} CORE;
struct shape {
	u32 a;
} CORE;
struct nowhere {
	u32 a;
} CORE;

SEC("kprobe") int reads_ring(struct ring *ring)
{
	sink = BYTE_OFF(ring->length);
	sink = BYTE_OFF(ring->within.second);
	sink = TYPE_SIZE(struct ring);
	return 0;
}

SEC("kprobe") int reads_kernel(struct shape *shape, struct moved *moved)
{
	sink = BYTE_OFF(shape->a);
	sink = BYTE_OFF(moved->second);
	return 0;
}

SEC("kprobe") int reads_nothing(struct nowhere *nowhere)
{
	sink = BYTE_OFF(nowhere->a);
	return 0;
}
