#include "kernels/fetch/oci_root.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/sha256.h"
#include "base/text.h"
#include "kernels/archive/tar_entries.h"
#include "kernels/kernel_record.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxManifestBytes = 4 << 20;
constexpr int kMaxIndexDepth = 4;
constexpr std::size_t kMaxLayers = 512;
constexpr std::string_view kDigest = "sha256:";
constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

/// As image-spec's descriptor.md has it, as far as it is looked at.
struct Descriptor {
  std::string media_type{};
  std::string sha256{};
  /// Empty: it is not said here.
  std::string architecture{};
};

bool is_index(const Descriptor& descriptor) {
  return descriptor.media_type.ends_with(".image.index.v1+json") ||
         descriptor.media_type.ends_with(".manifest.list.v2+json");
}

std::string text_of(const Json& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  const bool is_text = json.is_object() && found != json.end() && found->is_string();
  return is_text ? found->get<std::string>() : std::string();
}

Result<Descriptor> read_descriptor(const Json& json) {
  Descriptor read{.media_type = text_of(json, "mediaType")};
  const std::string digest = text_of(json, "digest");
  if (!digest.starts_with(kDigest) || !is_sha256(digest.substr(kDigest.size())))
    return Error{fmt::format("'{}' is no digest that is known here", digest),
                 "wanted sha256: and 64 hexadecimal digits"};
  read.sha256 = digest.substr(kDigest.size());
  if (const auto platform = json.find("platform"); platform != json.end())
    read.architecture = text_of(*platform, "architecture");
  return read;
}

Result<std::vector<Descriptor>> read_descriptors(const Json& json, const char* key) {
  std::vector<Descriptor> all;
  const auto list = json.is_object() ? json.find(key) : json.end();
  if (!json.is_object() || list == json.end() || !list->is_array())
    return Error{fmt::format("no list '{}'", key)};
  if (list->size() > kMaxLayers)
    return Error{fmt::format("'{}' has more than {} entries", key, kMaxLayers)};
  for (const Json& one : *list) {
    Result<Descriptor> descriptor = read_descriptor(one);
    if (!descriptor) return std::move(descriptor).error();
    all.push_back(*std::move(descriptor));
  }
  return all;
}

/// The files of a layout, each held against its digest.
class Layout {
 public:
  explicit Layout(const fs::path& folder) : folder_(folder) {}

  fs::path blob(const std::string& sha256) const { return folder_ / "blobs" / "sha256" / sha256; }

  Result<Json> json(const Descriptor& descriptor) const {
    const Result<std::string> text = read_file(blob(descriptor.sha256), kMaxManifestBytes);
    if (!text) return text.error();
    if (sha256_hex(*text) != descriptor.sha256) return damaged(descriptor);
    return parse_json(*text, fmt::format("blob {}", descriptor.sha256));
  }

  /// Where a layer lies that is what its digest says.
  Result<fs::path> checked(const Descriptor& descriptor) const {
    const fs::path file = blob(descriptor.sha256);
    const Result<std::string> hash = sha256_file(file);
    if (!hash) return hash.error();
    if (*hash != descriptor.sha256) return damaged(descriptor);
    return file;
  }

  /// Of the image for an architecture.
  Result<Descriptor> manifest(Arch arch) const {
    const Result<std::string> text = read_file(folder_ / "index.json", kMaxManifestBytes);
    if (!text) return text.error();
    const Result<Json> index = parse_json(*text, "index.json");
    if (!index) return index.error();
    std::vector<Descriptor> fitting;
    if (Result<> found = collect(*index, arch, kMaxIndexDepth, fitting); !found)
      return std::move(found).error();
    if (fitting.size() == 1) return fitting.front();
    return Error{fitting.empty() ? "it has no image for this architecture"
                                 : fmt::format("it has {} images", fitting.size()),
                 "a layout of one image, of one or several architectures, is wanted"};
  }

 private:
  static Error damaged(const Descriptor& descriptor) {
    return Error{fmt::format("the blob {} is not what its digest says", descriptor.sha256)};
  }

