#include "kernels/fetch/deb_suite.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/sha256.h"
#include "kernels/fetch/blob.h"
#include "kernels/fetch/clearsigned.h"
#include "kernels/fetch/machine_clock.h"
#include "kernels/fetch/packages_index.h"
#include "kernels/fetch/release_file.h"
#include "kernels/fetch/seen_release.h"
#include "kernels/fetch/signature_times.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxReleaseFileBytes = 8 << 20;
/// Compressed or not; the reader has its own limit for what comes out.
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

/// A Release file that is what it should be, with all that is known of it.
struct TrustedRelease {
  ReleaseFile file{};
  Signature signature{};
  std::string sha256{};
  /// What --allow-older let pass.
  std::optional<std::string> older{};
};

Result<std::string> download_release(const std::string& url, const SuiteRequest& request,
                                     const FetchOptions& options) {
  Result<std::string> bytes = download_text(url, kMaxReleaseFileBytes, options.limits);
  if (!bytes) {
    Error error = std::move(bytes).error();
    if (error.hint.empty()) {
      error.hint = fmt::format("does this mirror have the suite? give another with {} URL",
                               options.snapshot ? "--snapshot-mirror" : "--mirror");
    }
    return error;
  }
  const std::string sha256 = sha256_hex(*bytes);
  if (request.release_sha256.empty() || request.release_sha256 == sha256) return bytes;
  return Error{
      fmt::format("sha256 mismatch in '{}': want {}, got {}", url, request.release_sha256, sha256),
      "the catalog pins this very file ('release_sha256')"};
}

/// A suite that does not say how long it is good may be years old; its reader shall know.
void say_age(const ReleaseFile& release, const SuiteRequest& request, const FetchOptions& options) {
  if (release.valid_until) return;
  const AsOf as_of = options.as_of();
  const auto days = std::chrono::floor<std::chrono::days>(as_of.time - release.date).count();
  options.say(
      fmt::format("Release of {}: dated {}, {} days {}; it does not say until when it is "
                  "valid",
                  request.suite, show_time(release.date), std::max<std::int64_t>(days, 0),
                  as_of.past ? "before the snapshot" : "ago"));
}

Result<TrustedRelease> fetch_release(const SuiteRequest& request, const FetchOptions& options) {
  if (Result<> clock = check_clock(options.now(), options.built); !clock) return clock.error();
  const std::string url = join_url(options.mirror, "dists/" + request.suite + "/InRelease");
  const Result<std::string> bytes = download_release(url, request, options);
  if (!bytes) return bytes.error();
  const TrustedKeys keys{options.keyrings / request.keyring, request.keys,
                         !request.release_sha256.empty()};
  const Result<SignedText> text = verify_clearsigned(*bytes, url, keys);
  if (!text) return text.error();
  Result<ReleaseFile> release = parse_release(text->text, url);
  if (!release) return std::move(release).error();
  const AsOf as_of = options.as_of();
  if (Result<> ours = check_release(*release, request.suite, url, as_of); !ours) {
    return std::move(ours).error();
  }
  Result<Signature> signature = choose_signature(text->signatures, *release, url, as_of);
  if (!signature) return std::move(signature).error();
  const ReleaseSource source{request.suite, request.snapshot, options.mirror, url};
  Result<std::optional<std::string>> older =
      remember_release(options.store, source, *release, options.allow_older);
  if (!older) return std::move(older).error();
  say_age(*release, request, options);
  return TrustedRelease{*std::move(release), *std::move(signature), sha256_hex(*bytes),
                        *std::move(older)};
}

/// The first links of the chain.
std::vector<std::string> release_links(const TrustedRelease& release, const SuiteRequest& request) {
  std::vector<std::string> links{fmt::format(
      "InRelease of {}: sha256 {}{}, dated {}{}, good signature by {} ({})", request.suite,
      release.sha256, request.release_sha256.empty() ? "" : ", pinned",
      show_time(release.file.date), release.file.valid_until ? "" : ", without Valid-Until",
      release.signature.fingerprint, release.signature.signer)};
  if (release.older) links.push_back("allowed by --allow-older: " + *release.older);
  return links;
}

}  // namespace

SuiteRequest suite_of(const DebSource& source, Arch arch) {
  return {source.suite, arch, source.keyring, source.keys, source.snapshot, source.release_sha256};
}

Result<DebSuite> open_suite(const SuiteRequest& request,
                            const std::function<bool(std::string_view)>& wanted,
                            const FetchOptions& options) {
  const Result<TrustedRelease> release = fetch_release(request, options);
  if (!release) return release.error();
  Result<ChosenIndex> chosen = choose_index(release->file, request);
  if (!chosen) return std::move(chosen).error();
  Result<fs::path> index = fetch_index(release->file, *chosen, request, options);
  if (!index) return std::move(index).error();
  Result<std::vector<DebPackage>> packages = read_packages(*index, wanted, request.damaged);
  if (!packages) return std::move(packages).error();

  DebSuite suite;
  suite.packages = *std::move(packages);
  suite.signed_by = release->signature.fingerprint;
  suite.chain = release_links(*release, request);
  suite.chain.push_back(fmt::format("{}: sha256 {}", chosen->path, chosen->index.sha256));
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
