#include "kernels/find/btf_collection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/file.h"
#include "kernels/archive/entry_stream.h"
#include "kernels/build/make_command.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kCopyBytes = 1 << 18;
/// All versions of all distributions; the public archive has about a hundred.
constexpr std::size_t kMaxFolders = 10'000;

bool lies_in(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

using Folders = std::set<fs::path>;

/// Adds the folders in `folder`, with links resolved; those that lie elsewhere are no part of the
/// collection.
Result<> add_folders(const fs::path& folder, const fs::path& collection, Folders& all) {
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    std::error_code ignored;
    if (at->path().filename().string().starts_with('.')) continue;  // .git
    if (!at->is_directory(ignored)) continue;
    fs::path real = fs::canonical(at->path(), ignored);
    if (!ignored && lies_in(real, collection)) all.insert(std::move(real));
    if (all.size() > kMaxFolders) return Error{fmt::format("more than {} folders", kMaxFolders)};
  }
  if (error) return file_error(folder, error);
  return {};
}

/// The collection itself, its distributions, and their versions: wherever an architecture's folder
/// may lie.
Result<Folders> version_folders(const fs::path& collection) {
  Folders distributions{collection};
  if (Result<> added = add_folders(collection, collection, distributions); !added) {
    return std::move(added).error();
  }
  Folders all = distributions;
  for (const fs::path& distribution : distributions) {
    if (Result<> added = add_folders(distribution, collection, all); !added) {
      return std::move(added).error();
    }
  }
  return all;
}

/// The archives of that name in it, each once, by whatever links it is reached.
Result<std::set<fs::path>> archives_of(const fs::path& collection, const fs::path& name) {
  const Result<Folders> folders = version_folders(collection);
  if (!folders) return folders.error();
  std::set<fs::path> archives;
  for (const fs::path& folder : *folders) {
    std::error_code error;
    if (!fs::is_symlink(fs::symlink_status(folder / name, error)) &&
        !fs::exists(folder / name, error)) {
      continue;
    }
    fs::path real = fs::canonical(folder / name, error);
    if (error) return file_error(folder / name, error);
    if (!lies_in(real, collection)) {
      return Error{
          fmt::format("'{}': a link that leaves the collection", (folder / name).string())};
    }
    archives.insert(std::move(real));
  }
  return archives;
}

/// An archive of one file, entry by entry.
class OneFile {
 public:
  OneFile(EntryStream& from, std::string_view name, std::uint64_t max_bytes)
      : archive_(from), name_(name), max_bytes_(max_bytes) {}

  Result<std::string> read() {
    for (;;) {
      const Result<struct archive_entry*> entry = archive_.next();
      if (!entry) return entry.error();
      if (*entry == nullptr && taken_) return std::move(bytes_);
      if (*entry == nullptr) return Error{"nothing in it"};
      if (Result<> taken = take(*entry); !taken) return std::move(taken).error();
    }
  }

 private:
  Result<> take(struct archive_entry* entry) {
    const char* raw = ::archive_entry_pathname(entry);
    std::string_view path = raw != nullptr ? raw : "";
    if (path.starts_with("./")) path.remove_prefix(2);
    const bool file =
        ::archive_entry_filetype(entry) == AE_IFREG && ::archive_entry_hardlink(entry) == nullptr;
    if (taken_ || path != name_ || !file) {
      return Error{fmt::format("'{}' in it; wanted only the file '{}'", path, name_)};
    }
    taken_ = true;
    return copy();
  }

  Result<> copy() {
    std::string block(kCopyBytes, '\0');
    for (;;) {
      const la_ssize_t n = ::archive_read_data(archive_.data(), block.data(), block.size());
      if (n == 0) return {};
      if (n < 0) return Error{archive_problem(archive_.data())};
      bytes_.append(block, 0, static_cast<std::size_t>(n));
      if (bytes_.size() > max_bytes_) {
        return Error{fmt::format("unpacks to more than {} bytes", max_bytes_)};
      }
    }
  }

  EntryStream& archive_;
  std::string_view name_;
  std::uint64_t max_bytes_;
  bool taken_ = false;
  std::string bytes_{};
};

Error ambiguous(const std::vector<fs::path>& archives, const fs::path& collection) {
  std::vector<std::string> names;
  for (const fs::path& archive : archives) {
    names.push_back(fmt::format("'{}'", archive.lexically_relative(collection).string()));
  }
  return Error{fmt::format("several files that differ: {}", fmt::join(names, ", ")),
               fmt::format("choose a folder of one version: {}",
                           archives.front().parent_path().parent_path().string())};
}

Result<CollectedBtf> find_in(const fs::path& collection, const std::string& release, Arch arch) {
  const std::string file = release + ".btf";
  const fs::path name = fs::path(kbuild_arch(arch)) / (file + ".tar.xz");
  const Result<std::set<fs::path>> archives = archives_of(collection, name);
  if (!archives) return archives.error();
  CollectedBtf first;
  std::vector<fs::path> different;
  for (const fs::path& archive : *archives) {
    Result<std::string> bytes = read_btf_archive(archive, file);
    if (!bytes) return std::move(bytes).error();
    if (different.empty()) first = {archive, *bytes};
    if (different.empty() || *bytes != first.bytes) different.push_back(archive);
  }
  if (different.size() > 1) return ambiguous(different, collection);
  if (different.size() == 1) return first;
  return Error{fmt::format("no BTF of '{}' for {}", release, to_string(arch)),
               fmt::format("looked for: DISTRIBUTION/VERSION/{}", name.string())};
}

}  // namespace

Result<CollectedBtf> find_collected_btf(const fs::path& given, const std::string& release,
                                        Arch arch) {
  const auto named = [&given](Error error) {
    return wrap(fmt::format("BTF collection '{}'", given.string()), std::move(error));
  };
  if (!is_valid_id(release))
    return named(Error{fmt::format("'{}': not a kernel release", release)});
  std::error_code error;
  const fs::path collection = fs::canonical(given, error);
  if (error) return named(Error{error.message()});
  Result<CollectedBtf> found = find_in(collection, release, arch);
  if (!found) return named(std::move(found).error());
  return found;
}

Result<std::string> read_btf_archive(const fs::path& path, std::string_view name,
                                     std::uint64_t max_bytes) {
  const auto named = [&path](Error error) {
    return wrap(fmt::format("'{}'", path.string()), std::move(error));
  };
  ArchiveHandle tar(::archive_read_new());
  ::archive_read_support_format_tar(tar.get());
  EntryStream entries(new_archive_reader(), std::move(tar));
  if (Result<> opened = entries.open_file(path); !opened) return std::move(opened).error();
  Result<std::string> bytes = OneFile(entries, name, max_bytes).read();
  if (!bytes) return named(std::move(bytes).error());
  return bytes;
}

}  // namespace bpfmatrix
