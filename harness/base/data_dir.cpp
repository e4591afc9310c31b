#include "base/data_dir.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> data_folders() {
  if (const char* chosen = ::getenv("BPFMATRIX_DATA_DIR"); chosen != nullptr && *chosen != '\0') {
    return {chosen};
  }
  std::vector<fs::path> folders;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) folders.push_back(program.parent_path().parent_path() / "share" / "bpfmatrix");
  folders.emplace_back(BPFMATRIX_SOURCE_TREE);
  return folders;
}

}  // namespace

Result<fs::path> find_data(const fs::path& relative) {
  std::string looked;
  for (const fs::path& folder : data_folders()) {
    std::error_code ignored;
    if (fs::exists(folder / relative, ignored)) return folder / relative;
    looked += fmt::format("{}'{}'", looked.empty() ? "" : ", ", folder.string());
  }
  return Error{fmt::format("data file '{}' not found in {}", relative.string(), looked),
               "set BPFMATRIX_DATA_DIR to the folder that holds it"};
}

}  // namespace bpfmatrix
