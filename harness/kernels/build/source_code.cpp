#include "kernels/build/source_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "kernels/archive/deb_archive.h"
#include "kernels/archive/tar_tree.h"
#include "kernels/fetch/blob.h"
#include "kernels/fetch/deb_suite.h"
#include "kernels/fetch/machine_clock.h"
#include "kernels/fetch/snapshot.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxTarballBytes = 1ULL << 30;

Origin source_origin(std::string package, std::string sha256) {
  std::string link = fmt::format("{}: sha256 {}", package, sha256);
  return {.kind = "source",
          .package = std::move(package),
          .sha256 = std::move(sha256),
          .chain = {std::move(link)}};
}

Result<SourceCode> given_folder(const fs::path& folder) {
  Result<std::string> sha256 = hash_folder(folder);
  if (!sha256) return std::move(sha256).error();
  return SourceCode{
      source_origin(folder.filename().string() + "/", *std::move(sha256)), folder, {}};
}

Result<SourceCode> given_tarball(const fs::path& tarball, const BuildSource& source) {
  Result<std::string> sha256 = sha256_file(tarball);
  if (!sha256) return std::move(sha256).error();
  const auto* pinned = std::get_if<TarballSource>(&source.code);
  if (pinned != nullptr && pinned->sha256 != *sha256) {
    return Error{fmt::format("sha256 mismatch in '{}': want {}, got {}", tarball.string(),
                             pinned->sha256, *sha256),
                 "another version's tree: unpack it and give it with --source"};
  }
  return SourceCode{source_origin(tarball.filename().string(), *std::move(sha256)), std::nullopt,
                    [tarball](const fs::path& into) { return unpack_tree(tarball, into); }};
}

/// An absolute path without a trailing slash, which must be a file or a folder.
Result<SourceCode> given_code(const fs::path& path, const BuildSource& source) {
  std::error_code error;
  const fs::path whole = fs::canonical(path, error);
  if (error) return file_error(path, error);
  if (fs::is_directory(whole, error)) return given_folder(whole);
  return given_tarball(whole, source);
}

SourceCode mirrored_tarball(const TarballSource& source, const BuildOptions& options) {
  const auto unpack = [source, options](const fs::path& into) -> Result<> {
    const Result<> clock = check_clock(options.fetch.now(), options.fetch.built);
    if (!clock) return clock.error();
    Download download;
    download.urls = {join_url(options.kernel_mirror, source.path)};
    download.what = fs::path(source.path).filename();
    download.bytes = kMaxTarballBytes;
    download.size_unknown = true;
    download.sha256 = source.sha256;
    Result<fs::path> tarball = fetch_blob(std::move(download), kMaxTarballBytes, options.fetch);
    if (!tarball) return std::move(tarball).error();
    options.fetch.say("unpacking the source");
    return unpack_tree(*tarball, into);
  };
  return {source_origin(fs::path(source.path).filename().string(), source.sha256), std::nullopt,
          unpack};
}

/// The tarball inside a linux-source package: usr/src/linux-source-5.10.tar.xz.
Result<> unpack_source_package(const DebPackage& package, const fs::path& into,
                               const FetchOptions& options) {
  Result<fs::path> deb = fetch_package(package, options);
  if (!deb) return std::move(deb).error();
  Result<TempDir> folder = options.store.temporary();
  if (!folder) return std::move(folder).error();
  const std::string prefix = "usr/src/" + package.name + ".tar.";
  bool found = false;
  const auto place = [&](std::string_view path) -> Result<std::optional<std::string>> {
    if (!path.starts_with(prefix)) return std::optional<std::string>();
    found = true;
    return std::optional<std::string>("source.tar");
  };
  options.say("unpacking the source");
  if (Result<> unpacked = unpack_deb(*deb, folder->path(), place); !unpacked) return unpacked;
  if (!found) return Error{fmt::format("package '{}' has no '{}*'", package.name, prefix)};
  if (Result<> unpacked = unpack_tree(folder->path() / "source.tar", into); !unpacked) {
    return unpacked;
  }
  drop_package(package, options);
  return {};
}

Result<SourceCode> packaged_code(const DebSource& source, Arch arch, const FetchOptions& here) {
  Result<FetchOptions> chosen = options_for(source, here);
  if (!chosen) return std::move(chosen).error();
  const FetchOptions options = *std::move(chosen);
  const auto wanted = [&](std::string_view name) { return name == source.package; };
  Result<DebSuite> suite = open_suite(suite_of(source, arch), wanted, options);
  if (!suite) return std::move(suite).error();
  const DebPackage* found = newest(suite->packages, DebRelation{source.package});
  if (found == nullptr) {
    return Error{fmt::format("package '{}': not in the suite's index", source.package)};
  }
  Origin origin{"source",      found->name,      found->version,
                found->sha256, suite->signed_by, suite->chain};
  origin.chain.push_back(package_link(*found));
  return SourceCode{std::move(origin), std::nullopt,
                    [package = *found, options](const fs::path& into) {
                      return unpack_source_package(package, into, options);
                    }};
}

/// "path\0content" of one file or link, hashed: contents of folders are the files in them.
Result<std::string> hash_entry(const fs::directory_entry& entry) {
  std::error_code error;
  if (!entry.is_symlink()) return sha256_file(entry.path());
  return "-> " + fs::read_symlink(entry.path(), error).string();
}

}  // namespace

Result<std::string> hash_folder(const fs::path& folder) {
  std::vector<std::pair<std::string, fs::directory_entry>> entries;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(folder, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it->path().filename() == ".git") {
      it.disable_recursion_pending();
    } else if (it->is_symlink() || it->is_regular_file()) {
      entries.emplace_back(it->path().lexically_relative(folder).generic_string(), *it);
    }
  }
  if (error) return file_error(folder, error);
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  Sha256 all;
  for (const auto& [path, entry] : entries) {
    Result<std::string> hash = hash_entry(entry);
    if (!hash) return std::move(hash).error();
    all.update(fmt::format("{}  {}\n", *hash, path));
  }
  return all.finish();
}

Result<SourceCode> find_source_code(const CatalogEntry& entry, const BuildSource& source,
                                    const BuildOptions& options) {
  if (options.given) return given_code(*options.given, source);
  if (const auto* tarball = std::get_if<TarballSource>(&source.code)) {
    return mirrored_tarball(*tarball, options);
  }
  return packaged_code(std::get<DebSource>(source.code), entry.arch, options.fetch);
}

}  // namespace bpfmatrix
