#include "kernels/image/btf_scan.h"

#include <cstring>

namespace bpfmatrix {

namespace {

// BTF_MAGIC 0xeb9f, version 1, flags 0: include/uapi/linux/btf.h, v5.8.
constexpr std::string_view kScannedMagic("\x9f\xeb\x01\x00", 4);
constexpr std::size_t kBtfHeaderBytes = 24;
constexpr std::size_t kMaxBtfHeaderBytes = 256;
constexpr std::uint32_t kFirstUnknownKind = 20;

std::uint32_t u32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);  // little-endian, as both our hosts are
  return value;
}

/// The section of `length` bytes at `offset` behind the header; nothing if it does not fit.
std::optional<std::string_view> section(std::string_view bytes, std::size_t header,
                                        std::uint64_t offset, std::uint64_t length) {
  const std::uint64_t start = header + offset;
  if (start > bytes.size() || length > bytes.size() - start) return std::nullopt;
  return bytes.substr(start, length);
}

/// What follows a btf_type of this kind (Documentation/bpf/btf.rst); nothing: an unknown kind.
std::optional<std::uint64_t> extra_bytes(std::uint32_t kind, std::uint64_t vlen) {
  switch (kind) {
    case 1:   // INT
    case 14:  // VAR
    case 17:  // DECL_TAG
      return 4;
    case 3:  // ARRAY
      return 12;
    case 4:   // STRUCT
    case 5:   // UNION
    case 15:  // DATASEC
    case 19:  // ENUM64
      return vlen * 12;
    case 6:   // ENUM
    case 13:  // FUNC_PROTO
      return vlen * 8;
    case 2:   // PTR
    case 7:   // FWD
    case 8:   // TYPEDEF
    case 9:   // VOLATILE
    case 10:  // CONST
    case 11:  // RESTRICT
    case 12:  // FUNC
    case 16:  // FLOAT
    case 18:  // TYPE_TAG
      return 0;
    default:
      return std::nullopt;
  }
}

/// Without their bytes.
std::optional<BtfShape> count_types(std::string_view types, std::size_t string_bytes) {
  BtfShape shape;
  while (!types.empty()) {
    if (types.size() < 12 || u32(types, 0) >= string_bytes) return std::nullopt;
    const std::uint32_t info = u32(types, 4);
    const std::uint32_t kind = (info >> 24) & 0x1f;
    const auto extra = extra_bytes(kind, info & 0xffff);
    shape.all_known = extra.has_value();
    if (!extra) return kind >= kFirstUnknownKind ? std::optional(shape) : std::nullopt;
    if (*extra > types.size() - 12) return std::nullopt;
    types.remove_prefix(12 + *extra);
    ++shape.types;
  }
  return shape;
}

}  // namespace

std::optional<BtfShape> measure_btf(std::string_view bytes) {
  if (bytes.size() < kBtfHeaderBytes || !bytes.starts_with(kScannedMagic)) return std::nullopt;
  const std::size_t header = u32(bytes, 4);
  if (header < kBtfHeaderBytes || header > kMaxBtfHeaderBytes || header % 4 != 0)
    return std::nullopt;
  const std::uint64_t type_offset = u32(bytes, 8);
  const std::uint64_t type_bytes = u32(bytes, 12);
  const std::uint64_t string_offset = u32(bytes, 16);
  const std::uint64_t string_bytes = u32(bytes, 20);
  if (type_offset % 4 != 0 || string_bytes == 0) return std::nullopt;
  if (string_offset < type_offset + type_bytes) return std::nullopt;
  const auto types = section(bytes, header, type_offset, type_bytes);
  const auto strings = section(bytes, header, string_offset, string_bytes);
  if (!types || !strings || strings->front() != '\0' || strings->back() != '\0') {
    return std::nullopt;
  }
  auto shape = count_types(*types, strings->size());
  if (shape) shape->bytes = header + string_offset + string_bytes;
  return shape;
}

bool is_vmlinux_btf(std::string_view btf) {
  constexpr std::string_view kName("\0task_struct\0", 13);
  return btf.find(kName) != std::string_view::npos;
}

std::string_view find_vmlinux_btf(std::string_view image) {
  std::string_view best;
  for (auto at = image.find(kScannedMagic); at != std::string_view::npos;
       at = image.find(kScannedMagic, at + 4)) {
    const std::string_view rest = image.substr(at);
    const auto shape = measure_btf(rest);
    if (!shape || shape->bytes <= best.size()) continue;
    if (const auto found = rest.substr(0, shape->bytes); is_vmlinux_btf(found)) best = found;
  }
  return best;
}

}  // namespace bpfmatrix