  Result<> collect(const Json& index, Arch arch, int depth, std::vector<Descriptor>& into) const {
    if (depth == 0) return Error{"indexes within indexes without end"};
    const Result<std::vector<Descriptor>> all = read_descriptors(index, "manifests");
    if (!all) return all.error();
    for (const Descriptor& one : *all) {
      if (!one.architecture.empty() && one.architecture != debian_name(arch)) continue;
      const Result<Json> json = this->json(one);
      if (!json) return json.error();
      if (is_index(one)) {
        if (Result<> found = collect(*json, arch, depth - 1, into); !found) return found;
        continue;
      }
      const Result<bool> fits = is_for(*json, arch);
      if (!fits) return fits.error();
      if (*fits) into.push_back(one);
    }
    return {};
  }

  /// By its configuration. A signature or an attestation has layers of another kind, and none.
  Result<bool> is_for(const Json& manifest, Arch arch) const {
    const auto config = manifest.is_object() ? manifest.find("config") : manifest.end();
    if (!manifest.is_object() || config == manifest.end())
      return Error{"a manifest without config"};
    const Result<Descriptor> descriptor = read_descriptor(*config);
    if (!descriptor) return descriptor.error();
    const Result<Json> read = json(*descriptor);
    if (!read) return read.error();
    return text_of(*read, "architecture") == debian_name(arch);
  }

  const fs::path& folder_;
};

/// One root of layers, each unpacked into a folder of its own.
class LayerStack {
 public:
  explicit LayerStack(const fs::path& tree) : tree_(tree) {}

  Result<> add(const fs::path& layer) {
    ++layer_;
    folder_ = tree_ / std::to_string(layer_);
    const NoteEntry note = [this](const EntryNote& entry) { return take(entry); };
    const PlaceFile place = [this](std::string_view path) { return place_of(path); };
    const UnpackRules rules{
        .note = &note, .max_bytes = kMaxRootBytes - bytes_, .max_entries = kMaxRootEntries};
    if (Result<> done = unpack_tar(layer, folder_, place, rules); !done)
      return wrap(fmt::format("layer {}", layer_), std::move(done).error());
    return count();
  }

  RootTree finish() { return std::move(root_); }

 private:
  /// What a higher layer takes away it names by a file beside it.
  Result<std::optional<std::string>> place_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (!is_utf8(path)) return Error{fmt::format("'{}': not UTF-8", valid_text(path))};
    if (name.starts_with(kWhiteout)) {
      const std::string folder =
          real_path(slash == std::string_view::npos ? "" : path.substr(0, slash));
      hide(name == kOpaque ? folder : join(folder, name.substr(kWhiteout.size())), name != kOpaque);
      return std::optional<std::string>();
    }
    if (is_left_out_of_root(path) || is_of_guest(path)) return std::optional<std::string>();
    return std::optional<std::string>(path);
  }

  static std::string join(const std::string& folder, std::string_view name) {
    return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
  }

  /// As a process that writes it would find it: folders may be links by now.
  std::string real_path(std::string_view folder) const {
    if (std::optional<std::string> real = root_.resolve(folder)) return *std::move(real);
    const std::size_t slash = folder.rfind('/');
    if (slash == std::string_view::npos) return std::string(folder);
    return join(real_path(folder.substr(0, slash)), folder.substr(slash + 1));
  }

  /// Of lower layers: what is below a path, and the path itself.
  void hide(const std::string& path, bool itself) {
    if (const auto own = root_.entries.find(path);
        itself && own != root_.entries.end() && is_lower(path))
      root_.entries.erase(own);
    const std::string below = path.empty() ? "" : path + "/";
    for (auto at = root_.entries.lower_bound(below);
         at != root_.entries.end() && at->first.starts_with(below);) {
      at = is_lower(at->first) ? root_.entries.erase(at) : std::next(at);
    }
  }

  bool is_lower(const std::string& path) const {
    const auto layer = layers_.find(path);
    return layer == layers_.end() || layer->second < layer_;
  }

  Result<> take(const EntryNote& note) {
    if (!is_utf8(note.target)) return Error{fmt::format("'{}': not UTF-8", note.path)};
    const std::size_t slash = note.path.rfind('/');
    const std::string path =
        slash == std::string_view::npos
            ? std::string(note.path)
            : join(real_path(note.path.substr(0, slash)), note.path.substr(slash + 1));
    RootEntry entry{.executable = note.executable, .wanted = true};
    switch (note.kind) {
      case EntryNote::Kind::folder:
        entry.kind = RootKind::folder;
        // A folder of that name is added to.
        if (root_.is_folder(path)) return keep(path, std::move(entry));
        break;
      case EntryNote::Kind::symlink:
        entry.kind = RootKind::link;
        entry.target = note.target;
        break;
      case EntryNote::Kind::hardlink: {
        const RootEntry* same = root_.find_file(note.target);
        if (same == nullptr)
          return Error{fmt::format("'{}': a hard link to what is not there", note.path)};
        entry.file = same->file;
        entry.executable = same->executable;
        break;
      }
      case EntryNote::Kind::file:
        entry.file = folder_ / note.path;
        fresh_.push_back(entry.file);
        break;
    }
    hide(path, true);
    return keep(path, std::move(entry));
  }

  Result<> keep(const std::string& path, RootEntry entry) {
    // What was a file or a link, and has something below it now, is a folder.
    for (std::size_t at = path.rfind('/'); at != std::string::npos && at != 0;
         at = path.rfind('/', at - 1)) {
      const auto above = root_.entries.find(std::string_view(path).substr(0, at));
      if (above != root_.entries.end() && above->second.kind != RootKind::folder)
        root_.entries.erase(above);
    }
    root_.entries[path] = std::move(entry);
    layers_[path] = layer_;
    if (layers_.size() <= kMaxRootEntries) return {};
    return Error{fmt::format("more than {} files", kMaxRootEntries)};
  }

  Result<> count() {
    for (const fs::path& file : fresh_) {
      std::error_code error;
      bytes_ += fs::file_size(file, error);
      if (error) return file_error(file, error);
    }
    fresh_.clear();
    if (bytes_ <= kMaxRootBytes) return {};
    return Error{fmt::format("the root is larger than {} MiB", kMaxRootBytes >> 20)};
  }

  const fs::path& tree_;
  fs::path folder_{};
  int layer_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<fs::path> fresh_{};
  /// In which layer a path came last.
  std::map<std::string, int> layers_{};
  RootTree root_{};
};

