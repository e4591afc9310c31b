#include "kernels/fetch/oci_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using Kind = FakeEntry::Kind;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";
constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";

/// A layout that the test makes, and a store of its own.
class OciRoot : public testing::Test {
 protected:
  OciRoot() {
    fs::create_directories(layout() / "blobs" / "sha256");
    put("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    options_.store = Store(dir_->path() / "store");
  }

  fs::path layout() const { return dir_->path() / "image"; }
  void put(const std::string& name, const std::string& bytes) const {
    ASSERT_TRUE(write_file(layout() / name, bytes));
  }
  Json blob(const char* type, const std::string& bytes) const {
    const std::string hash = sha256_hex(bytes);
    put("blobs/sha256/" + hash, bytes);
    return {{"mediaType", type}, {"digest", "sha256:" + hash}, {"size", bytes.size()}};
  }
  Json layer(const std::vector<FakeEntry>& entries, Packing packing = Packing::gzip) const {
    return blob("application/vnd.oci.image.layer.v1.tar+gzip", make_tar(entries, packing));
  }
  /// The descriptor of its manifest.
  Json image(const std::vector<Json>& layers, const std::string& architecture = "amd64") const {
    const Json config = blob("application/vnd.oci.image.config.v1+json",
                             Json{{"architecture", architecture}, {"os", "linux"}}.dump());
    return blob(kManifestType,
                Json{{"schemaVersion", 2}, {"config", config}, {"layers", layers}}.dump());
  }
  void index(const std::vector<Json>& manifests) const {
    put("index.json", Json{{"schemaVersion", 2}, {"manifests", manifests}}.dump());
  }
  Result<RootTree> open(Arch arch = Arch::x86_64) const {
    return open_oci_root(layout(), arch, options_);
  }
  std::string problem() const {
    const auto tree = open();
    EXPECT_FALSE(tree);
    return tree ? "" : tree.error().message;
  }
  static std::string content(const RootTree& tree, const std::string& path) {
    const RootEntry* entry = tree.find_file(path);
    return entry != nullptr ? *read_file(entry->file, 100) : "(none)";
  }

  Result<TempDir> dir_ = TempDir::create();
  FetchOptions options_{};
};

TEST_F(OciRoot, is_its_layers_one_upon_the_other) {
  index({image({layer({{.path = "usr/bin/tool", .body = "old"},
                       {.path = "bin", .body = "usr/bin", .kind = Kind::symlink},
                       {.path = "etc/a", .body = "a"},
                       {.path = "etc/b", .body = "b"},
                       {.path = "opt/x/1", .body = "1"},
                       {.path = "proc/version", .body = "not the guest's"}}),
                layer({{.path = "bin/tool", .body = "new"},
                       {.path = "etc/.wh.a", .body = ""},
                       {.path = "opt/x/2", .body = "2"},
                       {.path = "opt/x/.wh..wh..opq", .body = ""}},
                      Packing::zstd),
                layer({{.path = "etc/c", .body = "etc/b", .kind = Kind::hardlink},
                       {.path = "etc/b/now/a/folder", .body = "f"}},
                      Packing::none)})});
  const auto tree = open();
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_EQ(content(*tree, "/usr/bin/tool"), "new") << "written through the link of a lower layer";
  EXPECT_EQ(content(*tree, "/bin/tool"), "new");
  EXPECT_EQ(content(*tree, "/etc/a"), "(none)");
  EXPECT_EQ(content(*tree, "/etc/c"), "b");
  EXPECT_EQ(content(*tree, "/etc/b/now/a/folder"), "f");
  EXPECT_EQ(content(*tree, "/opt/x/1"), "(none)");
  EXPECT_EQ(content(*tree, "/opt/x/2"), "2") << "of the layer that hides the others";
  EXPECT_EQ(content(*tree, "/proc/version"), "(none)");
}

TEST_F(OciRoot, is_unpacked_once) {
  const Json only = layer({{.path = "tool", .body = "t"}});
  index({image({only})});
  ASSERT_TRUE(open());
  ASSERT_TRUE(fs::remove(layout() / "blobs/sha256" / only["digest"].get<std::string>().substr(7)));
  const auto again = open();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(content(*again, "/tool"), "t");
}

TEST_F(OciRoot, of_several_architectures_the_kernels_is_taken) {
  Json amd = image({layer({{.path = "tool", .body = "amd"}})});
  Json arm = image({layer({{.path = "tool", .body = "arm"}})}, "arm64");
  arm["platform"] = {{"architecture", "arm64"}, {"os", "linux"}};
  const Json inner = blob(kIndexType, Json{{"schemaVersion", 2}, {"manifests", {amd, arm}}}.dump());
  index({inner});
  EXPECT_EQ(content(*open(Arch::x86_64), "/tool"), "amd");
  EXPECT_EQ(content(*open(Arch::aarch64), "/tool"), "arm");
  index({arm});
  EXPECT_EQ(problem(),
            "image '" + layout().string() + "' for amd64: it has no image for this architecture");
  index({amd, image({})});
  EXPECT_THAT(problem(), HasSubstr("it has 2 images"));
}

TEST_F(OciRoot, nothing_leaves_it_and_nothing_else_is_taken_for_it) {
  index({image({layer({{.path = "../out", .body = "x"}})})});
  EXPECT_THAT(problem(), HasSubstr("layer 1: '../out': a path that leaves the package"));
  index({image({layer({{.path = "up", .body = "../../..", .kind = Kind::symlink},
                       {.path = "up/etc/shadow", .body = "x"}})})});
  const auto tree = open();
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_EQ(content(*tree, "/etc/shadow"), "x") << "its own: no link leads out of it";

  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "d/";
  index({image({layer({{.path = deep + "x", .body = "x"}})})});
  EXPECT_THAT(problem(), HasSubstr("a path that leaves the package"));

  const Json good = image({layer({{.path = "tool", .body = "t"}})});
  put("blobs/sha256/" + good["digest"].get<std::string>().substr(7), "{}");
  index({good});
  EXPECT_THAT(problem(), HasSubstr("is not what its digest says"));
  for (const char* digest : {"sha256:../../../etc/passwd", "sha512:00", "", "sha256:AB"}) {
    index({Json{{"mediaType", kManifestType}, {"digest", digest}}});
    EXPECT_THAT(problem(), HasSubstr("is no digest that is known here")) << digest;
  }
  for (const char* text : {"", "[]", "{}", R"({"manifests": 7})", R"({"manifests": [7]})"}) {
    put("index.json", text);
    EXPECT_THAT(problem(), StartsWith("image '")) << text;
  }
}

TEST_F(OciRoot, an_index_in_itself_or_without_end_is_an_error) {
  Json deep = image({});
  for (int i = 0; i < 5; ++i)
    deep = blob(kIndexType, Json{{"schemaVersion", 2}, {"manifests", {deep}}}.dump());
  index({deep});
  EXPECT_THAT(problem(), HasSubstr("indexes within indexes"));
}

}  // namespace
}  // namespace bpfmatrix
