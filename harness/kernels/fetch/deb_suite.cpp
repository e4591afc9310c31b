#include "kernels/fetch/deb_suite.h"

#include <fmt/format.h>

#include <array>

#include "base/sha256.h"
#include "kernels/fetch/blob.h"
#include "kernels/fetch/clearsigned.h"
#include "kernels/fetch/release_file.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxReleaseBytes = 8 << 20;
/// Compressed or not; the reader has its own limit for what comes out.
constexpr std::uint64_t kMaxIndexBytes = 512ULL << 20;
constexpr std::uint64_t kMaxPackageBytes = 2ULL << 30;

struct ChosenIndex {
  std::string path{};
  ReleaseIndex index{};
};

Result<ChosenIndex> choose_index(const ReleaseFile& release, const SuiteRequest& request) {
  const std::string base = fmt::format("main/binary-{}/Packages", debian_name(request.arch));
  for (const std::string_view ending : std::array<std::string_view, 3>{".xz", ".gz", ""}) {
    const auto found = release.indexes.find(base + std::string(ending));
    if (found != release.indexes.end()) return ChosenIndex{found->first, found->second};
  }
  return Error{fmt::format("suite '{}' has no '{}'", request.suite, base)};
}

Result<fs::path> fetch_index(const ReleaseFile& release, const ChosenIndex& chosen,
                             const SuiteRequest& request, const FetchOptions& options) {
  const std::string dists = join_url(options.mirror, "dists/" + request.suite);
  Download download;
  if (release.by_hash) {  // while the archive is being updated, only this name is stable
    const std::string folder = fs::path(chosen.path).parent_path().string();
    download.urls.push_back(join_url(dists, folder + "/by-hash/SHA256/" + chosen.index.sha256));
  }
  download.urls.push_back(join_url(dists, chosen.path));
  download.what = fmt::format("Packages of {} {}", request.suite, debian_name(request.arch));
  download.bytes = chosen.index.bytes;
  download.sha256 = chosen.index.sha256;
  return fetch_blob(std::move(download), kMaxIndexBytes, options);
}

}  // namespace

Result<DebSuite> open_suite(const SuiteRequest& request,
                            const std::function<bool(std::string_view)>& wanted,
                            const FetchOptions& options) {
  const std::string url = join_url(options.mirror, "dists/" + request.suite + "/InRelease");
  Result<std::string> bytes = download_text(url, kMaxReleaseBytes, options.limits);
  if (!bytes) {
    return Error{std::move(bytes).error().message,
                 fmt::format("does this mirror have the suite? give another with {} URL",
                             options.of_the_past ? "--snapshot-mirror" : "--mirror")};
  }
  Result<SignedText> text =
      verify_clearsigned(*bytes, url, options.keyrings / request.keyring,
                         options.of_the_past ? KeyTime::when_signed : KeyTime::now);
  if (!text) return std::move(text).error();
  Result<ReleaseFile> release = parse_release(text->text, url);
  if (!release) return std::move(release).error();
  if (Result<> ours = check_release(*release, request.suite, url, options.now()); !ours) {
    return std::move(ours).error();
  }

  Result<ChosenIndex> chosen = choose_index(*release, request);
  if (!chosen) return std::move(chosen).error();
  Result<fs::path> index = fetch_index(*release, *chosen, request, options);
  if (!index) return std::move(index).error();
  Result<std::vector<DebPackage>> packages = read_packages(*index, wanted);
  if (!packages) return std::move(packages).error();

  DebSuite suite;
  suite.packages = *std::move(packages);
  suite.signed_by = text->fingerprint;
  suite.chain = {fmt::format("InRelease of {}: sha256 {}, good signature by {} ({})", request.suite,
                             sha256_hex(*bytes), text->fingerprint, text->signer),
                 fmt::format("{}: sha256 {}", chosen->path, chosen->index.sha256)};
  return suite;
}

Result<fs::path> fetch_package(const DebPackage& package, const FetchOptions& options) {
  Download download;
  download.urls = {join_url(options.mirror, package.filename)};
  download.what = fs::path(package.filename).filename();
  download.bytes = package.bytes;
  download.sha256 = package.sha256;
  return fetch_blob(std::move(download), kMaxPackageBytes, options);
}

void drop_package(const DebPackage& package, const FetchOptions& options) {
  std::error_code ignored;
  fs::remove(options.store.blob(package.sha256), ignored);
}

std::string package_link(const DebPackage& package) {
  return fmt::format("{}: sha256 {}", fs::path(package.filename).filename().string(),
                     package.sha256);
}

}  // namespace bpfmatrix
