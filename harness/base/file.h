// Whole files in and out, bounded and all or nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "base/fd.h"
#include "base/result.h"

namespace bpfmatrix {

/// What a person calls `path`, which may lead through a descriptor of this process
/// ("/proc/self/fd/7/run.json").
std::filesystem::path plain_path(const std::filesystem::path& path);

/// "'PATH': why" with its plain path, from what a system call has left in errno or a function of
/// std::filesystem gave.
Error file_error(const std::filesystem::path& path, int error);
Error file_error(const std::filesystem::path& path, const std::error_code& error);
/// "'PATH': what is wrong with it"; the hint stays.
Error file_error(const std::filesystem::path& path, Error error);

/// Whether `path` is `folder` or something below it when all symbolic links are followed, as far as
/// the two exist.
bool is_below(const std::filesystem::path& path, const std::filesystem::path& folder);

/// A regular file, open for reading. Nothing is read, so one of holes costs as little as any other.
/// Error: missing, unreadable, larger than `max_bytes`, or not a regular file (a FIFO would block).
Result<Fd> open_file(const std::filesystem::path& path, std::uint64_t max_bytes);

/// The bytes of a regular file of at most `max_bytes`. Error: as of open_file.
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
