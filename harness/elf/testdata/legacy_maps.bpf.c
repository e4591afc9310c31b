// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Maps as they were before BTF, no licence, and a section that names no program type. */
#include "bpf.h"

struct bpf_map_def {
	u32 type, key_size, value_size, max_entries, map_flags;
};
struct bpf_map_def connections SEC("maps") = { 1, 16, 24, 1024, 0 };
struct bpf_map_def newest SEC("maps/newest") = { 99, 4, 8, 1, 0 };

SEC("my_own_section") int p(void *ctx)
{
	u64 key[2] = { 1, 2 };
	return bpf_map_lookup_elem(&connections, key) != 0;
}
