// Programs of an object that look like several ways to do the same, by the customs of those who
// write such: fentry_X beside kprobe_X, X_btf beside X_raw, X beside raw_X. A guess, for people.
#pragma once

#include <string>
#include <vector>

#include "elf/object.h"

namespace bpfmatrix {

/// Groups of two and more names, each group in the object's order, sorted by their first ones.
/// Programs at the entry and at the return of a function are no alternatives.
std::vector<std::vector<std::string>> likely_alternatives(const ObjectInfo& info);

}  // namespace bpfmatrix
