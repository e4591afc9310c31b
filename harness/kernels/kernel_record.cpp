#include "kernels/kernel_record.h"

#include "base/file.h"
#include "base/json_fields.h"
#include "base/sha256.h"
#include "base/text.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxRecordBytes = 1 << 20;
constexpr const char* kPackageRecordName = "package.json";
constexpr int kRecordSchema = 1;
constexpr std::string_view kOtherSchema =
    "fetched by another version of bpfmatrix: remove it and fetch it again";

// The records as they are in JSON. Paths are relative to the folder, and somebody may have edited
// them.

auto path_field(auto& text) {
  return checked<is_safe_relative_path>(text, "not a path in the tree");
}
auto hash_field(auto& text) { return checked<is_sha256>(text, "not a sha256"); }

struct BtfRecord {
  std::string file{};
  std::uint64_t bytes = 0;
  std::string sha256{};
};
void fields(auto& field, Of<BtfRecord> auto& b) {
  field("file", path_field(b.file), "its path in this folder");
  field("bytes", b.bytes, "its size");
  field("sha256", hash_field(b.sha256), "its hash");
}

struct OriginRecord {
  Origin origin{};
};
void fields(auto& field, Of<OriginRecord> auto& r) {
  field("kind", r.origin.kind, "deb, rpm, source, local");
  field("package", r.origin.package, "what the kernel, or its source, was in");
  field("version", r.origin.version, "the package's version");
  field("sha256", hash_field(r.origin.sha256), "of the package or tarball, or of a local image");
  field("signed_by", r.origin.signed_by,
        "fingerprint of the key that signed the archive or the package; empty: pinned by its hash, "
        "or local");
  field("chain", r.origin.chain, "the links from signature to file, outermost first");
}

struct KernelRecord {
  std::string id{};
  std::string release{};
  Arch arch = Arch::x86_64;
  std::string image{};
  std::string image_sha256{};
  std::optional<std::string> config{};
  std::optional<std::string> system_map{};
  std::optional<std::string> modules{};
  std::optional<BtfRecord> btf{};
  std::optional<BtfRecord> detached_btf{};
  OriginRecord origin{};
};
void fields(auto& field, Of<KernelRecord> auto& k) {
  field.constant("schema", kRecordSchema, "version of this format", kOtherSchema);
  field("id", k.id, "id in the catalog");
  field("release", k.release, "uname -r");
  field("arch", k.arch, "uname -m");
  field("image", path_field(k.image), "the kernel");
  field("image_sha256", hash_field(k.image_sha256), "its hash");
  field("config", path_field(k.config), "its configuration; null: there is none");
  field("system_map", path_field(k.system_map), "its System.map; null: there is none");
  field("modules", path_field(k.modules),
        "the folder of its modules; null: all that is needed is built in");
  field("btf", k.btf, "the BTF in its image; null: it was built without");
  field("origin", k.origin, "where its files are from, and how they were verified");
  field("detached_btf", left_out_if_none(k.detached_btf),
        "BTF made from its debug information, for a kernel that has none of its own");
}

struct PackageRecord {
  OriginRecord origin{};
};
void fields(auto& field, Of<PackageRecord> auto& p) {
  field.constant("schema", kRecordSchema, "version of this format", kOtherSchema);
  field("origin", p.origin, "where the package is from, and how it was verified");
}

std::string path_in(const fs::path& path, const fs::path& folder) {
  return path.lexically_relative(folder).generic_string();
}

std::optional<std::string> optional_path_in(const std::optional<fs::path>& path,
                                            const fs::path& folder) {
  return path ? std::optional(path_in(*path, folder)) : std::nullopt;
}

std::optional<BtfRecord> to_record(const std::optional<KernelBtf>& btf, const fs::path& folder) {
  if (!btf) return std::nullopt;
  return BtfRecord{path_in(btf->file, folder), btf->bytes, btf->sha256};
}

std::optional<fs::path> inside(const std::optional<std::string>& path, const fs::path& folder) {
  return path ? std::optional(folder / *path) : std::nullopt;
}

std::optional<KernelBtf> from_record(const std::optional<BtfRecord>& btf, const fs::path& folder) {
  if (!btf) return std::nullopt;
  return KernelBtf{folder / btf->file, btf->bytes, btf->sha256};
}

template <typename Record>
Result<Record> read_record(const fs::path& path) {
  const Result<std::string> text = read_file(path, kMaxRecordBytes);
  if (!text) return text.error();
  return from_json_text<Record>(*text, path.string());
}

template <typename Record>
std::string record_text(const Record& record) {
  return json_text(to_json_tree(record), 2) + "\n";
}

}  // namespace

std::string kernel_record_text(const Kernel& kernel, const fs::path& folder) {
  return record_text(KernelRecord{.id = kernel.id,
                                  .release = kernel.release,
                                  .arch = kernel.arch,
                                  .image = path_in(kernel.image, folder),
                                  .image_sha256 = kernel.image_sha256,
                                  .config = optional_path_in(kernel.config, folder),
                                  .system_map = optional_path_in(kernel.system_map, folder),
                                  .modules = optional_path_in(kernel.modules, folder),
                                  .btf = to_record(kernel.btf, folder),
                                  .detached_btf = to_record(kernel.detached_btf, folder),
                                  .origin = {kernel.origin}});
}

Result<> write_kernel_record(const Kernel& kernel, const fs::path& folder) {
  return write_file(folder / kKernelRecordName, kernel_record_text(kernel, folder));
}

Result<Kernel> read_kernel_record(const fs::path& folder) {
  Result<KernelRecord> record = read_record<KernelRecord>(folder / kKernelRecordName);
  if (!record) return std::move(record).error();
  return Kernel{.id = record->id,
                .release = record->release,
                .arch = record->arch,
                .image = folder / record->image,
                .image_sha256 = record->image_sha256,
                .config = inside(record->config, folder),
                .system_map = inside(record->system_map, folder),
                .modules = inside(record->modules, folder),
                .btf = from_record(record->btf, folder),
                .detached_btf = from_record(record->detached_btf, folder),
                .origin = std::move(record->origin.origin)};
}

Result<> write_package_record(const Origin& origin, const fs::path& folder) {
  return write_file(folder / kPackageRecordName, record_text(PackageRecord{{origin}}));
}

Result<Origin> read_package_record(const fs::path& folder) {
  Result<PackageRecord> record = read_record<PackageRecord>(folder / kPackageRecordName);
  if (!record) return std::move(record).error();
  return std::move(record->origin.origin);
}

OrderedJson kernel_record_schema() {
  return json_schema<KernelRecord>("bpfmatrix kernel, schema 1: kernel.json of a kernel's folder",
                                   "One kernel that can be booted: its files, and their origin.");
}

}  // namespace bpfmatrix
