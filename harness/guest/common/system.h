// What all programs of the guest ask of the system they run on.
#pragma once

#include <cstdint>
#include <string>

namespace bpfmatrix::guest {

/// Where loaders attach programs for cgroups: made by them, joined by the trigger.
inline constexpr const char* kCellCgroup = "/sys/fs/cgroup/bpfmatrix";

/// "name: what went wrong", with errno's text.
std::string system_note(const std::string& what);
std::int64_t uptime_ms();

}  // namespace bpfmatrix::guest
