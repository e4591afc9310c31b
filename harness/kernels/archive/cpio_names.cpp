#include "kernels/archive/cpio_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace bpfmatrix {

namespace {

// Documentation/driver-api/early-userspace/buffer-format.rst, v6.1: a magic number and 13 numbers
// of 8 hexadecimal digits, the name, the file, each padded to 4 bytes.
constexpr std::size_t kHeaderBytes = 110;
constexpr std::size_t kSizeAt = 54;
constexpr std::size_t kNameSizeAt = 94;
constexpr std::string_view kTrailer("TRAILER!!!\0", 11);
constexpr std::uint32_t kMaxName = 1 << 16;

/// Where libarchive sees no header it looks for the next one further on
/// (find_newc_header(), 3.6.2), and would so come to names that are not seen here.
bool is_header(std::string_view bytes) {
  if (!bytes.starts_with("070701") && !bytes.starts_with("070702")) return false;
  return std::all_of(bytes.begin(), bytes.begin() + kHeaderBytes,
                     [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::optional<std::uint32_t> number(std::string_view header, std::size_t at) {
  std::uint32_t value = 0;
  const char* begin = header.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + 8, value, 16);
  if (error != std::errc{} || end != begin + 8) return std::nullopt;
  return value;
}

std::uint64_t padded(std::uint64_t bytes) { return (bytes + 3) / 4 * 4; }

}  // namespace

Result<> CpioNames::take(std::string_view piece) {
  while (!piece.empty() && !ended_) {
    const std::uint64_t skipped = std::min<std::uint64_t>(skip_, piece.size());
    piece.remove_prefix(skipped);
    skip_ -= skipped;
    const std::size_t wanted = kHeaderBytes + kTrailer.size() - part_.size();
    part_ += piece.substr(0, wanted);
    piece.remove_prefix(std::min(wanted, piece.size()));
    // An archive that is cut short may end before as much as a trailer has.
    if (part_.size() < kHeaderBytes) return {};
    if (Result<> ok = check_header(); !ok) return ok;
    if (part_.size() < kHeaderBytes + kTrailer.size()) return {};
    pass_header();
  }
  return {};
}

Result<> CpioNames::check_header() const {
  const auto name_size = number(part_, kNameSizeAt);
  if (!is_header(part_) || !number(part_, kSizeAt) || !name_size) {
    return Error{"not a cpio archive as rpm writes it"};
  }
  if (*name_size > kMaxName) {
    return Error{fmt::format("a name of {} bytes in it", *name_size)};
  }
  return {};
}

void CpioNames::pass_header() {
  const std::string_view header = part_;
  const auto size = number(header, kSizeAt);
  const auto name_size = number(header, kNameSizeAt);
  ended_ = *name_size == kTrailer.size() && header.substr(kHeaderBytes, *name_size) == kTrailer;
  // The next header may have begun.
  const std::uint64_t whole = padded(kHeaderBytes + *name_size) + padded(*size);
  const std::uint64_t here = std::min<std::uint64_t>(whole, part_.size());
  part_.erase(0, here);
  skip_ = whole - here;
}

}  // namespace bpfmatrix
