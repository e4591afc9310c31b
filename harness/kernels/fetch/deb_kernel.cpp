#include "kernels/fetch/deb_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "kernels/archive/deb_archive.h"
#include "kernels/fetch/deb_suite.h"
#include "kernels/fetch/snapshot.h"
#include "kernels/kernel_files.h"
#include "kernels/kernel_record.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxKernelPackages = 16;

/// The rest of `path` behind `prefix`; nothing if it does not start so.
std::optional<std::string_view> behind(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return std::nullopt;
  return path.substr(prefix.size());
}

/// One file of a package: of which release, and what it becomes; nothing to leave it out.
struct Placed {
  std::string_view release{};
  std::string target{};
};

std::optional<Placed> place_boot_file(std::string_view name) {
  for (const std::string_view kind : {"vmlinuz", "config", "System.map"}) {
    const auto release = behind(name, std::string(kind) + "-");
    if (release && release->find('/') == std::string_view::npos) {
      return Placed{*release, std::string(kind)};
    }
  }
  return std::nullopt;
}

std::optional<Placed> place_module_file(std::string_view path) {
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view rest = path.substr(slash + 1);
  // Links to the headers' and the sources' packages, which are not used.
  if (rest == "build" || rest == "source") return std::nullopt;
  const bool top = rest == "vmlinuz" || rest == "config" || rest == "System.map";
  return Placed{path.substr(0, slash), (top ? "" : "modules/") + std::string(rest)};
}

std::optional<Placed> place_file(std::string_view path) {
  if (const auto name = behind(path, "boot/")) return place_boot_file(*name);
  if (const auto rest = behind(path, "lib/modules/")) return place_module_file(*rest);
  if (const auto rest = behind(path, "usr/lib/modules/")) return place_module_file(*rest);
  return std::nullopt;
}

const DebPackage* first_available(const std::vector<DebPackage>& packages,
                                  const DebAlternatives& alternatives) {
  for (const DebRelation& relation : alternatives) {
    if (!is_kernel_package(relation.package)) continue;
    if (const DebPackage* found = newest(packages, relation)) return found;
  }
  return nullptr;
}

std::string show(const DebAlternatives& alternatives) {
  std::string text;
  for (const DebRelation& relation : alternatives) {
    text += (text.empty() ? "'" : " | '") + relation.package + "'";
    if (!relation.comparison.empty()) {
      text += fmt::format(" ({} {})", relation.comparison, relation.version);
    }
  }
  return text;
}

/// Unpacks all packages into one tree; gives the package that held the image.
Result<DebPackage> unpack_packages(const std::vector<DebPackage>& packages, const fs::path& tree,
                                   KernelPlacer& placer, const FetchOptions& options) {
  std::optional<DebPackage> image_package;
  for (const DebPackage& package : packages) {
    Result<fs::path> deb = fetch_package(package, options);
    if (!deb) return std::move(deb).error();
    const auto place = [&](std::string_view path) {
      Result<std::optional<std::string>> target = placer.place(path);
      if (target && *target == "vmlinuz") image_package = package;
      return target;
    };
    if (Result<> unpacked = unpack_deb(*deb, tree, place); !unpacked) {
      return wrap(package.name, std::move(unpacked).error());
    }
  }
  if (!image_package) {
    return Error{fmt::format("no kernel image in '{}' and the {} packages it depends on",
                             packages.front().name, packages.size() - 1)};
  }
  return *std::move(image_package);
}

std::string snapshot_link(const DebSource& source) {
  return fmt::format("the archive as of {}", source.snapshot);
}

Origin make_origin(const DebSuite& suite, const std::vector<DebPackage>& packages,
                   const DebPackage& image) {
  Origin origin{"deb", image.name, image.version, image.sha256, suite.signed_by, suite.chain};
  for (const DebPackage& package : packages) origin.chain.push_back(package_link(package));
  return origin;
}

}  // namespace

bool is_kernel_package(std::string_view name) {
  if (const auto rest = behind(name, "linux-base-")) {
    return !rest->empty() && rest->front() >= '0' && rest->front() <= '9';
  }
  return name.starts_with("linux-image-") || name.starts_with("linux-binary-") ||
         name.starts_with("linux-modules-");
}

Result<std::vector<DebPackage>> follow_kernel(const std::vector<DebPackage>& packages,
                                              const std::string& package) {
  const DebPackage* start = newest(packages, DebRelation{package});
  if (start == nullptr)
    return Error{fmt::format("package '{}': not in the suite's index", package)};
  std::vector<DebPackage> found{*start};
  std::set<std::string> seen{start->name};
  for (std::size_t at = 0; at < found.size(); ++at) {
    const std::vector<DebAlternatives> depends = found[at].depends;
    for (const DebAlternatives& alternatives : depends) {
      const bool ours =
          std::any_of(alternatives.begin(), alternatives.end(),
                      [](const DebRelation& r) { return is_kernel_package(r.package); });
      if (!ours) continue;
      const DebPackage* next = first_available(packages, alternatives);
      if (next == nullptr) {
        return Error{fmt::format("package '{}' depends on {}, which the suite's index lacks",
                                 found[at].name, show(alternatives))};
      }
      if (seen.insert(next->name).second) found.push_back(*next);
      if (found.size() > kMaxKernelPackages) {
        return Error{
            fmt::format("package '{}' leads to more than {} others", package, kMaxKernelPackages)};
      }
    }
  }
  return found;
}

Result<std::optional<std::string>> KernelPlacer::place(std::string_view path) {
  using Target = std::optional<std::string>;
  std::optional<Placed> placed = place_file(path);
  if (!placed) return Target();
  if (release_.empty()) release_ = placed->release;
  if (release_ != placed->release) {
    return Error{fmt::format("'{}': of another kernel than '{}'", path, release_)};
  }
  return Target(std::move(placed->target));
}

Result<Kernel> fetch_deb_kernel(const CatalogEntry& entry, const DebSource& source,
                                const FetchOptions& here) {
  Result<FetchOptions> chosen = options_for(source, here);
  if (!chosen) return std::move(chosen).error();
  const FetchOptions options = *std::move(chosen);
  Result<DebSuite> suite = open_suite(suite_of(source, entry.arch), is_kernel_package, options);
  if (!suite) return std::move(suite).error();
  Result<std::vector<DebPackage>> packages = follow_kernel(suite->packages, source.package);
  if (!packages) return std::move(packages).error();

  Result<TempDir> tree = options.store.temporary();
  if (!tree) return std::move(tree).error();
  KernelPlacer placer;
  Result<DebPackage> image = unpack_packages(*packages, tree->path(), placer, options);
  if (!image) return std::move(image).error();

  options.say("reading the kernel image");
  Result<Kernel> kernel = describe_tree(tree->path(), entry.arch, placer.release());
  if (!kernel) return std::move(kernel).error();
  kernel->id = entry.id;
  kernel->origin = make_origin(*suite, *packages, *image);
  if (!source.snapshot.empty()) {
    kernel->origin.chain.insert(kernel->origin.chain.begin(), snapshot_link(source));
  }
  if (Result<> written = write_kernel_record(*kernel, tree->path()); !written) {
    return std::move(written).error();
  }
  Result<fs::path> installed =
      options.store.install(*std::move(tree), options.store.kernel_link(entry.id));
  if (!installed) return std::move(installed).error();
  for (const DebPackage& package : *packages) drop_package(package, options);
  return read_kernel_record(*installed);
}

}  // namespace bpfmatrix
