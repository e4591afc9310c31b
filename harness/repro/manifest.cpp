#include "repro/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json_fields.h"
#include "base/sha256.h"
#include "base/text.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kHint = "packs are made by 'bpfmatrix repro pack'";
/// What the tarball's format has room for, less than a hundred of them for the name alone.
constexpr std::size_t kMaxPathBytes = 200;
constexpr std::int64_t kMaxTimeoutSeconds = 24 * 3600;

constexpr std::array kSingleMembers = {kTranscriptMember, kOutcomeMember, kFactsMember,
                                       kObjectMember,     kBtfMember,     kAppMember};
constexpr std::array kFolders = {kCaseMembers, kKernelMembers};
/// Those that each pack has.
constexpr std::array kNeeded = {kTranscriptMember, kOutcomeMember, kObjectMember};

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._+-,@=~/").find(c) != std::string_view::npos;
}

}  // namespace

void fields(auto& field, Of<PackMember> auto& m) {
  field("path", checked<is_member_path>(m.path, "a pack has no place for such a file"),
        "where it lies");
  field("bytes", m.bytes, "its size");
  field("sha256", checked<is_sha256>(m.sha256, "not a sha256"), "its hash");
}

void fields(auto& field, Of<PackKernel> auto& k) {
  field("id", checked<is_valid_id>(k.id, "no valid name"), "id in the catalog, or its user's name");
  field("release", k.release, "uname -r");
  field("arch", k.arch, "uname -m");
  field("image_sha256", checked<is_sha256>(k.image_sha256, "not a sha256"), "hash of its image");
  field("kind", k.kind, "deb, rpm, source, local");
  field("package", null_if_empty(k.package), "what the kernel, or its source, was in");
  field("version", null_if_empty(k.version), "the package's version");
  field("sha256", null_if_empty(k.sha256), "of the package or tarball, or of a local image");
  field("signed_by", null_if_empty(k.signed_by), "fingerprint of the key that signed it");
  field("get", k.get, "how a person gets it; null: it is in the pack only");
}

void fields(auto& field, Of<PackOptions> auto& o) {
  field("accel", o.accel, "what --accel said");
  field("cell_timeout_s", within<1, kMaxTimeoutSeconds>(o.cell_timeout_s),
        "seconds that the cell may take");
  field("boot_timeout_s", within<1, kMaxTimeoutSeconds>(o.boot_timeout_s),
        "seconds that a boot may take");
  field("isolation", o.isolation, "what shared a guest");
}

void fields(auto& field, Of<Manifest> auto& m) {
  field.constant("schema", kPackSchema, "version of this format",
                 "made by another version of bpfmatrix");
  field("bpfmatrix", m.bpfmatrix, "the version that made it");
  field("cell", m.cell, "KERNEL/CASE/BTF SOURCE/LOADER");
  field("kernel", m.kernel, "the kernel that was run");
  field("case", checked<is_valid_id>(m.case_id, "no valid name"), "the case, or the object's name");
  field("group", m.group, "the case's group; object: an object given by file");
  field("btf", m.btf, "what the loader relocates against");
  field("loader", checked<is_valid_id>(m.loader, "no valid name"), "by name");
  field("app", m.app, "a loader that is an application: how it is run");
  field("object", m.object, "as a person named it: the path given, the source, or PACKAGE:PATH");
  field("options", m.options, "how it was run");
  field("members", m.members, "all other files of the pack, sorted");
}

namespace {

/// What the reader of single fields cannot see.
Result<> check_members(const std::vector<PackMember>& members) {
  if (members.size() > kMaxPackMembers) {
    return Error{fmt::format("more than {} files", kMaxPackMembers)};
  }
  std::uint64_t room = kMaxPackBytes;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].bytes > room) {
      return Error{fmt::format("its files have more than {} bytes together", kMaxPackBytes)};
    }
    room -= members[i].bytes;
    if (i == 0 || members[i - 1].path < members[i].path) continue;
    return Error{fmt::format("'{}': twice, or not sorted", members[i].path)};
  }
  return {};
}

Result<> check_parts(const Manifest& manifest) {
  for (const std::string_view path : kNeeded) {
    if (!manifest.has(path)) return Error{fmt::format("'{}' is missing", path)};
  }
  const bool by_file = manifest.group == "object";
  if (manifest.has(kCaseJsonMember) == by_file) {
    return Error{fmt::format("'{}' is {}", kCaseJsonMember, by_file ? "too many" : "missing")};
  }
  if (manifest.has(kAppMember) != manifest.app.has_value()) {
    return Error{fmt::format("'{}' and the key 'app' are not both there", kAppMember)};
  }
  if (manifest.app && manifest.app->name != manifest.loader) {
    return Error{fmt::format("the application is called '{}', and the loader '{}'",
                             manifest.app->name, manifest.loader)};
  }
  if (manifest.has(kBtfMember) && !hands_over(manifest.btf)) {
    return Error{fmt::format("'{}' is there, and no BTF was embedded", kBtfMember)};
  }
  if (manifest.as_cell().id() == manifest.cell) return {};
  return Error{fmt::format("its cell is '{}', and the parts of it make '{}'", manifest.cell,
                           manifest.as_cell().id())};
}

}  // namespace

const PackMember* Manifest::find(std::string_view path) const {
  const auto found = std::lower_bound(
      members.begin(), members.end(), path,
      [](const PackMember& member, std::string_view wanted) { return member.path < wanted; });
  return found != members.end() && found->path == path ? &*found : nullptr;
}

bool is_member_path(std::string_view path) {
  if (path.size() > kMaxPathBytes || !is_safe_relative_path(path)) return false;
  if (!std::all_of(path.begin(), path.end(), is_plain)) return false;
  const bool single =
      std::find(kSingleMembers.begin(), kSingleMembers.end(), path) != kSingleMembers.end();
  return single || std::any_of(kFolders.begin(), kFolders.end(),
                               [&](std::string_view folder) { return path.starts_with(folder); });
}

std::string to_text(const Manifest& manifest) {
  return json_text(to_json_tree(manifest), 1) + "\n";
}

Result<Manifest> read_manifest(std::string_view text, const std::string& where) {
  Result<Manifest> manifest = from_json_text<Manifest>(text, where);
  if (!manifest) {
    Error error = std::move(manifest).error();
    if (error.hint.empty()) error.hint = kHint;
    return error;
  }
  Result<> checked = check_members(manifest->members);
  if (checked) checked = check_parts(*manifest);
  if (checked) return manifest;
  return Error{fmt::format("'{}': {}", where, checked.error().message), std::string(kHint)};
}

OrderedJson manifest_schema() {
  return json_schema<Manifest>("bpfmatrix pack, schema 1: manifest.json of a pack",
                               "One cell of a run, with all that it takes to run it again.");
}

}  // namespace bpfmatrix
