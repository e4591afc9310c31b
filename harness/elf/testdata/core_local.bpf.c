// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What an object asks of a kernel whose types are those of core_target.bpf.c: a function for each
 * way in which the two can differ. Built into an object, never loaded. */
#include "bpf.h"
typedef unsigned short u16;
typedef long long s64;

/* clang has no more than __builtin functions for these; the numbers are its own. */
#define BYTE_OFF(field) __builtin_preserve_field_info(field, 0)
#define BYTE_SZ(field) __builtin_preserve_field_info(field, 1)
#define EXISTS(field) __builtin_preserve_field_info(field, 2)
#define SIGNED(field) __builtin_preserve_field_info(field, 3)
#define LSHIFT(field) __builtin_preserve_field_info(field, 4)
#define RSHIFT(field) __builtin_preserve_field_info(field, 5)
#define LOCAL_ID(type) __builtin_btf_type_id(*(type *)0, 0)
#define TARGET_ID(type) __builtin_btf_type_id(*(type *)0, 1)
#define TYPE_EXISTS(type) __builtin_preserve_type_info(*(type *)0, 0)
#define TYPE_SIZE(type) __builtin_preserve_type_info(*(type *)0, 1)
#define VALUE_EXISTS(type, value) __builtin_preserve_enum_value(*(type *)value, 0)
#define VALUE(type, value) __builtin_preserve_enum_value(*(type *)value, 1)

volatile u64 sink;

struct moved {
	u32 first;
	u64 second;
} CORE;
SEC("kprobe") int moved(struct moved *m)
{
	sink = BYTE_OFF(m->second);
	sink = BYTE_SZ(m->second);
	sink = EXISTS(m->second);
	sink = SIGNED(m->second);
	sink = (u64)&m[2].second;
	return 0;
}

struct gone {
	u32 here, not_here;
} CORE;
struct gone_type {
	u32 any;
} CORE;
SEC("kprobe") int gone(struct gone *g)
{
	struct gone_type *t = (void *)g;
	sink = EXISTS(g->not_here);
	sink = BYTE_OFF(g->not_here);
	sink = BYTE_SZ(g->not_here);
	sink = SIGNED(g->not_here);
	sink = EXISTS(t->any);
	sink = BYTE_OFF(t->any);
	sink = TYPE_EXISTS(struct gone_type);
	sink = TYPE_SIZE(struct gone_type);
	sink = TARGET_ID(struct gone_type);
	return 0;
}

struct retyped {
	u32 number, was_number;
	void *pointer;
} CORE;
SEC("kprobe") int retyped(struct retyped *r)
{
	sink = SIGNED(r->number);
	sink = BYTE_OFF(r->was_number);
	sink = BYTE_SZ(r->pointer);
	return 0;
}

struct nested___mine {
	u32 deep;
	struct {
		u32 list[4];
	} inner;
	u16 tail[];
} CORE;
SEC("kprobe") int nested(struct nested___mine *n)
{
	sink = BYTE_OFF(n->deep);
	sink = BYTE_OFF(n->inner.list[1]);
	sink = BYTE_OFF(n->inner.list[3]);
	sink = BYTE_SZ(n->inner.list);
	sink = BYTE_OFF(n->tail[5]);
	return 0;
}

struct bits {
	u32 flags : 3;
	s32 level : 5;
	u32 plain;
} CORE;
SEC("kprobe") int bits(struct bits *b)
{
	sink = BYTE_OFF(b->level);
	sink = BYTE_SZ(b->level);
	sink = SIGNED(b->level);
	sink = LSHIFT(b->level);
	sink = RSHIFT(b->level);
	sink = LSHIFT(b->plain);
	sink = RSHIFT(b->plain);
	return 0;
}

enum mode { MODE_OFF, MODE_ON = 7, MODE_GONE = 9, MODE_LOW = -5 };
enum gone_mode { GONE_MODE = 3 };
SEC("kprobe") int enums(void *ctx)
{
	sink = VALUE(enum mode, MODE_ON);
	sink = VALUE(enum mode, MODE_LOW);
	sink = VALUE_EXISTS(enum mode, MODE_ON);
	sink = VALUE_EXISTS(enum mode, MODE_GONE);
	sink = VALUE(enum mode, MODE_GONE);
	sink = VALUE_EXISTS(enum gone_mode, GONE_MODE);
	sink = VALUE(enum gone_mode, GONE_MODE);
	return 0;
}

struct twins {
	u32 a;
} CORE;
struct alike {
	u32 a;
} CORE;
struct chosen {
	u32 a, b;
} CORE;
SEC("kprobe") int flavours(struct alike *s)
{
	struct chosen *c = (void *)s;
	sink = BYTE_OFF(s->a);
	sink = EXISTS(c->a);
	sink = EXISTS(c->b);
	return 0;
}
#ifndef WITHOUT_FAILURES
SEC("kprobe") int ambiguous(struct twins *t)
{
	sink = BYTE_OFF(t->a);
	sink = EXISTS(t->a);
	sink = TARGET_ID(struct alike);
	return 0;
}
#endif

union shape {
	u32 a;
} CORE;
typedef int (*handler_t)(struct moved *, u32);
typedef int (*other_handler_t)(struct moved *, u32);
SEC("kprobe") int types(void *ctx)
{
	sink = LOCAL_ID(struct moved);
	sink = TARGET_ID(struct moved);
	sink = TYPE_EXISTS(struct moved);
	sink = TYPE_SIZE(struct moved);
	sink = TYPE_EXISTS(union shape);
	sink = TYPE_EXISTS(handler_t);
	sink = TYPE_EXISTS(other_handler_t);
	sink = TYPE_SIZE(handler_t);
	return 0;
}

/* Loads and stores themselves are relocated, and resized. */
struct sized {
	u32 same, wider;
	s32 wider_signed;
	void *pointer;
	u16 narrower;
	u32 far;
} CORE;
SEC("kprobe") int loads(struct sized *s)
{
	sink = s->same;
	sink = s->wider;
	sink = s->wider_signed;
	sink = (u64)s->pointer;
	s->narrower = sink;
	return 0;
}
#ifndef WITHOUT_FAILURES
SEC("kprobe") int too_far(struct sized *s)
{
	sink = s->far;
	return 0;
}
#endif

static __attribute__((noinline)) u64 helper(struct moved *m)
{
	return BYTE_OFF(m->first) + sink;
}
SEC("kprobe") int caller(struct moved *m)
{
	sink = helper(m);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
