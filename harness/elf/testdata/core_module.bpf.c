// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Stands for a module of the kernel core_target.bpf.c: only its types matter, those of its own and
 * what it has of the kernel's. See core_module_local.bpf.c. */
#include "core_target.bpf.c"

/* The kernel has a shape too, another one. */
struct shape___module {
	u64 new_one;
	u32 a;
};
struct ring {
	u64 new_one;
	struct moved within;
	struct moved *moved;
	u32 length;
	enum mode mode;
	struct shape___module shape;
};

struct ring ring;
