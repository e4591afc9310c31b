#include "kernels/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/sha256.h"
#include "base/text.h"
#include "kernels/snapshot_time.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxCatalogBytes = 4 << 20;

std::string read_id(ObjectReader& reader, std::string_view key) {
  std::string id = reader.string(key);
  if (!reader.failed() && !is_valid_id(id)) {
    reader.fail(key, fmt::format("'{}' is not a valid name", id),
                "allowed: 1 to 128 of A-Z a-z 0-9 . _ + -, not starting with '.' or '-'");
  }
  return id;
}

bool is_fingerprint(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
}

std::vector<std::string> read_keys(ObjectReader& reader) {
  std::vector<std::string> keys = reader.strings("keys");
  if (reader.failed()) return keys;
  if (keys.empty()) {
    reader.fail("keys", "no key may sign", "name those that sign the suite by their fingerprints");
  }
  for (const std::string& key : keys) {
    if (!is_fingerprint(key)) reader.fail("keys", fmt::format("'{}' is not a fingerprint", key));
  }
  return keys;
}

Result<DebSource> read_deb(const Json& json, const std::string& where, std::string_view prefix) {
  ObjectReader reader(json, where);
  DebSource source;
  source.suite = read_id(reader, "suite");
  source.package = read_id(reader, "package");
  if (!reader.failed() && !source.package.starts_with(prefix)) {
    reader.fail("package", fmt::format("'{}' is no {}... package", source.package, prefix));
  }
  source.keyring = read_id(reader, "keyring");
  source.keys = read_keys(reader);
  source.release_sha256 = reader.optional_string("release_sha256").value_or("");
  if (!source.release_sha256.empty() && !is_sha256(source.release_sha256)) {
    reader.fail("release_sha256", "not a sha256");
  }
  source.snapshot = reader.optional_string("snapshot").value_or("");
  if (!source.snapshot.empty() && !parse_snapshot_time(source.snapshot)) {
    reader.fail("snapshot",
                fmt::format("'{}' is not a time like 20181120T000000Z", source.snapshot));
  }
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return source;
}

Result<RpmPackage> read_rpm_package(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  RpmPackage package;
  package.path = reader.string("path");
  if (!reader.failed() &&
      (!is_safe_relative_path(package.path) || !package.path.ends_with(".rpm"))) {
    reader.fail("path",
                fmt::format("'{}' is not the path of a package below a mirror", package.path));
  }
  package.sha256 = reader.optional_string("sha256").value_or("");
  if (!package.sha256.empty() && !is_sha256(package.sha256)) reader.fail("sha256", "not a sha256");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return package;
}

Result<RpmSource> read_rpm(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  RpmSource source;
  source.distribution = read_id(reader, "distribution");
  source.key = reader.optional_string("key").value_or("");
  if (!source.key.empty() && !is_fingerprint(source.key)) reader.fail("key", "not a fingerprint");
  reader.required("packages");
  const Json* packages = reader.array("packages");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  for (std::size_t i = 0; i < packages->size(); ++i) {
    const std::string place = fmt::format("{}[{}]", reader.where("packages"), i);
    Result<RpmPackage> package = read_rpm_package((*packages)[i], place);
    if (!package) return std::move(package).error();
    if (source.key.empty() && package->sha256.empty()) {
      return Error{fmt::format("'{}': wanted a 'sha256', or a 'key' for all packages", place)};
    }
    source.packages.push_back(*std::move(package));
  }
  if (source.packages.empty()) return Error{fmt::format("'{}': no packages", where)};
  return source;
}

Result<TarballSource> read_tarball(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  TarballSource source;
  source.path = reader.string("path");
  if (!reader.failed() && !is_safe_relative_path(source.path)) {
    reader.fail("path", fmt::format("'{}' is not a path below a mirror", source.path));
  }
  source.sha256 = reader.string("sha256");
  if (!reader.failed() && !is_sha256(source.sha256)) reader.fail("sha256", "not a sha256");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return source;
}

/// Exactly one of the two places a kernel's source can come from.
Result<std::variant<TarballSource, DebSource>> read_code(const Json* tarball, const Json* deb,
                                                         const std::string& where) {
  using Code = std::variant<TarballSource, DebSource>;
  if ((tarball == nullptr) == (deb == nullptr)) {
    return Error{fmt::format("'{}': wanted one of 'tarball' and 'deb'", where)};
  }
  if (tarball != nullptr) {
    Result<TarballSource> source = read_tarball(*tarball, where + ": tarball");
    if (!source) return std::move(source).error();
    return Code(*std::move(source));
  }
  Result<DebSource> source = read_deb(*deb, where + ": deb", "linux-source-");
  if (!source) return std::move(source).error();
  return Code(*std::move(source));
}

std::vector<std::string> read_fragments(ObjectReader& reader) {
  std::vector<std::string> names = reader.strings("config");
  for (const std::string& name : names) {
    if (!is_valid_id(name)) reader.fail("config", fmt::format("'{}' is not a valid name", name));
  }
  return names;
}

