// A file in memory that is gone with its descriptor: nothing is left of it after a kill -9.
#pragma once

#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace bpfmatrix {

/// `name` is for people who look into /proc. Error: the host has no memory for it.
Result<Fd> make_memory_file(const char* name, std::string_view bytes);

}  // namespace bpfmatrix
