// Whole files in and out, bounded and all or nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "base/result.h"

namespace bpfmatrix {

/// "'PATH': why", from what a system call has left in errno or a function of std::filesystem gave.
Error file_error(const std::filesystem::path& path, int error);
Error file_error(const std::filesystem::path& path, const std::error_code& error);
/// "'PATH': what is wrong with it"; the hint stays.
Error file_error(const std::filesystem::path& path, Error error);

/// The bytes of a regular file of at most `max_bytes`. Error: missing, unreadable, larger, or not a
/// regular file (a FIFO would block).
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

enum class Durability {
  synced,    ///< on the disk when the call returns
  unsynced,  ///< there for every reader, and lost when the power goes before somebody syncs
};

/// Writes beside `path` under a temporary name (base/unfinished.h), syncs, renames: a reader sees
/// the old file or the new one, and a failure (disk full) leaves nothing behind.
Result<> write_file(const std::filesystem::path& path, std::string_view bytes,
                    Durability durability = Durability::synced);

}  // namespace bpfmatrix
