#include "elf/btf_ext.h"

#include <fmt/format.h>

#include <functional>

#include "elf/elf_file.h"
#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

struct ExtHeader {
  std::uint16_t magic;
  std::uint8_t version;
  std::uint8_t flags;
  std::uint32_t header_size;
  std::uint32_t functions_at, functions_size;
  std::uint32_t lines_at, lines_size;
};
/// Follows the header where its size says so: objects without CO-RE relocations may lack it.
struct RelocationsHeader {
  std::uint32_t at, size;
};

struct RawFuncInfo {
  std::uint32_t offset, type;
};
struct RawLineInfo {
  std::uint32_t offset, file, text, line_column;
};
struct RawCoreRelocation {
  std::uint32_t offset, type, access, kind;
};

Error broken_ext(std::string_view what) { return Error{fmt::format(".BTF.ext: {}", what)}; }

/// Hands each record of a subsection to `take(section, record)`: a record size, then, for each ELF
/// section, its name, a count and that many records.
template <typename Record, typename Take>
Result<> each_record(std::string_view bytes, const Btf& btf, const Take& take) {
  if (bytes.empty()) return {};
  const auto record_size = read_at<std::uint32_t>(bytes, 0);
  if (!record_size || *record_size < sizeof(Record)) return broken_ext("records too small");
  std::uint64_t at = sizeof *record_size;
  while (at < bytes.size()) {
    const auto name_offset = read_at<std::uint32_t>(bytes, at);
    const auto count = read_at<std::uint32_t>(bytes, at + 4);
    if (!name_offset || !count) return broken_ext("cut short");
    const auto section = btf.string(*name_offset);
    if (!section) return broken_ext("a section name beyond the strings");
    at += 8;
    if (!slice(bytes, at, std::uint64_t{*count} * *record_size)) return broken_ext("cut short");
    for (std::uint32_t i = 0; i < *count; ++i, at += *record_size) {
      if (Result<> taken = take(*section, *read_at<Record>(bytes, at)); !taken) return taken;
    }
  }
  return {};
}

Result<> read_functions(std::string_view bytes, const Btf& btf, std::vector<FuncInfo>& all) {
  return each_record<RawFuncInfo>(
      bytes, btf, [&](std::string_view section, const RawFuncInfo& raw) -> Result<> {
        if (raw.type >= btf.type_count()) return broken_ext("a function whose type does not exist");
        all.push_back({section, raw.offset / kInstructionBytes, raw.type});
        return {};
      });
}

Result<> read_lines(std::string_view bytes, const Btf& btf, std::vector<LineInfo>& all) {
  return each_record<RawLineInfo>(
      bytes, btf, [&](std::string_view section, const RawLineInfo& raw) -> Result<> {
        const auto file = btf.string(raw.file);
        const auto text = btf.string(raw.text);
        if (!file || !text) return broken_ext("a source line beyond the strings");
        all.push_back({section, raw.offset / kInstructionBytes, *file, *text, raw.line_column >> 10,
                       raw.line_column & 0x3FF});
        return {};
      });
}

Result<> read_relocations(std::string_view bytes, const Btf& btf,
                          std::vector<CoreRelocation>& all) {
  return each_record<RawCoreRelocation>(
      bytes, btf, [&](std::string_view section, const RawCoreRelocation& raw) -> Result<> {
        const auto access = btf.string(raw.access);
        if (!access) return broken_ext("an access string beyond the strings");
        if (raw.type >= btf.type_count())
          return broken_ext("a relocation whose type does not exist");
        if (raw.kind >= kCoreRelocationKindCount) {
          return broken_ext(fmt::format("the unknown relocation kind {}", raw.kind));
        }
        all.push_back({section, raw.offset / kInstructionBytes, raw.type, *access,
                       static_cast<CoreRelocationKind>(raw.kind)});
        return {};
      });
}

}  // namespace

Result<BtfExt> parse_btf_ext(std::string_view bytes, const Btf& btf) {
  const auto header = read_at<ExtHeader>(bytes, 0);
  if (!header) return broken_ext("cut short");
  if (header->magic != kBtfMagic) return broken_ext("wrong magic number");
  if (header->version != 1) return broken_ext(fmt::format("unknown version {}", header->version));
  RelocationsHeader relocations{};
  if (header->header_size >= sizeof(ExtHeader) + sizeof relocations) {
    const auto found = read_at<RelocationsHeader>(bytes, sizeof(ExtHeader));
    if (!found) return broken_ext("cut short");
    relocations = *found;
  }

  const auto part = [&](std::uint32_t at, std::uint32_t size) {
    return slice(bytes, std::uint64_t{header->header_size} + at, size);
  };
  const auto function_bytes = part(header->functions_at, header->functions_size);
  const auto line_bytes = part(header->lines_at, header->lines_size);
  const auto relocation_bytes = part(relocations.at, relocations.size);
  if (!function_bytes || !line_bytes || !relocation_bytes) return broken_ext("cut short");

  BtfExt ext;
  Result<> read = read_functions(*function_bytes, btf, ext.functions);
  if (read) read = read_lines(*line_bytes, btf, ext.lines);
  if (read) read = read_relocations(*relocation_bytes, btf, ext.relocations);
  if (!read) return std::move(read).error();
  return ext;
}

const LineInfo* BtfExt::line_of(std::string_view section, std::uint32_t instruction) const {
  const LineInfo* nearest = nullptr;
  for (const LineInfo& line : lines) {
    if (line.section != section || line.instruction > instruction) continue;
    if (nearest == nullptr || line.instruction >= nearest->instruction) nearest = &line;
  }
  return nearest;
}

}  // namespace bpfmatrix
