#include "kernels/fetch/deb_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "kernels/archive/deb_archive.h"
#include "kernels/fetch/deb_suite.h"
#include "kernels/kernel_record.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr UnpackRules kPackageRules{
    .leave_out_links = true, .max_bytes = 512ULL << 20, .max_entries = 20'000};

Result<std::optional<std::string>> place_below_files(std::string_view path) {
  return std::optional<std::string>("files/" + std::string(path));
}

std::string suite_names(const FetchOptions& options) {
  std::vector<std::string_view> names;
  for (const auto& [name, keys] : options.suites) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

Result<fs::path> fetch_tree(const DebFileRequest& request, const fs::path& link,
                            const FetchOptions& options) {
  const auto wanted = [&](std::string_view name) { return name == request.package; };
  const auto trusted = options.suites.find(request.suite);
  if (trusted == options.suites.end()) {
    return Error{fmt::format("suite '{}': no key is known that may sign it", request.suite),
                 fmt::format("kernels/catalog.json names keys of: {}", suite_names(options))};
  }
  Result<DebSuite> suite = open_suite(
      SuiteRequest{request.suite, request.arch, trusted->second.keyring, trusted->second.keys},
      wanted, options);
  if (!suite) return std::move(suite).error();
  const DebPackage* package = newest(suite->packages, DebRelation{request.package});
  if (package == nullptr) {
    return Error{fmt::format("not in '{}' for {}", request.suite, debian_name(request.arch))};
  }
  Result<fs::path> deb = fetch_package(*package, options);
  if (!deb) return std::move(deb).error();
  Result<TempDir> tree = options.store.temporary();
  if (!tree) return std::move(tree).error();
  if (Result<> done = unpack_deb(*deb, tree->path(), place_below_files, kPackageRules); !done) {
    return std::move(done).error();
  }
  Origin origin{"deb",           package->name,    package->version,
                package->sha256, suite->signed_by, suite->chain};
  origin.chain.push_back(package_link(*package));
  if (Result<> written = write_package_record(origin, tree->path()); !written) {
    return std::move(written).error();
  }
  Result<fs::path> installed = options.store.install(*std::move(tree), link);
  drop_package(*package, options);
  return installed;
}

Result<fs::path> package_tree(const DebFileRequest& request, const FetchOptions& options) {
  for (const std::string& name : {request.suite, request.package}) {
    if (!is_valid_id(name)) return Error{fmt::format("'{}' is not a valid name", name)};
  }
  const std::string_view arch = debian_name(request.arch);
  const fs::path link = options.store.package_link(request.suite, arch, request.package);
  if (const auto tree = options.store.resolve(link)) return *tree;
  if (Result<> ready = options.store.prepare(); !ready) return std::move(ready).error();
  Result<StoreLock> lock = options.store.lock(
      fmt::format("package-{}-{}-{}", request.suite, arch, request.package), options.lock_timeout,
      [&] { options.say("waiting: another process is fetching it"); });
  if (!lock) return std::move(lock).error();
  if (const auto tree = options.store.resolve(link)) return *tree;
  return fetch_tree(request, link, options);
}

/// Up to ten files of the package whose names end like the requested one.
std::string similar_files(const fs::path& files, const fs::path& path) {
  std::string text;
  int count = 0;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(files, ignored)) {
    if (!entry.is_regular_file(ignored) || entry.path().extension() != path.extension()) continue;
    if (++count > 10) return text + ", ...";
    text += (text.empty() ? "it has: /" : ", /") +
            entry.path().lexically_relative(files).generic_string();
  }
  return text;
}

Result<DebFile> find_file(const DebFileRequest& request, const FetchOptions& options) {
  std::string_view path = request.path;
  while (path.starts_with('/')) path.remove_prefix(1);
  if (!is_safe_relative_path(path)) return Error{fmt::format("'{}': no path", request.path)};
  Result<fs::path> tree = package_tree(request, options);
  if (!tree) return std::move(tree).error();
  const fs::path file = *tree / "files" / path;
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) {
    return Error{fmt::format("no file '{}' in it", request.path),
                 similar_files(*tree / "files", file)};
  }
  Result<Origin> origin = read_package_record(*tree);
  if (!origin) return std::move(origin).error();
  return DebFile{file, *std::move(origin)};
}

}  // namespace

Result<DebFile> fetch_deb_file(const DebFileRequest& request, const FetchOptions& options) {
  Result<DebFile> file = find_file(request, options);
  if (!file) return wrap(fmt::format("package '{}'", request.package), std::move(file).error());
  return file;
}

}  // namespace bpfmatrix
