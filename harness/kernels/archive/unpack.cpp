#include "kernels/archive/unpack.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "kernels/archive/archive_handle.h"
#include "kernels/archive/entry_stream.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// "./boot/vmlinuz" and "boot/vmlinuz" are the same file; a folder may end in '/'.
std::string_view plain_path(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path == "." ? std::string_view{} : path;
}

/// Holes count: they are filled when the file is copied.
std::uint64_t size_of(struct archive_entry* entry) {
  return static_cast<std::uint64_t>(std::max<la_int64_t>(::archive_entry_size(entry), 0));
}

/// At most the `size` that was counted.
Result<> write_entry(struct archive* from, std::uint64_t size, const fs::path& target) {
  std::error_code made;
  fs::create_directories(target.parent_path(), made);
  if (made) return file_error(target, made);
  const Fd fd(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd.valid()) return file_error(target, errno);
  std::array<char, kArchiveBlockBytes> block{};
  for (;;) {
    const la_ssize_t n = ::archive_read_data(from, block.data(), block.size());
    if (n == 0) return {};
    if (n < 0) return Error{archive_problem(from)};
    if (static_cast<std::uint64_t>(n) > size) return Error{"a file larger than it says"};
    size -= static_cast<std::uint64_t>(n);
    for (la_ssize_t done = 0; done < n;) {
      const ssize_t written =
          ::write(fd.get(), block.data() + done, static_cast<std::size_t>(n - done));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return file_error(target, errno);
      done += written;
    }
  }
}

/// The archive, entry by entry.
class Unpacker {
 public:
  Unpacker(EntryStream& from, const fs::path& into, const PlaceFile& place,
           const UnpackRules& rules)
      : stream_(from), into_(into), place_(place), rules_(rules) {}

  Result<> run() {
    for (;;) {
      const Result<struct archive_entry*> entry = stream_.next();
      if (!entry) return entry.error();
      if (*entry == nullptr) return {};
      Result<> taken = take(*entry);
      if (!taken) return taken;
    }
  }

 private:
  Result<> take(struct archive_entry* entry) {
    if (Result<> counted = count(entry); !counted) return counted;
    const char* raw = ::archive_entry_pathname(entry);
    const std::string_view path = plain_path(raw != nullptr ? raw : "");
    if (path.empty()) return {};  // the root folder itself
    if (!is_safe_relative_path(path)) {
      return Error{fmt::format("'{}': a path that leaves the package", path)};
    }
    const bool noted_folder = rules_.note != nullptr && ::archive_entry_filetype(entry) == AE_IFDIR;
    if (::archive_entry_filetype(entry) == AE_IFDIR && !rules_.files_only && !noted_folder)
      return {};
    Result<std::optional<std::string>> target = place_(path);
    if (!target) return std::move(target).error();
    if (!*target) return {};
    if (const Result<> noted = note(entry, path); !noted) return noted;
    if (noted_folder) return {};
    const bool link = ::archive_entry_hardlink(entry) != nullptr;
    if (link || ::archive_entry_filetype(entry) != AE_IFREG) {
      if (rules_.leave_out_links || rules_.note != nullptr) return {};
      return Error{fmt::format("'{}': a link or a device where a file was wanted", path)};
    }
    return write_entry(stream_.data(), size_of(entry), into_ / **target);
  }

  Result<> note(struct archive_entry* entry, std::string_view path) const {
    if (rules_.note == nullptr) return {};
    const char* hard = ::archive_entry_hardlink(entry);
    const char* soft = ::archive_entry_symlink(entry);
    const auto type = ::archive_entry_filetype(entry);
    EntryNote note{.path = path, .executable = (::archive_entry_perm(entry) & 0111) != 0};
    if (hard != nullptr) {
      note.kind = EntryNote::Kind::hardlink;
      note.target = plain_path(hard);
    } else if (type == AE_IFLNK && soft != nullptr) {
      note.kind = EntryNote::Kind::symlink;
      note.target = soft;
    } else if (type == AE_IFDIR) {
      note.kind = EntryNote::Kind::folder;
    } else if (type != AE_IFREG) {
      return {};
    }
    return (*rules_.note)(note);
  }

  Result<> count(struct archive_entry* entry) {
    bytes_ += size_of(entry);
    ++entries_;
    if (::archive_entry_size(entry) < 0 || bytes_ > rules_.max_bytes ||
        entries_ > rules_.max_entries) {
      return Error{fmt::format("unpacks to more than {} bytes or {} files", rules_.max_bytes,
                               rules_.max_entries)};
    }
    return {};
  }

  EntryStream& stream_;
  const fs::path& into_;
  const PlaceFile& place_;
  const UnpackRules& rules_;
  std::uint64_t bytes_ = 0;
  std::uint64_t entries_ = 0;
};

}  // namespace

Result<> unpack_entries(EntryStream& from, const fs::path& into, const PlaceFile& place,
                        const UnpackRules& rules) {
  return Unpacker(from, into, place, rules).run();
}

}  // namespace bpfmatrix
