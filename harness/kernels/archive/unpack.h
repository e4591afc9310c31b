// The files of an archive, unpacked as if its maker meant harm: only plain files, only below the
// folder given, only as much as agreed. Which format the archive has is its opener's business.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

class EntryStream;

/// Where a file of the package goes, below the target folder; nothing: it is left out. An error
/// stops the unpacking.
using PlaceFile = std::function<Result<std::optional<std::string>>(std::string_view path)>;

/// What an entry is beside a file's bytes.
struct EntryNote {
  enum class Kind { file, folder, symlink, hardlink };
  std::string_view path{};
  Kind kind = Kind::file;
  /// Of a link: where it leads, as the archive has it.
  std::string_view target{};
  bool executable = false;
};

using NoteEntry = std::function<Result<>(const EntryNote& entry)>;

struct UnpackRules {
  /// Hears of every file, folder and link that `place` wants, as it comes. With it a link is no
  /// error: it is noted, and never made.
  const NoteEntry* note = nullptr;
  /// Skip links and devices that `place` wants, instead of failing for the package.
  bool leave_out_links = false;
  /// An entry that is a folder is an error: those that files need are made anyway.
  bool files_only = false;
  /// Of all files in the package, left out or not.
  std::uint64_t max_bytes = 2ULL << 30;
  std::uint64_t max_entries = 100'000;
};

/// Everything in `from`, which is open. Errors: it is damaged; a path in it is absolute or
/// climbs out with ".."; a file that `place` wants is a link or a device, or comes twice; over the
/// limits; the disk is full. On an error what was written so far is left to the caller, who gave a
/// folder of its own.
Result<> unpack_entries(EntryStream& from, const std::filesystem::path& into,
                        const PlaceFile& place, const UnpackRules& rules);

}  // namespace bpfmatrix
