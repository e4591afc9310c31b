// The lengths of the names in a cpio archive, looked at before libarchive is: it asks for as much
// memory as a name says it has, up to 4 GiB (archive_read_support_format_cpio.c, header_newc(),
// 3.6.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

/// Follows a cpio archive of the format that rpm writes ("newc"), piece by piece.
class CpioNames {
 public:
  /// Error: not such an archive, or a name of more than 64 KiB.
  Result<> take(std::string_view piece);

 private:
  Result<> check_header() const;
  void pass_header();

  /// What is still to be passed over: the rest of a name or a file.
  std::uint64_t skip_ = 0;
  /// A header, or the name that may end the archive, as far as it is here.
  std::string part_{};
  bool ended_ = false;
};

}  // namespace bpfmatrix
