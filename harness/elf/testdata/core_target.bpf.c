// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Stands for a kernel: only its types matter. See core_local.bpf.c. */
#include "bpf.h"
typedef unsigned short u16;
typedef long long s64;

struct moved {
	u64 new_one;
	u32 first, other;
	s64 second;
};
struct gone {
	u64 new_one;
	u32 here;
};
struct retyped {
	s32 number;
	void *was_number;
	struct gone *pointer;
};
struct nested {
	u64 new_one;
	struct {
		union {
			u64 raw;
			struct {
				u32 shallow, deep;
			};
		};
		struct {
			u64 before;
			u32 list[2];
		} inner;
	};
	u16 tail[];
};
struct bits {
	u64 before : 61;
	u64 flags : 2;
	u32 more : 30;
	s32 level : 6;
	u64 plain;
};
enum mode { MODE_OFF, MODE_ON = 70, MODE_LOW = -6 };
struct twins {
	u32 a;
};
struct twins___2 {
	u32 before, a;
};
struct alike {
	u32 a;
};
struct alike___2 {
	u32 a, b;
};
struct chosen {
	u32 a;
};
struct chosen___2 {
	u32 b;
};
struct shape {
	u32 a;
};
typedef long (*handler_t)(struct moved *, u64);
typedef int (*other_handler_t)(struct moved *);
struct sized {
	u32 before, same;
	u64 wider;
	s64 wider_signed;
	void *pointer;
	u8 narrower;
	u8 room[40000];
	u32 far;
};

/* By which a kernel's BTF is known. */
struct task_struct {
	u32 pid;
};

struct task_struct task;
struct moved moved;
struct gone gone;
struct retyped retyped;
struct nested nested;
struct bits bits;
enum mode mode;
struct twins twins;
struct twins___2 twins_2;
struct alike alike;
struct alike___2 alike_2;
struct chosen chosen;
struct chosen___2 chosen_2;
struct shape shape;
handler_t handler;
other_handler_t other_handler;
struct sized sized;
