// The root of a Unix system as a list: which paths there are, and where the bytes of each file lie
// on this machine. Links are only names in it, so that nothing here is ever followed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/words.h"

namespace bpfmatrix {

/// No root is larger, unpacked.
inline constexpr std::uint64_t kMaxRootBytes = std::uint64_t{1} << 30;
inline constexpr std::size_t kMaxRootEntries = 100'000;

enum class RootKind { file, link, folder };
inline constexpr Word<RootKind> kRootKindWords[] = {
    {RootKind::file, "file", "a regular file"},
    {RootKind::link, "link", "a symbolic link"},
    {RootKind::folder, "folder", "a folder"},
};
constexpr const auto& words_of(RootKind) { return kRootKindWords; }

struct RootEntry {
  RootKind kind = RootKind::file;
  /// On this machine.
  std::filesystem::path file{};
  /// Of a link, as it is; an absolute one begins at the root.
  std::string target{};
  bool executable = false;
  /// Its user named what it belongs to: it is wanted, whether or not anything is known to need it.
  bool wanted = false;
};

/// By path, without the leading '/'. Folders need no entry of their own.
class RootTree {
 public:
  std::map<std::string, RootEntry, std::less<>> entries{};

  /// `path` with all links followed, as a process that has this root would; no ".." leaves it.
  /// Nothing: it does not exist, or its links go round in a circle.
  std::optional<std::string> resolve(std::string_view path) const;
  /// The file that `path` leads to; nullptr: there is none.
  const RootEntry* find_file(std::string_view path) const;
  bool is_folder(std::string_view path) const;
};

/// Manuals, texts in other languages, static libraries: of no use to a program that runs.
bool is_left_out_of_root(std::string_view path);

/// A guest has it of its own, or we have: /proc, /sys, /dev, /run, /tmp and others.
bool is_of_guest(std::string_view path);

/// A folder of this machine; all of it is wanted. Devices and sockets are passed over, and so is
/// what a guest has of its own (/proc, /sys, /dev, /run, /tmp). Error: it cannot be read; it has
/// more than kMaxRootEntries entries or kMaxRootBytes; a name is not UTF-8.
Result<RootTree> read_root_folder(const std::filesystem::path& folder);

/// root.json in `folder`, below which all files of `tree` lie. Error: as of write_file.
Result<> write_root(const RootTree& tree, const std::filesystem::path& folder);
/// Error: it cannot be read, or is not what write_root writes.
Result<RootTree> read_root(const std::filesystem::path& folder);

}  // namespace bpfmatrix
