#include "kernels/archive/tar_tree.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/text.h"
#include "kernels/archive/entry_stream.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

struct DiskFree {
  void operator()(struct archive* handle) const { ::archive_write_free(handle); }
};
using DiskHandle = std::unique_ptr<struct archive, DiskFree>;

DiskHandle new_disk_writer() {
  DiskHandle handle(::archive_write_disk_new());
  ::archive_write_disk_set_options(
      handle.get(), ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_NO_OVERWRITE |
                        ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT);
  return handle;
}

/// `path` without the tarball's top folder; empty for that folder itself.
std::string_view below_top(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  while (path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
}

/// A link at `path` (relative to the tree) whose target is in the tree.
bool stays_inside(std::string_view path, std::string_view target) {
  if (target.empty() || target.starts_with('/')) return false;
  const fs::path end = (fs::path(path).parent_path() / target).lexically_normal();
  return *end.begin() != "..";
}

class TreeUnpacker {
 public:
  TreeUnpacker(EntryStream& tar, const fs::path& into, const TarLimits& limits)
      : tar_(tar), into_(into), limits_(limits) {}

  Result<> run() {
    for (;;) {
      const Result<struct archive_entry*> entry = tar_.next();
      if (!entry) return entry.error();
      if (*entry == nullptr) return finish();
      if (Result<> taken = take(*entry); !taken) return taken;
    }
  }

 private:
  Result<> finish() {
    if (::archive_write_close(disk_.get()) != ARCHIVE_OK) {
      return Error{archive_problem(disk_.get())};
    }
    if (entries_ == 0) return Error{"nothing in it"};
    return {};
  }

  Result<> take(struct archive_entry* entry) {
    if (++entries_ > limits_.max_entries) {
      return Error{fmt::format("more than {} files", limits_.max_entries)};
    }
    const char* raw = ::archive_entry_pathname(entry);
    const std::string path(below_top(raw != nullptr ? raw : ""));
    if (path.empty()) return {};
    if (Result<> harmless = check(entry, path); !harmless) return harmless;
    if (Result<> counted = count(entry, path); !counted) return counted;
    ::archive_entry_set_pathname(entry, (into_ / path).c_str());
    // The owner's bits are the maker's business; that a script may run is ours.
    ::archive_entry_set_perm(entry, (::archive_entry_perm(entry) & 0111) | 0644);
    if (::archive_write_header(disk_.get(), entry) != ARCHIVE_OK) {
      return Error{archive_problem(disk_.get())};
    }
    return copy(::archive_entry_size(entry), path);
  }

  /// A file of holes is as large as it says: they are filled when it is copied.
  Result<> count(struct archive_entry* entry, const std::string& path) {
    const la_int64_t size = ::archive_entry_size(entry);
    if (size >= 0 && static_cast<std::uint64_t>(size) <= limits_.max_bytes - bytes_) {
      bytes_ += static_cast<std::uint64_t>(size);
      return {};
    }
    return Error{fmt::format("'{}': more than {} bytes", path, limits_.max_bytes)};
  }

  Result<> check(struct archive_entry* entry, const std::string& path) const {
    if (!is_safe_relative_path(path)) {
      return Error{fmt::format("'{}': a path that leaves the tree", path)};
    }
    const auto type = ::archive_entry_filetype(entry);
    if (::archive_entry_hardlink(entry) != nullptr ||
        (type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)) {
      return Error{fmt::format("'{}': a hard link or a device", path)};
    }
    if (type == AE_IFLNK && !limits_.links) return Error{fmt::format("'{}': a link", path)};
    const char* target = ::archive_entry_symlink(entry);
    if (type == AE_IFLNK && !stays_inside(path, target != nullptr ? target : "")) {
      return Error{fmt::format("'{}': a link that leaves the tree", path)};
    }
    return {};
  }

  Result<> copy(la_int64_t counted, const std::string& path) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    for (;;) {
      const int status = ::archive_read_data_block(tar_.data(), &block, &size, &offset);
      if (status == ARCHIVE_EOF) return {};
      if (status < ARCHIVE_WARN) return Error{archive_problem(tar_.data())};
      if (offset > counted || size > static_cast<std::uint64_t>(counted - offset)) {
        return Error{fmt::format("'{}': larger than it says", path)};
      }
      if (::archive_write_data_block(disk_.get(), block, size, offset) < ARCHIVE_OK) {
        return Error{archive_problem(disk_.get())};
      }
    }
  }

  EntryStream& tar_;
  const fs::path& into_;
  const TarLimits& limits_;
  DiskHandle disk_ = new_disk_writer();
  std::uint64_t bytes_ = 0;
  std::uint64_t entries_ = 0;
};

}  // namespace

Result<> unpack_tree(const fs::path& tarball, const fs::path& into, const TarLimits& limits) {
  const auto named = [&tarball](Error error) {
    return wrap(fmt::format("'{}'", tarball.string()), std::move(error));
  };
  ArchiveHandle tar(::archive_read_new());
  ::archive_read_support_format_tar(tar.get());
  EntryStream entries(new_archive_reader(), std::move(tar));
  if (Result<> opened = entries.open_file(tarball); !opened) return opened;
  Result<> done = TreeUnpacker(entries, into, limits).run();
  if (!done) return named(std::move(done).error());
  return done;
}

}  // namespace bpfmatrix
