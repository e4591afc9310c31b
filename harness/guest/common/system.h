// What all programs of the guest ask of the system they run on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace bpfmatrix::guest {

/// Where loaders attach programs for cgroups: made by them, joined by the trigger.
inline constexpr const char* kCellCgroup = "/sys/fs/cgroup/bpfmatrix";

/// "name: what went wrong", with errno's text.
std::string system_note(const std::string& what);
std::int64_t uptime_ms();

/// All of it, to a descriptor that blocks. False: errno says why.
bool write_all(const Fd& fd, std::string_view bytes);

}  // namespace bpfmatrix::guest
