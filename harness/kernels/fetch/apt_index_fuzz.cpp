// Any bytes as what an archive says of its packages: a Release file, an index of packages, and the
// versions and relations in it.
#include "base/sha256.h"
#include "base/testing/fuzz_target.h"
#include "base/text.h"
#include "kernels/fetch/deb_relation.h"
#include "kernels/fetch/packages_index.h"
#include "kernels/fetch/release_file.h"

namespace bpfmatrix {
namespace {

void try_release(std::string_view text) {
  const Result<ReleaseFile> release = parse_release(text, "Release");
  if (!release) return require(!release.error().message.empty(), "a refusal says why");
  for (const bool past : {false, true}) {
    (void)check_release(*release, release->suite, "Release", {release->date, past});
    (void)check_release(*release, release->codename, "Release", {{}, past});
  }
  for (const auto& [path, index] : release->indexes) {
    require(is_sha256(index.sha256), "an index has a hash");
  }
}

void try_versions(std::string_view a, std::string_view b) {
  require(compare_deb_versions(a, a) == 0, "a version is itself");
  require(compare_deb_versions(a, b) == (0 <=> compare_deb_versions(b, a)),
          "versions have one order, from either side");
}

void try_packages(std::string_view bytes) {
  const FuzzFile file(bytes);
  const auto packages = read_packages(file.path(), [](std::string_view) { return true; });
  if (!packages) return require(!packages.error().message.empty(), "a refusal says why");
  for (const DebPackage& package : *packages) {
    require(is_safe_relative_path(package.filename) && is_sha256(package.sha256),
            "a package has a safe path and a hash");
    try_versions(package.version, packages->front().version);
    require(newest(*packages, {package.name, "=", package.version}) != nullptr,
            "a package that is there is found");
    for (const DebAlternatives& alternatives : package.depends) {
      for (const DebRelation& relation : alternatives) (void)newest(*packages, relation);
    }
  }
}

void try_index(std::string_view bytes) {
  try_release(bytes);
  try_packages(bytes);
  (void)parse_relations(bytes);
  (void)parse_release_date(bytes);
  const auto middle = bytes.find('\n');
  if (middle != std::string_view::npos) {
    try_versions(bytes.substr(0, middle), bytes.substr(middle + 1));
  }
}

const FuzzTarget target("apt_index", try_index);

}  // namespace
}  // namespace bpfmatrix
