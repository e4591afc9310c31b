#include "matrix/inner_path.h"

#include "base/file.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

std::optional<fs::path> inner_path(const fs::path& folder, const std::string& name) {
  const fs::path relative = fs::path(name).lexically_normal();
  if (name.empty() || relative.is_absolute() || *relative.begin() == "..") return std::nullopt;
  if (name.find('\0') != std::string::npos) return std::nullopt;
  fs::path path = folder / relative;
  if (!is_below(path, folder)) return std::nullopt;
  return path;
}

}  // namespace bpfmatrix
