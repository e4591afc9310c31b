#include "kernels/catalog.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

std::string catalog_with(const std::string& entries) {
  return R"({"schema": 1, "kernels": [)" + entries + "]}";
}

std::string entry(const std::string& id, const std::string& more = "") {
  return R"({"id": ")" + id +
         R"(", "arch": "x86_64", "deb": {"suite": "s", )"
         R"("package": "linux-image-a", "keyring": "k.gpg")" +
         more + "}}";
}

TEST(Catalog, the_published_one_names_the_default_kernels) {
  const auto catalog = load_catalog(BPFMATRIX_SOURCE_DIR "/kernels/catalog.json");
  ASSERT_TRUE(catalog) << catalog.error().message;
  std::vector<std::string> ids;
  for (const CatalogEntry& entry : catalog->entries) ids.push_back(entry.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"debian-5.10-x86_64", "debian-5.10-aarch64",
                                           "debian-6.1-x86_64", "debian-6.1-aarch64",
                                           "debian-6.12-x86_64", "debian-6.12-aarch64",
                                           "debian-7.x-x86_64", "debian-7.x-aarch64"}));
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
            "'c': id 'a' stands twice");
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
  EXPECT_EQ(unknown.error().hint, "known kernels: a-1, a-2, b");
}

}  // namespace
}  // namespace bpfmatrix
