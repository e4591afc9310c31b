#include "matrix/matrix_spec.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "base/printable.h"
#include "matrix/case_spec.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxMatrixBytes = 1 << 20;
constexpr std::size_t kMaxObjects = 4096;
constexpr int kMatrixSchema = 1;

/// What a project may say of all of its objects and applications, or of one.
constexpr std::array kSettings{"arch",  "attach",  "autoload", "btf_files", "cflags", "expect",
                               "files", "globals", "maps",     "modules",   "one_of", "privileges",
                               "strip", "sysctl",  "together", "trigger",   "truth"};
/// What it may say of one.
constexpr std::array kOwnSettings{"shows", "btf", "loaders"};

/// JSON has no comments; keys that begin so are ours, and every program that reads or writes JSON
/// keeps them.
void drop_comments(Json& json) {
  if (!json.is_object()) return;
  for (auto it = json.begin(); it != json.end();)
    it = it.key().starts_with("//") ? json.erase(it) : std::next(it);
}

/// From the folder of the matrix.
std::string from(const fs::path& folder, const std::string& path) {
  std::error_code seen_by_open;
  return fs::absolute(folder / path, seen_by_open).lexically_normal().string();
}

/// Files by a path with characters of glob(7) in it; a path without any is itself, whether it is
/// there or not. A project may be a stranger's: what is looked at is bounded.
class FileGlob {
 public:
  /// Sorted. Error: there is too much to look at.
  Result<std::vector<std::string>> files(const std::string& pattern) {
    if (pattern.find_first_of(kWild) == std::string::npos) return std::vector{pattern};
    found_.clear();
    const fs::path whole(pattern);
    const fs::path below = whole.relative_path();
    match(whole.root_path(), below.begin(), below);
    if (left_ == 0) return Error{fmt::format("more than {} files to look at", kMaxLookedAt)};
    std::sort(found_.begin(), found_.end());
    return found_;
  }

 private:
  static constexpr const char* kWild = "*?[";
  static constexpr std::size_t kMaxLookedAt = 200'000;

  void match(const fs::path& folder, fs::path::iterator part, const fs::path& whole) {
    std::error_code none;
    const bool is_last = part != whole.end() && std::next(part) == whole.end();
    if (part == whole.end() || left_ == 0) return;
    if (part->string().find_first_of(kWild) == std::string::npos) {
      if (!is_last) return match(folder / *part, std::next(part), whole);
      if (fs::is_regular_file(folder / *part, none)) found_.push_back((folder / *part).string());
      return;
    }
    for (fs::directory_iterator entry(folder, none), end; !none && entry != end && left_ > 0;
         entry.increment(none)) {
      --left_;
      const std::string name = entry->path().filename().string();
      if (::fnmatch(part->c_str(), name.c_str(), FNM_PERIOD) != 0) continue;
      std::error_code gone;
      if (is_last && entry->is_regular_file(gone)) found_.push_back(entry->path().string());
      if (!is_last && entry->is_directory(gone)) match(entry->path(), std::next(part), whole);
    }
  }

  std::vector<std::string> found_{};
  /// For all of a project.
  std::size_t left_ = kMaxLookedAt;
};

class ProjectReader {
 public:
  ProjectReader(const fs::path& file, ObjectReader& reader, MatrixSpec& spec)
      : file_(file), folder_(file.parent_path()), reader_(reader), spec_(spec) {}

  void read() {
    for (const char* key : kSettings) {
      if (const Json* value = reader_.any(key)) common_[key] = *value;
    }
    if (const Json* objects = reader_.array("objects")) {
      if (objects->empty()) reader_.fail("objects", "names no object");
      for (const Json& entry : *objects) note_named(entry);
      for (const Json& entry : *objects) read_object(entry);
    }
    if (const Json* apps = reader_.array("apps")) {
      for (const Json& entry : *apps) read_app(entry);
    }
    const bool is_project = !spec_.objects.empty() || !spec_.apps.empty();
    if (is_project)
      spec_.project = Project{from(".", file_.string()), from(folder_, "."), std::move(settings_)};
  }

 private:
  /// "build/*.bpf.o", or an object whose key "object" is such a text.
  void read_object(const Json& json) {
    constexpr std::string_view kKey = "objects";
    if (json.is_string()) return add_objects(json.get<std::string>(), common_);
    if (!json.is_object()) return reader_.fail(kKey, "wanted texts and objects in it");
    ObjectReader entry(json, reader_.where(kKey));
    const std::string pattern = entry.string("object");
    const Json settings = settings_of(entry, json);
    if (const Result<> done = entry.finish(); !done) return reader_.adopt(done.error());
    add_objects(pattern, settings);
  }