Result<BuildSource> read_build(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  const Json* tarball = reader.object("tarball");
  const Json* deb = reader.object("deb");
  BuildSource source;
  source.config = read_fragments(reader);
  source.gcc = read_id(reader, "gcc");
  source.kcflags = reader.optional_strings("kcflags").value_or(std::vector<std::string>());
  source.hostcflags = reader.optional_strings("hostcflags").value_or(std::vector<std::string>());
  source.pahole_flags = reader.optional_strings("pahole").value_or(std::vector<std::string>());
  source.objects = reader.integer("objects");
  if (!reader.failed() && source.objects < 1) reader.fail("objects", "must be positive");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  auto code = read_code(tarball, deb, where);
  if (!code) return std::move(code).error();
  source.code = *std::move(code);
  return source;
}

Result<KernelSource> read_source(const Json* deb, const Json* rpm, const Json* build,
                                 const std::string& where) {
  if ((deb != nullptr) + (rpm != nullptr) + (build != nullptr) != 1) {
    return Error{fmt::format("'{}': wanted one of 'deb', 'rpm' and 'source'", where)};
  }
  if (rpm != nullptr) {
    Result<RpmSource> source = read_rpm(*rpm, where + ": rpm");
    if (!source) return std::move(source).error();
    return KernelSource(*std::move(source));
  }
  if (deb != nullptr) {
    Result<DebSource> source = read_deb(*deb, where + ": deb", "linux-image-");
    if (!source) return std::move(source).error();
    return KernelSource(*std::move(source));
  }
  Result<BuildSource> source = read_build(*build, where + ": source");
  if (!source) return std::move(source).error();
  return KernelSource(*std::move(source));
}

Arch read_arch(ObjectReader& reader) {
  const std::string text = reader.string("arch");
  const auto arch = parse_arch(text);
  if (!arch || to_string(*arch) != text) {
    reader.fail("arch", fmt::format("unknown architecture '{}'", text), "known: x86_64, aarch64");
  }
  return arch.value_or(Arch::x86_64);
}

Result<CatalogEntry> read_entry(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  CatalogEntry entry;
  entry.id = read_id(reader, "id");
  entry.arch = read_arch(reader);
  const Json* deb = reader.object("deb");
  const Json* rpm = reader.object("rpm");
  const Json* build = reader.object("source");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  Result<KernelSource> source = read_source(deb, rpm, build, where);
  if (!source) return std::move(source).error();
  entry.source = *std::move(source);
  return entry;
}

}  // namespace

Result<Catalog> parse_catalog(std::string_view text, std::string_view source) {
  Result<Json> json = parse_json(text, source);
  if (!json) return std::move(json).error();
  ObjectReader reader(*json, std::string(source));
  reader.optional_string("$schema");
  if (const auto schema = reader.integer("schema"); !reader.failed() && schema != 1) {
    reader.fail("schema", fmt::format("wanted 1, got {}", schema));
  }
  reader.required("kernels");
  const Json* kernels = reader.array("kernels");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();

  Catalog catalog;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < kernels->size(); ++i) {
    const std::string where = fmt::format("{}[{}]", reader.where("kernels"), i);
    Result<CatalogEntry> entry = read_entry((*kernels)[i], where);
    if (!entry) return std::move(entry).error();
    if (!ids.insert(entry->id).second) {
      return Error{fmt::format("'{}': id '{}' occurs twice", source, entry->id)};
    }
    catalog.entries.push_back(*std::move(entry));
  }
  return catalog;
}

Result<Catalog> load_catalog(const std::filesystem::path& path) {
  Result<std::string> text = read_file(path, kMaxCatalogBytes);
  if (!text) return wrap("kernel catalog", std::move(text).error());
  return parse_catalog(*text, path.string());
}

bool contains(const Catalog& catalog, std::string_view id) {
  return std::any_of(catalog.entries.begin(), catalog.entries.end(),
                     [&](const CatalogEntry& entry) { return entry.id == id; });
}

std::vector<std::string> ids_of(const Catalog& catalog) {
  std::vector<std::string> ids;
  for (const CatalogEntry& entry : catalog.entries) ids.push_back(entry.id);
  return ids;
}

Result<std::vector<CatalogEntry>> select_entries(const Catalog& catalog,
                                                 const std::vector<std::string>& globs) {
  std::set<std::string> chosen;
  for (const std::string& glob : globs) {
    bool matched = false;
    for (const CatalogEntry& entry : catalog.entries) {
      if (!glob_match(glob, entry.id)) continue;
      matched = true;
      chosen.insert(entry.id);
    }
    if (!matched) {
      return Error{fmt::format("kernel '{}': not in the catalog", glob),
                   hint_for_unknown(glob, ids_of(catalog), "bpfmatrix kernels list")};
    }
  }
  std::vector<CatalogEntry> entries;
  std::copy_if(catalog.entries.begin(), catalog.entries.end(), std::back_inserter(entries),
               [&](const CatalogEntry& entry) { return chosen.contains(entry.id); });
  return entries;
}

std::map<std::string, DebSource, std::less<>> signed_suites(const Catalog& catalog) {
  std::map<std::string, DebSource, std::less<>> suites;
  for (const CatalogEntry& entry : catalog.entries) {
    const auto* deb = std::get_if<DebSource>(&entry.source);
    if (deb != nullptr && deb->snapshot.empty()) suites.emplace(deb->suite, *deb);
  }
  return suites;
}

}  // namespace bpfmatrix
