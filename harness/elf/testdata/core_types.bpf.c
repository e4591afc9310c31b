// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Pairs of types for the table of core_types_test.cpp: the object's with LOCAL, else the kernel's. A
 * typedef names each. */
#include "bpf.h"
typedef unsigned short u16;
#ifdef LOCAL
#define SIDES(ours, theirs) ours
#else
#define SIDES(ours, theirs) theirs
#endif

struct same {
	u32 a;
};
struct inner {
	u32 a;
	SIDES(, u32 b;)
};
struct outer {
	struct inner in;
	struct same *behind;
};
struct more {
	u32 a;
	SIDES(u32 b;, )
};
struct wider {
	SIDES(u32, u64) a;
};
struct order {
	SIDES(u32 a; u32 b;, u32 b; u32 a;)
};
struct deep {
	SIDES(struct more, struct same) *behind;
};
struct behind_other {
	struct more *behind;
};
enum named { ON = SIDES(1, 2), OFF = 5 };
enum shorter {
	ONE,
	SIDES(TWO, )
};
enum other_name { OTHER };
SIDES(struct declared;, struct declared { u32 a; };)
union number {
	u32 a;
};
typedef u32 word;

#define PAIR(name, ours, theirs) typedef SIDES(ours, theirs) name; name *use_##name;
PAIR(same_struct, struct same, struct same)
PAIR(grown_struct, struct outer, struct outer)
PAIR(shrunk_struct, struct more, struct more)
PAIR(wider_member, struct wider, struct wider)
PAIR(other_order, struct order, struct order)
PAIR(shrunk_behind_pointer, struct behind_other, struct behind_other)
PAIR(other_struct_behind_pointer, struct deep, struct deep)
PAIR(struct_and_union, struct same, union number)
PAIR(other_struct, struct same, struct inner)
PAIR(sign, int, u32)
PAIR(width, u16, u64)
PAIR(number_and_pointer, u64, void *)
PAIR(pointers, struct same *, struct same *)
PAIR(other_pointers, struct same *, u32 *)
PAIR(pointer_to_void, void *, void *)
PAIR(declared_behind_pointer, struct declared *, struct declared *)
PAIR(modified, const volatile u32, word)
PAIR(enum_values, enum named, enum named)
PAIR(shrunk_enum, enum shorter, enum shorter)
PAIR(other_enum, enum named, enum other_name)
PAIR(enum_and_number, enum named, u32)
PAIR(real, double, float)

/* What a name does not stand at the end of. */
typedef u32 SIDES(array_length[4], array_length[2]);
typedef SIDES(struct same, u32) array_element[3];
typedef long function_parameter(SIDES(u32, u64) number, struct same *s);
typedef SIDES(struct same *, u32) function_result(u32 number);
#ifdef LOCAL
typedef long function_length(u32 number);
#else
typedef long function_length(u32 number, u32 other);
#endif
array_length *use_array_length;
array_element *use_array_element;
function_parameter *use_function_parameter;
function_result *use_function_result;
function_length *use_function_length;