Result<RootTree> unpack_image(const Layout& layout, const Descriptor& manifest,
                              const fs::path& link, const FetchOptions& options) {
  const Result<Json> json = layout.json(manifest);
  if (!json) return json.error();
  const Result<std::vector<Descriptor>> layers = read_descriptors(*json, "layers");
  if (!layers) return layers.error();
  Result<TempDir> tree = options.store.temporary();
  if (!tree) return std::move(tree).error();
  LayerStack stack(tree->path());
  for (const Descriptor& layer : *layers) {
    const Result<fs::path> file = layout.checked(layer);
    if (!file) return file.error();
    if (Result<> added = stack.add(*file); !added) return std::move(added).error();
  }
  Result<> written = write_root(stack.finish(), tree->path());
  if (written)
    written = write_package_record(
        {"oci", fmt::format("sha256:{}", manifest.sha256), "", manifest.sha256, "", {}},
        tree->path());
  if (!written) return std::move(written).error();
  const Result<fs::path> installed = options.store.install(*std::move(tree), link);
  return installed ? read_root(*installed) : Result<RootTree>(installed.error());
}

Result<RootTree> root_of(const fs::path& folder, Arch arch, const FetchOptions& options) {
  const Layout layout(folder);
  const Result<Descriptor> manifest = layout.manifest(arch);
  if (!manifest) return manifest.error();
  const std::string_view name = debian_name(arch);
  const fs::path link = options.store.package_link("oci", name, "root," + manifest->sha256);
  if (const auto tree = options.store.resolve(link)) return read_root(*tree);
  if (Result<> ready = options.store.prepare(); !ready) return std::move(ready).error();
  Result<StoreLock> lock =
      options.store.lock(fmt::format("oci-{}-{}", name, manifest->sha256), options.lock_timeout,
                         [&] { options.say("waiting: another process is unpacking it"); });
  if (!lock) return std::move(lock).error();
  if (const auto tree = options.store.resolve(link)) return read_root(*tree);
  return unpack_image(layout, *manifest, link, options);
}

}  // namespace

bool is_oci_layout(const fs::path& folder) {
  std::error_code none;
  return fs::is_regular_file(folder / "oci-layout", none);
}

Result<RootTree> open_oci_root(const fs::path& folder, Arch arch, const FetchOptions& options) {
  Result<RootTree> root = root_of(folder, arch, options);
  if (root) return root;
  return wrap(fmt::format("image '{}' for {}", folder.string(), debian_name(arch)), root.error());
}

}  // namespace bpfmatrix
