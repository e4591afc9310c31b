#include "kernels/fetch/rpm_kernel.h"

#include <fmt/format.h>

#include <optional>

#include "base/sha256.h"
#include "kernels/archive/rpm_archive.h"
#include "kernels/fetch/blob.h"
#include "kernels/fetch/deb_kernel.h"
#include "kernels/fetch/machine_clock.h"
#include "kernels/fetch/release_file.h"
#include "kernels/fetch/rpm_signature.h"
#include "kernels/kernel_files.h"
#include "kernels/kernel_record.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxRpmBytes = 1ULL << 30;

/// A package that was verified.
struct Vouched {
  fs::path file{};
  RpmName name{};
  std::string sha256{};
  /// Nothing: by its hash alone.
  std::optional<std::chrono::sys_seconds> signed_at{};
};

class RpmFetch {
 public:
  RpmFetch(const CatalogEntry& entry, const RpmSource& source, const FetchOptions& options)
      : entry_(entry), source_(source), options_(options) {}

  Result<Kernel> run() {
    if (Result<> clock = check_clock(options_.now(), options_.built); !clock) {
      return std::move(clock).error();
    }
    Result<std::string> mirror = find_mirror();
    if (!mirror) return std::move(mirror).error();
    Result<TempDir> tree = options_.store.temporary();
    if (!tree) return std::move(tree).error();
    Origin origin{.kind = "rpm", .signed_by = source_.key};
    KernelPlacer placer;
    for (const RpmPackage& package : source_.packages) {
      const Result<> taken = take(package, *mirror, tree->path(), placer, origin);
      if (!taken) return taken.error();
    }
    if (origin.package.empty()) return Error{"no kernel image in any of its packages"};
    return keep(*std::move(tree), placer.release(), std::move(origin));
  }

 private:
  Result<std::string> find_mirror() const {
    const auto found = options_.archives.rpm.find(source_.distribution);
    if (found != options_.archives.rpm.end()) return found->second;
    return Error{fmt::format("no mirror of '{}' is known", source_.distribution),
                 fmt::format("give one with --rpm-mirror {0}=URL, or {{\"rpm_mirrors\": {{\"{0}\": "
                             "\"URL\"}}}} in the config file",
                             source_.distribution)};
  }

  Result<> take(const RpmPackage& package, const std::string& mirror, const fs::path& tree,
                KernelPlacer& placer, Origin& origin) const {
    const Result<TempDir> folder = options_.store.temporary();
    if (!folder) return folder.error();
    const Result<Vouched> vouched = fetch(package, mirror, folder->path());
    if (!vouched) return vouched.error();
    bool image = false;
    const auto place = [&](std::string_view path) {
      Result<std::optional<std::string>> target = placer.place(path);
      image = image || (target && *target == "vmlinuz");
      return target;
    };
    if (Result<> unpacked = unpack_rpm(vouched->file, tree, place); !unpacked) {
      return wrap(vouched->name.file_name(), std::move(unpacked).error());
    }
    if (image) {
      origin.package = vouched->name.name;
      origin.version = vouched->name.version;
      origin.sha256 = vouched->sha256;
    }
    origin.chain.push_back(link(package, *vouched));
    std::error_code ignored;
    if (!package.sha256.empty()) fs::remove(vouched->file, ignored);
    return {};
  }

  std::string link(const RpmPackage& package, const Vouched& vouched) const {
    std::string text = fmt::format("{}: sha256 {}", vouched.name.file_name(), vouched.sha256);
    if (!package.sha256.empty()) text += ", pinned";
    if (vouched.signed_at) {
      text += fmt::format(", signed {}, good signature by {}", show_time(*vouched.signed_at),
                          source_.key);
    }
    return text;
  }

  Result<Vouched> fetch(const RpmPackage& package, const std::string& mirror,
                        const fs::path& folder) const {
    const std::string url = join_url(mirror, package.path);
    Result<fs::path> file = download(package, url, folder);
    if (!file) return std::move(file).error();
    std::optional<std::chrono::sys_seconds> signed_at;
    if (!source_.key.empty()) {
      const Result<std::chrono::sys_seconds> good =
          verify_rpm(*file, url,
                     {options_.rpm_keys / (source_.key + ".asc"), source_.key,
                      !package.sha256.empty(), options_.now()});
      if (!good) return good.error();
      signed_at = *good;
    }
    Result<std::string> sha256 = sha256_file(*file);
    if (!sha256) return std::move(sha256).error();
    Result<RpmName> name = read_rpm_name(*file);
    if (!name) return std::move(name).error();
    if (const Result<> same = check_name(package, *name, url); !same) return same.error();
    return Vouched{*std::move(file), *std::move(name), *std::move(sha256), signed_at};
  }

  /// A mirror may hand out any package that the same key signed.
  Result<> check_name(const RpmPackage& package, const RpmName& name,
                      const std::string& url) const {
    if (name.file_name() != fs::path(package.path).filename()) {
      return Error{fmt::format("'{}': another package, '{}'", url, name.file_name())};
    }
    if (name.arch != to_string(entry_.arch)) {
      return Error{fmt::format("'{}': for {}, not {}", url, name.arch, to_string(entry_.arch))};
    }
    return {};
  }

  /// A package that is not pinned has no name in the store before it is checked.
  Result<fs::path> download(const RpmPackage& package, const std::string& url,
                            const fs::path& folder) const {
    Download download;
    download.urls = {url};
    download.what = fs::path(package.path).filename();
    download.bytes = kMaxRpmBytes;
    download.size_unknown = true;
    download.sha256 = package.sha256;
    if (!package.sha256.empty()) return fetch_blob(std::move(download), kMaxRpmBytes, options_);
    download.to = folder / "package.rpm";
    const Result<> done = download_file(download, options_.limits, options_.progress);
    if (!done && !done.error().hint.empty()) return done.error();
    if (!done) {
      return Error{
          done.error().message,
          fmt::format("does this mirror have the package? give another with --rpm-mirror {}=URL",
                      source_.distribution)};
    }
    return download.to;
  }

  Result<Kernel> keep(TempDir tree, const std::string& release, Origin origin) const {
    options_.say("reading the kernel image");
    Result<Kernel> kernel = describe_tree(tree.path(), entry_.arch, release);
    if (!kernel) return std::move(kernel).error();
    kernel->id = entry_.id;
    kernel->origin = std::move(origin);
    if (Result<> written = write_kernel_record(*kernel, tree.path()); !written) {
      return std::move(written).error();
    }
    Result<fs::path> installed =
        options_.store.install(std::move(tree), options_.store.kernel_link(entry_.id));
    if (!installed) return std::move(installed).error();
    return read_kernel_record(*installed);
  }

  const CatalogEntry& entry_;
  const RpmSource& source_;
  const FetchOptions& options_;
};

}  // namespace

Result<Kernel> fetch_rpm_kernel(const CatalogEntry& entry, const RpmSource& source,
                                const FetchOptions& options) {
  return RpmFetch(entry, source, options).run();
}

}  // namespace bpfmatrix
