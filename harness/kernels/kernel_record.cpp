#include "kernels/kernel_record.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxRecordBytes = 1 << 20;
constexpr const char* kPackageRecordName = "package.json";

OrderedJson relative_or_null(const std::optional<fs::path>& path, const fs::path& folder) {
  if (!path) return nullptr;
  return path->lexically_relative(folder).generic_string();
}

OrderedJson to_json(const Origin& origin) {
  return {{"kind", origin.kind},     {"package", origin.package},     {"version", origin.version},
          {"sha256", origin.sha256}, {"signed_by", origin.signed_by}, {"chain", origin.chain}};
}

OrderedJson to_json(const std::optional<KernelBtf>& btf, const fs::path& folder) {
  if (!btf) return nullptr;
  return {{"file", relative_or_null(btf->file, folder)},
          {"bytes", btf->bytes},
          {"sha256", btf->sha256}};
}

/// A path below `folder`, from a record that somebody may have edited.
fs::path inside(ObjectReader& reader, std::string_view key, const std::string& text,
                const fs::path& folder) {
  if (!reader.failed() && !is_safe_relative_path(text)) {
    reader.fail(key, fmt::format("'{}' is not a path in the tree", text));
  }
  return folder / text;
}

std::optional<fs::path> optional_inside(ObjectReader& reader, std::string_view key,
                                        const fs::path& folder) {
  const auto text = reader.optional_string(key);
  if (!text) return std::nullopt;
  return inside(reader, key, *text, folder);
}

std::string read_sha256(ObjectReader& reader, std::string_view key) {
  std::string text = reader.string(key);
  if (!reader.failed() && !is_sha256(text)) reader.fail(key, "not a sha256");
  return text;
}

void check_schema(ObjectReader& reader) {
  if (const auto schema = reader.integer("schema"); !reader.failed() && schema != 1) {
    reader.fail("schema", fmt::format("wanted 1, got {}", schema),
                "fetched by another version of bpfmatrix: remove it and fetch it again");
  }
}

Result<Origin> read_origin(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  Origin origin;
  origin.kind = reader.string("kind");
  origin.package = reader.string("package");
  origin.version = reader.string("version");
  origin.sha256 = read_sha256(reader, "sha256");
  origin.signed_by = reader.string("signed_by");
  origin.chain = reader.strings("chain");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return origin;
}

Result<std::optional<KernelBtf>> read_btf(const Json* json, const std::string& where,
                                          const fs::path& folder) {
  if (json == nullptr) return std::optional<KernelBtf>();
  ObjectReader reader(*json, where);
  KernelBtf btf;
  btf.file = inside(reader, "file", reader.string("file"), folder);
  const std::int64_t bytes = reader.integer("bytes");
  if (!reader.failed() && bytes < 0) reader.fail("bytes", "negative");
  btf.bytes = static_cast<std::uint64_t>(bytes);
  btf.sha256 = read_sha256(reader, "sha256");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return std::optional<KernelBtf>(std::move(btf));
}

Arch read_arch(ObjectReader& reader) {
  const std::string text = reader.string("arch");
  const auto arch = parse_arch(text);
  if (!arch) reader.fail("arch", fmt::format("unknown architecture '{}'", text));
  return arch.value_or(Arch::x86_64);
}

Result<Json> read_json(const fs::path& path) {
  Result<std::string> text = read_file(path, kMaxRecordBytes);
  if (!text) return std::move(text).error();
  return parse_json(*text, path.string());
}

}  // namespace

Result<> write_kernel_record(const Kernel& kernel, const fs::path& folder) {
  OrderedJson json{{"schema", 1},
                   {"id", kernel.id},
                   {"release", kernel.release},
                   {"arch", to_string(kernel.arch)},
                   {"image", relative_or_null(kernel.image, folder)},
                   {"image_sha256", kernel.image_sha256},
                   {"config", relative_or_null(kernel.config, folder)},
                   {"system_map", relative_or_null(kernel.system_map, folder)},
                   {"modules", relative_or_null(kernel.modules, folder)},
                   {"btf", to_json(kernel.btf, folder)},
                   {"origin", to_json(kernel.origin)}};
  if (kernel.detached_btf) json["detached_btf"] = to_json(kernel.detached_btf, folder);
  return write_file(folder / kKernelRecordName, json.dump(2) + "\n");
}

Result<Kernel> read_kernel_record(const fs::path& folder) {
  const fs::path path = folder / kKernelRecordName;
  Result<Json> json = read_json(path);
  if (!json) return std::move(json).error();
  ObjectReader reader(*json, path.string());
  check_schema(reader);
  Kernel kernel;
  kernel.id = reader.string("id");
  kernel.release = reader.string("release");
  kernel.arch = read_arch(reader);
  kernel.image = inside(reader, "image", reader.string("image"), folder);
  kernel.image_sha256 = read_sha256(reader, "image_sha256");
  kernel.config = optional_inside(reader, "config", folder);
  kernel.system_map = optional_inside(reader, "system_map", folder);
  kernel.modules = optional_inside(reader, "modules", folder);
  const Json* btf = reader.object("btf");
  const Json* detached = reader.object("detached_btf");
  const Json* origin = reader.required("origin");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  Result<std::optional<KernelBtf>> own = read_btf(btf, reader.where("btf"), folder);
  if (!own) return std::move(own).error();
  kernel.btf = *std::move(own);
  Result<std::optional<KernelBtf>> made = read_btf(detached, reader.where("detached_btf"), folder);
  if (!made) return std::move(made).error();
  kernel.detached_btf = *std::move(made);
  Result<Origin> read = read_origin(*origin, reader.where("origin"));
  if (!read) return std::move(read).error();
  kernel.origin = *std::move(read);
  return kernel;
}

Result<> write_package_record(const Origin& origin, const fs::path& folder) {
  const OrderedJson json{{"schema", 1}, {"origin", to_json(origin)}};
  return write_file(folder / kPackageRecordName, json.dump(2) + "\n");
}

Result<Origin> read_package_record(const fs::path& folder) {
  const fs::path path = folder / kPackageRecordName;
  Result<Json> json = read_json(path);
  if (!json) return std::move(json).error();
  ObjectReader reader(*json, path.string());
  check_schema(reader);
  const Json* origin = reader.required("origin");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return read_origin(*origin, reader.where("origin"));
}

}  // namespace bpfmatrix
