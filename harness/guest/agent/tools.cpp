#include "guest/agent/tools.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/file.h"

namespace bpfmatrix::guest {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxToolBytes = std::uint64_t{64} << 20;

}  // namespace

Tools Tools::read(const std::string& folder) {
  Tools tools;
  tools.folder_ = folder + "/";
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
    Result<std::string> bytes = read_file(entry->path(), kMaxToolBytes);
    if (bytes) tools.bytes_.emplace(entry->path(), *std::move(bytes));
  }
  return tools;
}

Result<> Tools::check(const std::string& path) const {
  if (!path.starts_with(folder_)) return {};
  const auto known = bytes_.find(path);
  if (known == bytes_.end()) return Error{fmt::format("'{}': was not there before", path)};
  const Result<std::string> now = read_file(path, kMaxToolBytes);
  if (!now) return now.error();
  if (*now == known->second) return {};
  return Error{fmt::format("'{}': was changed in this guest", path)};
}

}  // namespace bpfmatrix::guest
