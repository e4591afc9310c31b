// One file of many: a tarball packed with zstd, which we write ourselves and read as if its maker
// meant harm.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kernels/archive/unpack.h"

namespace bpfmatrix {

/// Nothing but names and contents counts: the same files in the same order give the same bytes.
class TarZst {
 public:
  TarZst();
  ~TarZst();
  TarZst(const TarZst&) = delete;
  TarZst& operator=(const TarZst&) = delete;

  /// Error: a path that the format has no room for.
  Result<> add(const std::string& path, std::string_view bytes);
  /// The whole archive; once, at the end.
  Result<std::string> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Unpacks as unpack.h promises; a folder of its own in the archive is an error, too. Error also:
/// not a tarball packed with zstd, or packed more than once; more comes out of the packing than
/// `rules` allow files to have, and as much again for their headers.
Result<> unpack_tar_zst(const std::filesystem::path& archive, const std::filesystem::path& into,
                        const PlaceFile& place, UnpackRules rules);

}  // namespace bpfmatrix
