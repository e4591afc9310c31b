// A read-only view of .BTF.ext: what belongs to the instructions of an object. Line information
// names source lines, and CO-RE relocations say what a loader has to adapt to the running kernel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/words.h"
#include "elf/btf.h"

namespace bpfmatrix {

/// In the order of enum bpf_core_relo_kind.
enum class CoreRelocationKind : std::uint8_t {
  byte_off,
  byte_sz,
  field_exists,
  is_signed,
  lshift_u64,
  rshift_u64,
  local_type_id,
  target_type_id,
  type_exists,
  type_size,
  enumval_exists,
  enumval_value,
  type_matches,
};
/// As libbpf's log has them.
inline constexpr Word<CoreRelocationKind> kCoreRelocationKindWords[] = {
    {CoreRelocationKind::byte_off, "byte_off"},
    {CoreRelocationKind::byte_sz, "byte_sz"},
    {CoreRelocationKind::field_exists, "field_exists"},
    {CoreRelocationKind::is_signed, "signed"},
    {CoreRelocationKind::lshift_u64, "lshift_u64"},
    {CoreRelocationKind::rshift_u64, "rshift_u64"},
    {CoreRelocationKind::local_type_id, "local_type_id"},
    {CoreRelocationKind::target_type_id, "target_type_id"},
    {CoreRelocationKind::type_exists, "type_exists"},
    {CoreRelocationKind::type_size, "type_size"},
    {CoreRelocationKind::enumval_exists, "enumval_exists"},
    {CoreRelocationKind::enumval_value, "enumval_value"},
    {CoreRelocationKind::type_matches, "type_matches"},
};
constexpr const auto& words_of(CoreRelocationKind) { return kCoreRelocationKindWords; }
inline constexpr std::size_t kCoreRelocationKindCount = std::size(kCoreRelocationKindWords);

// `section` is the ELF section of the instructions, `instruction` counts 8-byte slots from its
// start. All names belong to the Btf the view was parsed with.
struct FuncInfo {
  std::string_view section{};
  std::uint32_t instruction = 0;
  BtfId type = 0;
};
struct LineInfo {
  std::string_view section{};
  std::uint32_t instruction = 0;
  std::string_view file{};
  std::string_view text{};
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};
struct CoreRelocation {
  std::string_view section{};
  std::uint32_t instruction = 0;
  /// The type in the object's own BTF that the access starts from.
  BtfId type = 0;
  /// "0:1:2", "0" for a type, the enumerator's index for an enum value.
  std::string_view access{};
  CoreRelocationKind kind = CoreRelocationKind::byte_off;
};

struct BtfExt {
  std::vector<FuncInfo> functions{};
  std::vector<LineInfo> lines{};
  std::vector<CoreRelocation> relocations{};

  /// The source line `instruction` of `section` came from: the nearest record at or before it.
  const LineInfo* line_of(std::string_view section, std::uint32_t instruction) const;
};

/// `btf` is the object's own and must outlive the result. Error: cut short, records smaller than
/// their fields, names or types that point nowhere, an unknown relocation kind.
Result<BtfExt> parse_btf_ext(std::string_view bytes, const Btf& btf);

}  // namespace bpfmatrix
