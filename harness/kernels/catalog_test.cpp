#include "kernels/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "kernels/fetch/openpgp_key.h"
#include "kernels/image/kconfig.h"

namespace bpfmatrix {
namespace {

std::string catalog_with(const std::string& entries) {
  return R"({"schema": 1, "kernels": [)" + entries + "]}";
}

std::string entry(const std::string& id, const std::string& more = "") {
  return R"({"id": ")" + id +
         R"(", "arch": "x86_64", "deb": {"suite": "s", )"
         R"("package": "linux-image-a", "keyring": "k.gpg", "keys": [")" +
         std::string(40, 'A') + R"("])" + more + "}}";
}

TEST(Catalog, the_published_one_names_the_default_kernels) {
  const auto catalog = load_catalog(BPFMATRIX_SOURCE_DIR "/kernels/catalog.json");
  ASSERT_TRUE(catalog) << catalog.error().message;
  std::vector<std::string> ids;
  for (const CatalogEntry& entry : catalog->entries) {
    const auto* deb = std::get_if<DebSource>(&entry.source);
    if (deb != nullptr && deb->snapshot.empty()) ids.push_back(entry.id);
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"debian-5.10-x86_64", "debian-5.10-aarch64",
                                           "debian-6.1-x86_64", "debian-6.1-aarch64",
                                           "debian-6.12-x86_64", "debian-6.12-aarch64",
                                           "debian-7.x-x86_64", "debian-7.x-aarch64"}));
}

TEST(Catalog, what_is_built_is_pinned_and_has_its_fragments) {
  const auto catalog = load_catalog(BPFMATRIX_SOURCE_DIR "/kernels/catalog.json");
  ASSERT_TRUE(catalog) << catalog.error().message;
  int built = 0;
  for (const CatalogEntry& entry : catalog->entries) {
    const auto* source = std::get_if<BuildSource>(&entry.source);
    if (source == nullptr) continue;
    ++built;
    std::vector<std::vector<ConfigOption>> fragments;
    for (const std::string& name : source->config) {
      const auto text =
          read_file(BPFMATRIX_SOURCE_DIR "/kernels/config/" + name + ".config", 1 << 20);
      ASSERT_TRUE(text) << entry.id << ": " << text.error().message;
      fragments.push_back(*parse_fragment(*text, name));
    }
    const auto joined = join_fragments(fragments);
    EXPECT_TRUE(joined) << entry.id << ": " << joined.error().message;
  }
  EXPECT_GE(built, 1);
}

std::string built_entry(const std::string& code, const std::string& more = "") {
  return R"({"id": "a", "arch": "x86_64", "source": {)" + code +
         R"("config": ["base"], "gcc": "12", "objects": 9)" + more + "}}";
}

TEST(Catalog, reads_what_a_kernel_is_built_from) {
  const std::string tarball =
      R"("tarball": {"path": "v5.x/l.tar.xz", "sha256": ")" + std::string(64, 'a') + R"("}, )";
  const auto catalog = parse_catalog(
      catalog_with(built_entry(tarball, R"(, "kcflags": ["-fa", "-fb"], "pahole": ["--c"])")), "c");
  ASSERT_TRUE(catalog) << catalog.error().message;
  const auto& source = std::get<BuildSource>(catalog->entries[0].source);
  EXPECT_EQ(std::get<TarballSource>(source.code).path, "v5.x/l.tar.xz");
  EXPECT_EQ(source.config, std::vector<std::string>{"base"});
  EXPECT_EQ(source.kcflags, (std::vector<std::string>{"-fa", "-fb"}));
  EXPECT_EQ(source.pahole_flags, std::vector<std::string>{"--c"});
  EXPECT_TRUE(source.hostcflags.empty());
  EXPECT_EQ(source.objects, 9);
}

TEST(Catalog, a_source_that_is_none_is_named) {
  const auto problem = [](const std::string& entry_text) {
    const auto catalog = parse_catalog(catalog_with(entry_text), "c");
    EXPECT_FALSE(catalog);
    return catalog ? "" : catalog.error().message;
  };
  EXPECT_EQ(problem(built_entry("")), "'c: kernels[0]: source': wanted one of 'tarball' and 'deb'");
  EXPECT_EQ(problem(built_entry(R"("tarball": {"path": "../x", "sha256": "a"}, )")),
            "'c: kernels[0]: source: tarball': key 'path': '../x' is not a path below a mirror");
  EXPECT_EQ(
      problem(built_entry(
          R"("deb": {"suite": "s", "package": "linux-image-a", "keyring": "k", "keys": []}, )")),
      "'c: kernels[0]: source: deb': key 'package': 'linux-image-a' is no linux-source-... "
      "package");
  EXPECT_EQ(problem(R"({"id": "a", "arch": "x86_64"})"),
            "'c: kernels[0]': wanted one of 'deb', 'rpm' and 'source'");
}

