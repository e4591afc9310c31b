// Files and folders in the making. Their makers keep them locked (flock) and give them a name of
// their own, so that what a process left behind when it was killed can be distinguished from what
// another is still working on.
#pragma once

#include <ctime>
#include <filesystem>
#include <string_view>

#include "base/fd.h"

namespace bpfmatrix {

/// In the name of each, before its six random characters.
inline constexpr std::string_view kUnfinishedMark = ".unfinished-";

/// Says that somebody is at work on it. Never blocks; the lock goes with the descriptor and with
/// its process.
void lock_unfinished(const Fd& fd);

enum class Others {
  may_work_here,  ///< what is very young may be about to be locked: it stays
  are_locked_out,
};

/// Removes what bears the mark in `folder` (not in folders below) and has no maker any more. A
/// folder that is not there is empty; how young something is counts from `now`. Gives how many it
/// removed.
int remove_unfinished(const std::filesystem::path& folder, Others others = Others::may_work_here,
                      std::time_t now = std::time(nullptr));

}  // namespace bpfmatrix
