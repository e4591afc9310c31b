#include "run/objects/include_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "elf/elf_file.h"
#include "elf/object_types.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

Result<> check_file(std::string_view name, std::string_view verb, const fs::path& directory,
                    const std::vector<fs::path>& folders) {
  const fs::path file = directory / fs::path(name);
  const bool allowed = std::any_of(folders.begin(), folders.end(),
                                   [&](const fs::path& folder) { return is_below(file, folder); });
  if (allowed) return {};
  return Error{fmt::format("{} '{}', which is outside of the case's folder", verb, name),
               std::string(kIncludeHint)};
}

}  // namespace

Result<> check_includes(std::string_view opened, const fs::path& directory,
                        const std::vector<fs::path>& folders) {
  while (!opened.empty()) {
    const std::string_view name = opened.substr(0, opened.find('\n'));
    opened.remove_prefix(std::min(name.size() + 1, opened.size()));
    if (name.empty()) continue;
    if (Result<> ok = check_file(name, "includes", directory, folders); !ok) return ok;
  }
  return {};
}

Result<> check_line_files(std::string object, const fs::path& directory,
                          const std::vector<fs::path>& folders) {
  const Result<ElfFile> elf = ElfFile::parse(std::move(object));
  if (!elf) return {};
  const Result<std::optional<ObjectTypes>> types = read_object_types(*elf);
  if (!types || !*types) return {};
  std::set<std::string_view> names;
  for (const LineInfo& line : (*types)->ext.lines) names.insert(line.file);
  for (const std::string_view name : names) {
    if (Result<> ok = check_file(name, "has lines of", directory, folders); !ok) return ok;
  }
  return {};
}

}  // namespace bpfmatrix
