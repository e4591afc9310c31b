#include "kernels/image/kallsyms.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "elf/little_endian.h"
#include "kernels/image/elf_segments.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kTokens = 256;
constexpr std::size_t kMaxTokenBytes = 512;
/// The smallest kernel has thousands, and two markers are what makes a table certain.
constexpr std::uint32_t kMinSymbols = 300;
constexpr std::uint32_t kMaxSymbols = 4'000'000;
constexpr std::size_t kMaxNameBytes = 2048;  // KSYM_NAME_LEN is 512 since v6.1
constexpr std::size_t kSymbolsPerMarker = 256;
/// How much of an image may be walked in vain: a search that is led astray ends here.
constexpr std::size_t kMaxSteps = 100'000'000;

std::size_t align(std::size_t at, std::size_t to) { return (at + to - 1) / to * to; }

/// How the tables are aligned: as the assembler read ALGN. 8, but 256 on arm64 up to v4.19 (where
/// ".align 8" meant 2^8), and 4 in v7.
constexpr std::size_t kAlignments[] = {8, 4, 256};

/// kallsyms_token_table and kallsyms_token_index, which says where in the table each token begins
/// (scripts/kallsyms.c, write_src(), v5.8).
struct TokenTable {
  std::array<std::string_view, kTokens> tokens{};
  std::size_t begin = 0;
  /// Behind the index.
  std::size_t end = 0;
};

/// Reads the tokens from '0' on, which is at `digits`; gives where the last one ends.
std::optional<std::size_t> read_tokens_forward(std::string_view image, std::size_t digits,
                                               TokenTable& table) {
  std::size_t at = digits;
  for (std::size_t i = '0'; i < kTokens; ++i) {
    const auto length = image.substr(at, kMaxTokenBytes).find('\0');
    if (length == std::string_view::npos) return std::nullopt;
    table.tokens[i] = image.substr(at, length);
    at += length + 1;
  }
  return at;
}

/// The index comes after the table, and must agree with every token.
bool read_index(std::string_view image, std::size_t digits, std::size_t at, TokenTable& table) {
  const auto index = [&](std::size_t i) { return read_at<std::uint16_t>(image, at + 2 * i); };
  const auto digit = index('0');
  if (!index(kTokens - 1) || index(0) != 0 || !digit || *digit > digits) return false;
  table.begin = digits - *digit;
  table.end = at + 2 * kTokens;
  for (std::size_t i = 0; i < kTokens; ++i) {
    const std::size_t start = table.begin + *index(i);
    if (start > image.size()) return false;
    const auto length = image.substr(start, kMaxTokenBytes).find('\0');
    if (length == std::string_view::npos) return false;
    const std::string_view token = image.substr(start, length);
    if (i >= '0' && token.data() != table.tokens[i].data()) return false;
    table.tokens[i] = token;
  }
  return true;
}

/// The token of each digit is the digit itself, since names have digits: the search looks for that.
std::optional<TokenTable> find_tokens(std::string_view image) {
  constexpr std::string_view kDigits("0\0001\0002\0003\0004\0005\0006\0007\0008\0009\0", 20);
  for (auto digits = image.find(kDigits); digits != std::string_view::npos;
       digits = image.find(kDigits, digits + 1)) {
    TokenTable table;
    const auto end = read_tokens_forward(image, digits, table);
    if (!end) continue;
    for (const std::size_t alignment : kAlignments) {
      if (read_index(image, digits, align(*end, alignment), table)) return table;
    }
  }
  return std::nullopt;
}

/// kallsyms_num_syms, kallsyms_names and kallsyms_markers, which are in this order in all
/// layouts (scripts/kallsyms.c, write_src(), v5.8).
struct NameTable {
  std::size_t count_at = 0;
  std::vector<KernelSymbol> symbols{};
};

class NameSearch {
 public:
  NameSearch(std::string_view image, const TokenTable& tokens, std::size_t alignment)
      : image_(image), tokens_(tokens), alignment_(alignment) {}

