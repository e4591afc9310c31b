// Values that user space gives to an object's global variables before it is loaded: what is
// constant for the program (.rodata) is so with this value.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"

namespace bpfmatrix::guest {

/// Variable -> value.
using Globals = std::map<std::string, std::int64_t, std::less<>>;

/// Into the object as it was opened, before it is loaded. Error: no global variable is called so,
/// or the value is none of its integer type.
Result<> set_globals(bpf_object* object, const Globals& globals);

}  // namespace bpfmatrix::guest
