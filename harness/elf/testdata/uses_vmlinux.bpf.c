// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Compiled against a generated vmlinux.h: the access must become a CO-RE relocation. */
#include "vmlinux.h"

static unsigned long long (*get_task)(void) = (void *)35;
static long (*read_kernel)(void *, unsigned int, const void *) = (void *)113;

char LICENSE[] __attribute__((section("license"), used)) = "GPL";

__attribute__((section("kprobe/x"), used)) int p(void *ctx)
{
	struct task_struct *task = (void *)get_task();
	int tgid = 0;
	read_kernel(&tgid, sizeof(tgid), &task->tgid);
	return tgid;
}
