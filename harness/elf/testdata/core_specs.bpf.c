// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Types to name fields of: nothing here is ever run. */
#include "bpf.h"

struct shape {
	int first;
	int grid[3][2];
	union {
		struct {
			int shallow, deep;
		};
		u64 raw;
	};
	struct {
		u32 x;
	} parts[3];
	u32 bit : 3, more : 2;
} __attribute__((packed));
typedef struct shape shape_t;
typedef struct {
	int only;
} unnamed_t;
union either {
	u32 a, b;
};
enum mode { OFF, ON = 7 };
enum high { HIGHEST = 0x80000000U };
typedef int row_t[5];
struct open_ended {
	u32 count;
	u8 items[];
};
struct closed {
	u8 nothing[0];
	u32 after;
};
struct packed {
	u8 first : 7;
	u64 across : 63;
} __attribute__((packed));
struct very_long {
	int LONG_NAME;
};

shape_t shape;
unnamed_t unnamed;
union either either;
enum mode mode;
enum high high;
row_t row;
struct open_ended open_ended;
struct closed closed;
struct packed packed;
struct very_long very_long;
