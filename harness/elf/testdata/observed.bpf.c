// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a program of the suite reports by: cases/include/observed.h. */
#include "bpf.h"

struct observed {
	u64 hits;
	s32 pid;
	u64 fd__wrapped;
};
struct observed *saw;

SEC("xdp") int count(void *ctx)
{
	return saw->pid;
}
