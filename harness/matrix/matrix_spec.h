// What a run is to cover: kernels x cases x BTF sources x loaders. Read from a matrix file
// (ci/matrices/*.json), then narrowed or replaced by the command line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "matrix/btf_source.h"
#include "matrix/loader_app.h"

namespace bpfmatrix {

/// BTF that the user hands over for the BTF source `embedded`, in place of the kernel's.
struct BtfFile {
  /// A glob over the ids of kernels.
  std::string kernels = "*";
  std::string path{};
};

void fields(auto& field, Of<BtfFile> auto& f) {
  field("kernels", f.kernels, "a glob over the ids of kernels");
  field("path", f.path, "the file");
}

struct MatrixSpec {
  /// Ids or globs over the ids of the catalog.
  std::vector<std::string> kernels{};
  /// Ids, globs over ids, or "group/*".
  std::vector<std::string> cases{"*"};
  /// Nothing: what each case says.
  std::optional<std::vector<BtfSource>> btf{};
  std::optional<std::vector<std::string>> loaders{};
  /// The user's own objects, in place of the suite's cases: absolute paths, in a matrix file from
  /// its folder. Empty: the suite.
  std::vector<std::string> objects{};
  /// Those of the loaders that are apps. Not in a matrix file: the command line gives them.
  std::vector<LoaderApp> apps{};
  /// Not in a matrix file either.
  std::vector<BtfFile> btf_files{};
};

/// Keys that begin with "//" are comments. Error: file, key and problem.
Result<MatrixSpec> read_matrix(const std::filesystem::path& file);

}  // namespace bpfmatrix