TEST(Catalog, every_package_and_snapshot_of_the_published_one_is_vouched_for) {
  const auto catalog = load_catalog(BPFMATRIX_SOURCE_DIR "/kernels/catalog.json");
  ASSERT_TRUE(catalog) << catalog.error().message;
  int packages = 0;
  int snapshots = 0;
  for (const CatalogEntry& entry : catalog->entries) {
    const auto* deb = std::get_if<DebSource>(&entry.source);
    if (deb != nullptr && !deb->snapshot.empty()) ++snapshots;
    const auto* rpm = std::get_if<RpmSource>(&entry.source);
    if (rpm == nullptr) continue;
    EXPECT_TRUE(read_file(BPFMATRIX_SOURCE_DIR "/kernels/keys/" + rpm->key + ".asc", 1 << 16))
        << entry.id;
    for (const RpmPackage& package : rpm->packages) {
      ++packages;
      const std::string end = "." + std::string(to_string(entry.arch)) + ".rpm";
      EXPECT_TRUE(package.path.ends_with(end)) << package.path;
    }
  }
  EXPECT_GE(packages, 1);
  EXPECT_GE(snapshots, 1);
}

std::string rpm_entry(const std::string& rpm) {
  return R"({"id": "a", "arch": "x86_64", "rpm": {)" + rpm + "}}";
}

TEST(Catalog, reads_packages_with_a_key_and_with_hashes) {
  const std::string key(40, 'A');
  const auto keyed = parse_catalog(
      catalog_with(rpm_entry(R"("distribution": "d", "key": ")" + key +
                             R"(", "packages": [{"path": "a/k.rpm"}, {"path": "b.rpm"}])")),
      "c");
  ASSERT_TRUE(keyed) << keyed.error().message;
  const auto& source = std::get<RpmSource>(keyed->entries[0].source);
  EXPECT_EQ(source.distribution, "d");
  EXPECT_EQ(source.key, key);
  ASSERT_EQ(source.packages.size(), 2U);
  EXPECT_EQ(source.packages[0].path, "a/k.rpm");
}

TEST(Catalog, a_package_that_nobody_vouches_for_is_named) {
  const auto problem = [](const std::string& rpm) {
    const auto catalog = parse_catalog(catalog_with(rpm_entry(rpm)), "c");
    EXPECT_FALSE(catalog);
    return catalog ? "" : catalog.error().message;
  };
  const std::string where = "'c: kernels[0]: rpm";
  EXPECT_EQ(problem(R"("distribution": "d", "packages": [{"path": "k.rpm"}])"),
            where + ": packages[0]': wanted a 'sha256', or a 'key' for all packages");
  EXPECT_EQ(
      problem(R"("distribution": "d", "packages": [{"path": "../k.rpm"}])"),
      where + ": packages[0]': key 'path': '../k.rpm' is not the path of a package below a mirror");
  EXPECT_EQ(problem(R"("distribution": "d", "key": "8483c65d", "packages": [])"),
            where + "': key 'key': not a fingerprint");
  EXPECT_EQ(problem(R"("distribution": "d", "packages": [])"), where + "': no packages");
}

TEST(Catalog, a_snapshot_is_a_time) {
  const auto at = [](const std::string& time) {
    return parse_catalog(catalog_with(entry("a", R"(, "snapshot": ")" + time + R"(")")), "c");
  };
  EXPECT_EQ(std::get<DebSource>(at("20181120T000000Z")->entries[0].source).snapshot,
            "20181120T000000Z");
  EXPECT_EQ(at("2018").error().message,
            "'c: kernels[0]: deb': key 'snapshot': '2018' is not a time like 20181120T000000Z");
}

