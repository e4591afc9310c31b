// Values that user space gives to an object's global variables before it is loaded: what is
// constant for the program (.rodata) is so with this value.
#pragma once

#include <bpf/libbpf.h>

#include "base/load_settings.h"
#include "base/result.h"

namespace bpfmatrix::guest {

/// Into the object as it was opened, before it is loaded. A text goes into an array of char, and
/// what is left of it becomes zeros; an array may be shorter than the variable, of which the rest
/// stays. Error: no global variable is called so, or the value is none of its type.
Result<> set_globals(bpf_object* object, const GlobalValues& globals);

}  // namespace bpfmatrix::guest