  /// Backwards from the tokens: the names are not far before them.
  std::optional<NameTable> run() {
    for (std::size_t at = tokens_.begin / alignment_ * alignment_;
         at >= alignment_ && steps_ < kMaxSteps; ++steps_) {
      at -= alignment_;
      const std::uint32_t count = *read_at<std::uint32_t>(image_, at);
      if (count < kMinSymbols || count > kMaxSymbols) continue;
      if (count > (tokens_.begin - at) / 2) continue;  // a name takes two bytes at least
      NameTable names{.count_at = at};
      if (read_names(count, at + alignment_, names)) return names;
    }
    return std::nullopt;
  }

 private:
  bool read_names(std::uint32_t count, std::size_t at, NameTable& names) {
    std::vector<std::size_t> markers;
    const std::size_t begin = at;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i % kSymbolsPerMarker == 0) markers.push_back(at - begin);
      if (!read_name(at, names.symbols)) return false;
    }
    at = align(at, alignment_);
    // v4.20 made them 32 bits wide (80ffbaa5b1bd).
    return has_markers<std::uint32_t>(at, markers) || has_markers<std::uint64_t>(at, markers);
  }

  /// One name, a token a byte; its first character is the symbol's type. Lengths from 128 on take
  /// two bytes since v6.1 (73bbb94466fd).
  bool read_name(std::size_t& at, std::vector<KernelSymbol>& symbols) {
    const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(image_[i]); };
    if (at + 2 > tokens_.begin) return false;
    std::size_t length = byte(at++);
    if ((length & 0x80) != 0) length = (length & 0x7f) | (std::size_t{byte(at++)} << 7);
    if (length == 0 || length > tokens_.begin - at) return false;
    std::string text;
    for (const std::size_t end = at + length; at < end; ++at) {
      text += tokens_.tokens[byte(at)];
      if (text.size() > kMaxNameBytes) return false;
    }
    steps_ += length;
    if (!is_symbol(text)) return false;
    symbols.push_back({text.front(), text.substr(1), std::nullopt});
    return true;
  }

  static bool is_symbol(std::string_view text) {
    constexpr std::string_view kTypes = "aAbBcCdDeEgGiIlLnNpPrRsStTuUvVwW?";
    return text.size() > 1 && kTypes.find(text.front()) != std::string_view::npos &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  }

  template <typename T>
  bool has_markers(std::size_t at, const std::vector<std::size_t>& want) const {
    for (std::size_t i = 0; i < want.size(); ++i) {
      if (read_at<T>(image_, at + i * sizeof(T)) != want[i]) return false;
    }
    return true;
  }

  std::string_view image_;
  const TokenTable& tokens_;
  std::size_t alignment_;
  std::size_t steps_ = 0;
};

using Offsets = std::vector<std::int32_t>;
using Addresses = std::vector<std::uint64_t>;

std::uint64_t plus(std::uint64_t base, std::int64_t offset) {
  return base + static_cast<std::uint64_t>(offset);
}

std::optional<Offsets> read_offsets(std::string_view image, std::size_t at, std::size_t count) {
  Offsets offsets(count);
  if (at > image.size() || (image.size() - at) / sizeof(std::int32_t) < count) return std::nullopt;
  std::memcpy(offsets.data(), image.data() + at, count * sizeof(std::int32_t));
  return offsets;
}

bool is_kernel_address(std::uint64_t address) { return address >> 48 == 0xffff; }

/// kallsyms_offsets and kallsyms_relative_base (CONFIG_KALLSYMS_BASE_RELATIVE). Of a kernel with
/// per-CPU symbols (x86 up to v6.14) negative offsets count from the base, others are addresses.
std::optional<Addresses> addresses_from_base(const Offsets& offsets, std::uint64_t base) {
  if (!is_kernel_address(base)) return std::nullopt;  // relocated at boot: the file has a zero
  const bool per_cpu = *std::min_element(offsets.begin(), offsets.end()) < 0;
  Addresses addresses;
  for (const std::int32_t offset : offsets) {
    const bool absolute = per_cpu && offset >= 0;
    addresses.push_back(absolute  ? static_cast<std::uint64_t>(offset)
                        : per_cpu ? plus(base - 1, -std::int64_t{offset})
                                  : plus(base, static_cast<std::uint32_t>(offset)));
  }
  return addresses;
}