TEST(Catalog, the_keys_of_a_suite_are_named_by_their_fingerprints) {
  const auto keyed = [](const std::string& more) {
    return parse_catalog(catalog_with(R"({"id": "a", "arch": "x86_64", "deb": {"suite": "s",
      "package": "linux-image-a", "keyring": "k.gpg")" +
                                      more + "}}"),
                         "c");
  };
  const std::string key(40, 'B');
  const std::string hash(64, 'c');
  const auto good = keyed(R"(, "keys": [")" + key + R"("], "release_sha256": ")" + hash + R"(")");
  ASSERT_TRUE(good) << good.error().message;
  const auto& source = std::get<DebSource>(good->entries[0].source);
  EXPECT_EQ(source.keys, std::vector<std::string>{key});
  EXPECT_EQ(source.release_sha256, hash);
  const std::string where = "'c: kernels[0]: deb': key ";
  EXPECT_EQ(keyed("").error().message, where + "'keys': missing");
  EXPECT_EQ(keyed(R"(, "keys": [])").error().message, where + "'keys': no key may sign");
  EXPECT_EQ(keyed(R"(, "keys": ["8483c65d"])").error().message,
            where + "'keys': '8483c65d' is not a fingerprint");
  EXPECT_EQ(keyed(R"(, "keys": [")" + key + R"("], "release_sha256": "x")").error().message,
            where + "'release_sha256': not a sha256");
}

/// As far as this machine has the keyrings.
TEST(Catalog, the_keys_of_the_published_one_are_in_their_keyrings_and_strong) {
  const auto catalog = load_catalog(BPFMATRIX_SOURCE_DIR "/kernels/catalog.json");
  ASSERT_TRUE(catalog) << catalog.error().message;
  for (const CatalogEntry& entry : catalog->entries) {
    const auto* deb = std::get_if<DebSource>(&entry.source);
    const auto* built = std::get_if<BuildSource>(&entry.source);
    if (built != nullptr) deb = std::get_if<DebSource>(&built->code);
    if (deb == nullptr) continue;
    EXPECT_TRUE(deb->release_sha256.empty()) << entry.id;
    const auto bytes = read_file("/usr/share/keyrings/" + deb->keyring, 16 << 20);
    if (!bytes) continue;
    const auto keys = read_keyring(*bytes);
    ASSERT_TRUE(keys) << keys.error().message;
    for (const std::string& wanted : deb->keys) {
      const auto found = std::find_if(keys->begin(), keys->end(), [&](const KeyBlock& key) {
        return key.primary.fingerprint == wanted;
      });
      ASSERT_NE(found, keys->end()) << entry.id << ": " << wanted;
      EXPECT_FALSE(weakness(*found)) << entry.id << ": " << wanted;
    }
  }
}

TEST(Catalog, an_unknown_key_is_named_with_its_place) {
  const auto catalog = parse_catalog(catalog_with(entry("a", R"(, "mirror": "x")")), "c.json");
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().message, "'c.json: kernels[0]: deb': unknown key 'mirror'");
}

TEST(Catalog, refuses_what_is_wrong) {
  EXPECT_FALSE(parse_catalog("{", "c"));
  EXPECT_FALSE(parse_catalog(R"({"schema": 2, "kernels": []})", "c"));
  EXPECT_FALSE(parse_catalog(R"({"schema": 1})", "c"));
  EXPECT_FALSE(parse_catalog(catalog_with("1"), "c"));
  EXPECT_FALSE(parse_catalog(catalog_with(entry("../x")), "c"));
  EXPECT_FALSE(parse_catalog(catalog_with(R"({"id": "a", "arch": "x86_64"})"), "c"));
  EXPECT_FALSE(parse_catalog(catalog_with(R"({"id": "a", "arch": "amd64", "deb": {}})"), "c"));
  EXPECT_EQ(parse_catalog(catalog_with(entry("a") + "," + entry("a")), "c").error().message,
            "'c': id 'a' occurs twice");
}

TEST(Catalog, selects_by_glob_once_and_in_order) {
  const auto catalog =
      parse_catalog(catalog_with(entry("a-1") + "," + entry("a-2") + "," + entry("b")), "c");
  ASSERT_TRUE(catalog) << catalog.error().message;
  const auto chosen = select_entries(*catalog, {"b", "a-*", "b"});
  ASSERT_EQ(chosen->size(), 3U);
  EXPECT_EQ((*chosen)[0].id, "a-1");
  const auto unknown = select_entries(*catalog, {"a-*", "c"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "kernel 'c': not in the catalog");
  EXPECT_EQ(unknown.error().hint, "known: a-1, a-2, b; see 'bpfmatrix kernels list'");
}

}  // namespace
}  // namespace bpfmatrix
