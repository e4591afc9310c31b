#include "analysis/causes/features.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

Features shipped() {
  Result<Features> features =
      load_features(fs::path(BPFMATRIX_SOURCE_DIR) / "kernels/features.json");
  EXPECT_TRUE(features) << features.error().message;
  return features ? *std::move(features) : Features();
}

std::size_t count(const Features& features, FeatureKind kind) {
  std::size_t number = 0;
  for (const Feature& feature : features.all()) number += feature.kind == kind ? 1 : 0;
  return number;
}

TEST(ShippedFeatures, are_all_there) {
  const Features features = shipped();
  EXPECT_EQ(count(features, FeatureKind::helper), 211U);
  EXPECT_GE(count(features, FeatureKind::map_type), 34U);
  EXPECT_GE(count(features, FeatureKind::program_type), 32U);
  EXPECT_GE(count(features, FeatureKind::attach_type), 49U);
  EXPECT_GE(count(features, FeatureKind::kfunc), 300U);
  EXPECT_GE(count(features, FeatureKind::behaviour), 10U);
}

TEST(ShippedFeatures, know_helpers_by_name_and_by_number) {
  const Features features = shipped();
  const Feature* loop = features.find(FeatureKind::helper, "bpf_loop");
  ASSERT_NE(loop, nullptr);
  EXPECT_EQ(loop->id, 181U);
  EXPECT_EQ(loop->since, (KernelVersion{5, 17, 0}));
  EXPECT_EQ(loop->commit, "e6f2dd0f8067");
  EXPECT_EQ(features.helper(181), loop);
  for (std::uint32_t id = 1; id <= 211; ++id) EXPECT_NE(features.helper(id), nullptr) << id;
  EXPECT_EQ(features.helper(212), nullptr);
  EXPECT_EQ(features.find(FeatureKind::kfunc, "bpf_loop"), nullptr);
}

// The versions of facts that this project has measured or read itself.
TEST(ShippedFeatures, agree_with_what_was_read_in_the_kernels_sources) {
  struct Known {
    FeatureKind kind;
    const char* name;
    KernelVersion since;
  };
  const Known kKnown[] = {
      {FeatureKind::map_type, "BPF_MAP_TYPE_RINGBUF", {5, 8, 0}},
      {FeatureKind::map_type, "BPF_MAP_TYPE_BLOOM_FILTER", {5, 16, 0}},
      {FeatureKind::program_type, "BPF_PROG_TYPE_NETFILTER", {6, 4, 0}},
      {FeatureKind::program_type, "BPF_PROG_TYPE_LSM", {5, 7, 0}},
      {FeatureKind::helper, "bpf_probe_read_kernel", {5, 5, 0}},
      {FeatureKind::helper, "bpf_spin_lock", {5, 1, 0}},
      {FeatureKind::behaviour, "bounded_loops", {5, 3, 0}},
  };
  const Features features = shipped();
  for (const Known& known : kKnown) {
    const Feature* feature = features.find(known.kind, known.name);
    ASSERT_NE(feature, nullptr) << known.name;
    EXPECT_EQ(feature->since, known.since) << known.name;
  }
}

/// A file that is right but for one line.
std::string file_with(const std::string& key, const std::string& value) {
  std::map<std::string, std::string> lines{
      {"schema", "1"},
      {"source", R"({"project":"p","url":"u","file":"f"})"},
      {"helpers", R"([{"id":1,"name":"bpf_a","since":"5.8","commit":"0123456789ab"}])"},
      {"map_types", "[]"},
      {"program_types", "[]"},
      {"attach_types", "[]"},
      {"kfuncs", "[]"},
      {"behaviours", R"([{"name":"loops","text":"loops","since":"5.3","commit":"0123456789ab"}])"},
      {"instead", R"({"bpf_a":"use b"})"},
      {"causes", R"({"back_edge":{"feature":"loops"},"license":{"do":"declare one"}})"}};
  lines[key] = value;
  std::string text = "{";
  for (const auto& [name, json] : lines) {
    text += (text.size() > 1 ? ",\"" : "\"") + name + "\":" + json;
  }
  return text + "}";
}

Result<Features> read(const std::string& text) {
  const Result<TempDir> dir = TempDir::create();
  const fs::path file = dir->path() / "f.json";
  EXPECT_TRUE(write_file(file, text));
  Result<Features> features = load_features(file);
  if (features) return features;
  Error error = features.error();
  const std::size_t at = error.message.find(file.string());
  if (at != std::string::npos) error.message.replace(at, file.string().size(), "f.json");
  return error;
}

TEST(FeaturesFile, says_what_to_do_instead) {
  const Result<Features> features = read(file_with("schema", "1"));
  ASSERT_TRUE(features) << features.error().message;
  EXPECT_EQ(features->helper(1)->instead, "use b");
  EXPECT_EQ(features->advice(Cause::back_edge)->feature, "loops");
  EXPECT_EQ(features->advice(Cause::license)->action, "declare one");
  EXPECT_EQ(features->advice(Cause::memlock), nullptr);
}

struct Bad {
  const char* key;
  const char* value;
  const char* message;
};
constexpr Bad kBad[] = {
    {"schema", "2", "'f.json': key 'schema': only 1 is known"},
    {"hints", "{}", "'f.json': unknown key 'hints'"},
    {"kfuncs", "{}", "'f.json': key 'kfuncs': wanted an array, got object"},
    {"source", R"({"project":"p","url":"u"})", "'f.json: source': key 'file': missing"},
    {"kfuncs", R"([{"name":"k","since":"6","commit":"0123456789ab"}])",
     "'f.json: kfuncs[0]': key 'since': wanted a version like 5.8"},
    {"kfuncs", R"([{"name":"k","since":"6.1","commit":"0123"}])",
     "'f.json: kfuncs[0]': key 'commit': wanted twelve hexadecimal digits"},
    {"helpers", R"([{"id":0,"name":"bpf_a","since":"5.8","commit":"0123456789ab"}])",
     "'f.json: helpers[0]': key 'id': wanted the number of a helper"},
    {"kfuncs",
     R"([{"name":"k","since":"6.1","commit":"0123456789ab"},
         {"name":"k","since":"6.2","commit":"0123456789ab"}])",
     "'f.json: kfuncs[1]': key 'name': stands there twice"},
    {"instead", R"({"bpf_b":"use c"})", "'f.json': key 'instead': there is no feature 'bpf_b'"},
    {"instead", R"({"bpf_a":1})", "'f.json': key 'instead': 'bpf_a': wanted a string"},
    {"causes", R"({"backedge":{"do":"x"}})",
     "'f.json': key 'causes': there is no cause 'backedge'"},
    {"causes", R"({"back_edge":{"feature":"lops"}})",
     "'f.json: causes: back_edge': key 'feature': is none of 'behaviours'"},
    {"causes", R"({"back_edge":{}})", "'f.json: causes: back_edge': key 'do': missing"},
};
TEST(FeaturesFile, one_clear_error_for_each_mistake) {
  for (const Bad& row : kBad) {
    const Result<Features> features = read(file_with(row.key, row.value));
    ASSERT_FALSE(features) << row.value;
    EXPECT_EQ(features.error().message, row.message);
  }
}

}  // namespace
}  // namespace bpfmatrix
