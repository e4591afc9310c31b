// gzip, whole texts at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

/// Equal texts give equal bytes.
std::string gzip(std::string_view text);

/// What `bytes` unpack to. Error: they are no gzip, cut short, or more than `max_bytes` come out.
Result<std::string> gunzip(std::string_view bytes, std::uint64_t max_bytes);

}  // namespace bpfmatrix