/// v7: each offset counts from its own address. The first symbol is of the text, which lies
/// before the tables; an offset from a base that is filled in at boot is never negative there.
std::optional<Addresses> addresses_from_place(const Offsets& offsets, std::uint64_t place) {
  if (offsets.front() >= 0) return std::nullopt;
  Addresses addresses;
  for (const std::int32_t offset : offsets) {
    addresses.push_back(plus(place, offset));
    place += sizeof offset;
  }
  return addresses;
}

/// Where the byte at `at` of an ELF file is linked to run; nothing in a flat image.
std::optional<std::uint64_t> link_address(std::string_view image, std::size_t at) {
  const Result<std::vector<ElfSegment>> segments = elf_segments(image);
  if (!segments) return std::nullopt;
  for (const ElfSegment& segment : *segments) {
    const auto begin = static_cast<std::size_t>(segment.bytes.data() - image.data());
    if (segment.type != PT_LOAD || at < begin || at - begin >= segment.bytes.size()) continue;
    return segment.address + (at - begin);
  }
  return std::nullopt;
}

/// The table is sorted by address: what is not was read in the wrong way.
bool take_addresses(const std::optional<Addresses>& addresses, NameTable& names) {
  if (!addresses || !std::is_sorted(addresses->begin(), addresses->end())) return false;
  if (!is_kernel_address(addresses->back())) return false;
  for (std::size_t i = 0; i < addresses->size(); ++i) names.symbols[i].address = (*addresses)[i];
  return true;
}

/// Up to v6.3 they come before the names, from v6.4 on after the tokens (404bad70fcf7).
void find_addresses(std::string_view image, const TokenTable& tokens, NameTable& names) {
  const std::size_t count = names.symbols.size();
  const std::size_t bytes = align(4 * count, 8);
  const std::size_t behind = align(tokens.end, 8);
  const auto late = read_offsets(image, behind, count);
  const auto late_base = read_at<std::uint64_t>(image, behind + bytes);
  if (late && late_base && take_addresses(addresses_from_base(*late, *late_base), names)) return;
  const auto placed = read_offsets(image, tokens.end, count);
  const auto place = link_address(image, tokens.end);
  if (placed && place && take_addresses(addresses_from_place(*placed, *place), names)) return;
  if (names.count_at < bytes + 8) return;
  const std::size_t base_at = names.count_at - 8;
  const auto early = read_offsets(image, base_at - bytes, count);
  const auto early_base = read_at<std::uint64_t>(image, base_at);
  if (early && early_base) take_addresses(addresses_from_base(*early, *early_base), names);
}

std::optional<NameTable> find_names(std::string_view image, const TokenTable& tokens) {
  for (const std::size_t alignment : kAlignments) {
    auto names = NameSearch(image, tokens, alignment).run();
    if (names) return names;
  }
  return std::nullopt;
}

}  // namespace

std::vector<KernelSymbol> find_kallsyms(std::string_view kernel) {
  const std::optional<TokenTable> tokens = find_tokens(kernel);
  if (!tokens) return {};
  std::optional<NameTable> names = find_names(kernel, *tokens);
  if (!names) return {};
  find_addresses(kernel, *tokens, *names);
  return std::move(names->symbols);
}

std::string system_map_text(const std::vector<KernelSymbol>& symbols) {
  std::string text;
  for (const KernelSymbol& symbol : symbols) {
    text += fmt::format("{:016x} {} {}\n", symbol.address.value_or(0), symbol.type, symbol.name);
  }
  return text;
}

}  // namespace bpfmatrix