  /// A file that has an entry of its own is none of those that the globs of others stand for.
  void note_named(const Json& json) {
    const Json* name = &json;
    if (json.is_object()) {
      const auto object = json.find("object");
      name = object != json.end() ? &*object : nullptr;
    }
    if (name != nullptr && name->is_string())
      named_.insert(from(folder_, name->get<std::string>()));
  }

  void add_objects(const std::string& pattern, const Json& settings) {
    const Result<std::vector<std::string>> files = glob_.files(from(folder_, pattern));
    if (!files)
      return reader_.fail("objects", fmt::format("'{}': {}", pattern, files.error().message));
    if (files->empty()) {
      return reader_.fail("objects", fmt::format("'{}' matches no file", pattern),
                          "build the project first");
    }
    for (const std::string& file : *files) {
      if (file != from(folder_, pattern) && named_.contains(file)) continue;
      if (spec_.objects.size() == kMaxObjects)
        return reader_.fail("objects", fmt::format("more than {} files", kMaxObjects));
      if (!is_utf8(file)) return reader_.fail("objects", "a path that is not UTF-8");
      spec_.objects.push_back(file);
      keep(case_for_object(file), settings);
    }
  }

  /// "./tool --option", or an object whose key "app" is such a text.
  void read_app(const Json& json) {
    constexpr std::string_view kKey = "apps";
    if (!json.is_string() && !json.is_object())
      return reader_.fail(kKey, "wanted texts and objects in it");
    const Json whole = json.is_string() ? Json{{"app", json}} : json;
    ObjectReader entry(whole, reader_.where(kKey));
    Result<LoaderApp> app = app_of_line(entry.string("app"));
    if (!app) return reader_.adopt(app.error());
    OwnObject& own = *app->own_object;
    if (const auto root = entry.optional_string("root")) {
      own.root = root->starts_with(kDebRoot) ? *root : from(folder_, *root);
    } else {
      app->path = from(folder_, app->path);
    }
    own.ready = entry.optional_string("ready").value_or("");
    own.output = entry.optional_string("output").value_or("");
    app->quiet_ms = entry.optional_integer("quiet_ms").value_or(app->quiet_ms);
    if (app->quiet_ms < 0) entry.fail("quiet_ms", "negative");
    if (const Json* variables = entry.object("environment")) {
      for (const auto& [name, value] : variables->items()) {
        if (!value.is_string()) entry.fail("environment", "wanted texts");
        if (value.is_string()) app->environment[name] = value.get<std::string>();
      }
    }
    const Json settings = settings_of(entry, whole);
    if (const Result<> done = entry.finish(); !done) return reader_.adopt(done.error());
    keep(case_for_app(*app), settings);
    spec_.apps.push_back(*std::move(app));
  }

  /// What is said of all, with what is said of this one in its place.
  Json settings_of(ObjectReader& entry, const Json& json) const {
    Json settings = common_;
    const auto take = [&](const char* key) {
      if (entry.any(key) != nullptr) settings[key] = json[key];
    };
    for (const char* key : kSettings) take(key);
    for (const char* key : kOwnSettings) take(key);
    return settings;
  }

  void keep(CaseSpec spec, const Json& settings) {
    if (settings.empty()) return;
    const Result<> good = apply_settings(settings, folder_, file_.string(), spec);
    if (!good) return reader_.adopt(good.error());
    settings_[spec.id] = settings;
  }

  const fs::path& file_;
  fs::path folder_;
  ObjectReader& reader_;
  MatrixSpec& spec_;
  FileGlob glob_{};
  std::set<std::string> named_{};
  Json common_ = Json::object();
  std::map<std::string, Json> settings_{};
};

}  // namespace

Result<MatrixSpec> read_matrix(const fs::path& file) {
  const Result<std::string> text = read_file(file, kMaxMatrixBytes);
  if (!text) return text.error();
  Result<Json> json = parse_json(*text, file.string());
  if (!json) return json.error();
  drop_comments(*json);

  ObjectReader reader(*json, file.string());
  MatrixSpec spec;
  if (reader.integer("schema") != kMatrixSchema) reader.fail("schema", "only 1 is known");
  spec.kernels = reader.strings("kernels");
  const auto cases = reader.optional_strings("cases");
  if (cases) spec.cases = *cases;
  ProjectReader(file, reader, spec).read();
  if (!(spec.objects.empty() && spec.apps.empty()) && cases)
    reader.fail("objects", "stands beside 'cases'", "a matrix is of one or of the other");
  if (const auto names = reader.optional_strings("btf")) {
    const auto sources = parse_btf_sources(*names);
    if (!sources) reader.fail("btf", sources.error().message, sources.error().hint);
    if (sources) spec.btf = *sources;
  }
  spec.loaders = reader.optional_strings("loaders");
  const auto baseline = reader.optional_string("baseline");
  if (baseline) spec.baseline = from(file.parent_path(), *baseline);
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return spec;
}

}  // namespace bpfmatrix
