#include "analysis/causes/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/data_dir.h"
#include "base/file.h"
#include "base/json.h"

namespace bpfmatrix {

namespace {

std::string upper_case(std::string_view text) {
  std::string upper;
  for (const char c : text) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

constexpr std::uint64_t kMaxBytes = 4 << 20;
constexpr int kFeaturesSchema = 1;

struct List {
  std::string_view key;
  FeatureKind kind;
};
constexpr List kLists[] = {
    {"helpers", FeatureKind::helper},
    {"map_types", FeatureKind::map_type},
    {"program_types", FeatureKind::program_type},
    {"attach_types", FeatureKind::attach_type},
    {"kfuncs", FeatureKind::kfunc},
    {"behaviours", FeatureKind::behaviour},
};

KernelVersion read_since(ObjectReader& reader) {
  const std::string text = reader.string("since");
  const auto version = parse_kernel_version(text);
  const bool clean = text.find_first_not_of("0123456789.") == std::string::npos;
  if (!version || !clean) reader.fail("since", "wanted a version like 5.8");
  return version.value_or(KernelVersion{});
}

std::string read_commit(ObjectReader& reader) {
  std::string commit = reader.string("commit");
  const bool digits = commit.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (commit.size() != 12 || !digits) reader.fail("commit", "wanted twelve hexadecimal digits");
  return commit;
}

/// Everything in the file, read in the order of its keys; the first error wins.
class FeaturesReader {
 public:
  FeaturesReader(const Json& json, std::string where)
      : where_(std::move(where)), reader_(json, where_) {}

  Result<Features> read() {
    reader_.optional_string("$schema");
    if (reader_.integer("schema") != kFeaturesSchema) reader_.fail("schema", "only 1 is known");
    read_source();
    for (const List& list : kLists) read_list(list);
    read_instead();
    read_causes();
    if (Result<> done = reader_.finish(); !done) return std::move(done).error();
    return Features(std::move(features_), std::move(causes_));
  }

 private:
  void adopt(ObjectReader& inner) {
    if (const Result<> read = inner.finish(); !read) reader_.adopt(read.error());
  }

  void read_source() {
    const Json* json = reader_.required("source");
    if (json == nullptr) return;
    ObjectReader inner(*json, where_ + ": source");
    for (const char* key : {"project", "url", "file"}) inner.string(key);
    adopt(inner);
  }

  void read_list(const List& list) {
    const Json* json = reader_.array(list.key);
    if (json == nullptr) return;
    for (std::size_t i = 0; i < json->size(); ++i) {
      ObjectReader inner((*json)[i], fmt::format("{}: {}[{}]", where_, list.key, i));
      read_feature(inner, list.kind);
      adopt(inner);
    }
  }

  void read_feature(ObjectReader& inner, FeatureKind kind) {
    Feature feature{.kind = kind, .name = inner.string("name")};
    feature.text = kind == FeatureKind::behaviour ? inner.string("text") : feature.name;
    if (kind == FeatureKind::helper) {
      const std::int64_t id = inner.integer("id");
      if (id < 1 || id > UINT32_MAX) inner.fail("id", "wanted the number of a helper");
      feature.id = static_cast<std::uint32_t>(id);
    }
    feature.since = read_since(inner);
    feature.commit = read_commit(inner);
    if (!seen_.emplace(kind, feature.name).second) inner.fail("name", "stands there twice");
    features_.push_back(std::move(feature));
  }

  /// An object whose keys are names, not words of the format.
  void read_instead() {
    const Json* json = reader_.object("instead");
    if (json == nullptr) return;
    for (const auto& [name, text] : json->items()) {
      bool found = false;
      for (Feature& feature : features_) {
        if (feature.name != name) continue;
        found = true;
        if (text.is_string()) feature.instead = text.get<std::string>();
      }
      if (!found) reader_.fail("instead", fmt::format("there is no feature '{}'", name));
      if (!text.is_string()) reader_.fail("instead", fmt::format("'{}': wanted a string", name));
    }
  }

  void read_causes() {
    const Json* json = reader_.object("causes");
    if (json == nullptr) return;
    for (const auto& [name, value] : json->items()) {
      const std::optional<Cause> cause = parse_cause(name);
      if (!cause) reader_.fail("causes", fmt::format("there is no cause '{}'", name));
      ObjectReader inner(value, fmt::format("{}: causes: {}", where_, name));
      const CauseAdvice advice{inner.optional_string("feature").value_or(""),
                               inner.optional_string("do").value_or("")};
      const bool known = seen_.contains({FeatureKind::behaviour, advice.feature});
      if (!advice.feature.empty() && !known) inner.fail("feature", "is none of 'behaviours'");
      if (advice.feature.empty() && advice.action.empty()) inner.fail("do", "missing");
      adopt(inner);
      causes_[cause.value_or(Cause::unknown)] = advice;
    }
  }

  std::string where_;
  ObjectReader reader_;
  std::set<std::pair<FeatureKind, std::string>> seen_{};
  std::vector<Feature> features_{};
  std::map<Cause, CauseAdvice> causes_{};
};

}  // namespace

Features::Features(std::vector<Feature> features, std::map<Cause, CauseAdvice> causes)
    : features_(std::move(features)), causes_(std::move(causes)) {}

const Feature* Features::find(FeatureKind kind, std::string_view name) const {
  const auto found = std::find_if(features_.begin(), features_.end(), [&](const Feature& feature) {
    return feature.kind == kind && feature.name == name;
  });
  return found != features_.end() ? &*found : nullptr;
}

const Feature* Features::helper(std::uint32_t id) const {
  const auto found = std::find_if(features_.begin(), features_.end(),
                                  [&](const Feature& feature) { return feature.id == id; });
  return found != features_.end() ? &*found : nullptr;
}

const CauseAdvice* Features::advice(Cause cause) const {
  const auto found = causes_.find(cause);
  return found != causes_.end() ? &found->second : nullptr;
}

Result<Features> load_features(const std::filesystem::path& path) {
  const Result<std::string> text = read_file(path, kMaxBytes);
  if (!text) return text.error();
  const Result<Json> json = parse_json(*text, path.string());
  if (!json) return json.error();
  return FeaturesReader(*json, path.string()).read();
}

Result<Features> installed_features() {
  const Result<std::filesystem::path> file = find_data("kernels/features.json");
  return file ? load_features(*file) : Result<Features>(file.error());
}

std::string map_type_name(std::string_view type) { return "BPF_MAP_TYPE_" + upper_case(type); }

std::string program_type_name(std::string_view type) { return "BPF_PROG_TYPE_" + upper_case(type); }

}  // namespace bpfmatrix
