#include "kernels/archive/root_tree.h"

#include <fmt/format.h>

#include <deque>

#include "base/file.h"
#include "base/json_fields.h"
#include "base/printable.h"
#include "base/text.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr int kMaxRootLinks = 40;
constexpr std::uint64_t kMaxRootRecordBytes = 64 << 20;
constexpr const char* kRootRecordName = "root.json";

struct RootRecordEntry {
  std::string path{};
  RootKind kind = RootKind::file;
  std::string file{};
  std::string target{};
  bool executable = false;
  bool wanted = false;
};
void fields(auto& field, Of<RootRecordEntry> auto& e) {
  field("path", checked<is_safe_relative_path>(e.path, "not a path in the root"));
  field("kind", e.kind);
  field("file", e.file);
  field("target", e.target);
  field("executable", e.executable);
  field("wanted", e.wanted);
}

struct RootRecord {
  std::vector<RootRecordEntry> entries{};
};
void fields(auto& field, Of<RootRecord> auto& r) {
  field.constant("schema", 1, "version of this format", "fetch the root again");
  field("entries", r.entries);
}

void push_parts(std::string_view path, std::deque<std::string>& parts) {
  const std::vector<std::string_view> pieces = split(path, '/');
  parts.insert(parts.begin(), pieces.begin(), pieces.end());
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

class RootFolderReader {
 public:
  explicit RootFolderReader(const fs::path& folder) : folder_(folder) {}

  Result<RootTree> run() {
    std::error_code error;
    fs::recursive_directory_iterator at(folder_, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
      const std::string path = at->path().lexically_relative(folder_).generic_string();
      const fs::file_status status = at->symlink_status(error);
      if (error) break;
      if (is_of_guest(path)) {
        if (fs::is_directory(status)) at.disable_recursion_pending();
        continue;
      }
      if (Result<> taken = take(path, at->path(), status); !taken) return std::move(taken).error();
    }
    if (error) return file_error(folder_, error);
    return std::move(tree_);
  }

 private:
  Result<> take(const std::string& path, const fs::path& file, const fs::file_status& status) {
    if (is_left_out_of_root(path)) return {};
    if (!is_utf8(path)) return file_error(file, Error{"its name is not UTF-8"});
    RootEntry entry{.file = file, .wanted = true};
    std::error_code error;
    if (fs::is_symlink(status)) {
      entry.kind = RootKind::link;
      entry.target = fs::read_symlink(file, error).string();
    } else if (fs::is_directory(status)) {
      entry.kind = RootKind::folder;
    } else if (fs::is_regular_file(status)) {
      entry.executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
      bytes_ += fs::file_size(file, error);
    } else {
      return {};
    }
    if (error) return file_error(file, error);
    tree_.entries.emplace(path, std::move(entry));
    if (bytes_ <= kMaxRootBytes && tree_.entries.size() <= kMaxRootEntries) return {};
    return file_error(folder_, Error{fmt::format("a root of more than {} MiB or {} files",
                                                 kMaxRootBytes >> 20, kMaxRootEntries)});
  }

  const fs::path& folder_;
  RootTree tree_{};
  std::uint64_t bytes_ = 0;
};

}  // namespace

std::optional<std::string> RootTree::resolve(std::string_view path) const {
  std::deque<std::string> parts;
  push_parts(path, parts);
  std::string at;
  int links = 0;
  while (!parts.empty()) {
    const std::string part = std::move(parts.front());
    parts.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      at = parent_of(at);
      continue;
    }
    const std::string next = at.empty() ? part : at + "/" + part;
    const auto entry = entries.find(next);
    if (entry == entries.end() && !is_folder(next)) return std::nullopt;
    if (entry == entries.end() || entry->second.kind != RootKind::link) {
      at = next;
      continue;
    }
    if (++links > kMaxRootLinks) return std::nullopt;
    if (entry->second.target.starts_with('/')) at.clear();
    push_parts(entry->second.target, parts);
  }
  return at;
}

const RootEntry* RootTree::find_file(std::string_view path) const {
  const std::optional<std::string> real = resolve(path);
  if (!real) return nullptr;
  const auto entry = entries.find(*real);
  const bool found = entry != entries.end() && entry->second.kind == RootKind::file;
  return found ? &entry->second : nullptr;
}

bool RootTree::is_folder(std::string_view path) const {
  if (path.empty()) return true;
  const auto entry = entries.find(path);
  if (entry != entries.end()) return entry->second.kind == RootKind::folder;
  const std::string inside = std::string(path) + "/";
  const auto below = entries.lower_bound(inside);
  return below != entries.end() && below->first.starts_with(inside);
}

bool is_left_out_of_root(std::string_view path) {
  for (const std::string_view folder :
       {"usr/share/doc/", "usr/share/man/", "usr/share/info/", "usr/share/locale/",
        "usr/share/lintian/", "usr/share/bug/", "usr/share/doc-base/"}) {
    if (path.starts_with(folder)) return true;
  }
  return path.ends_with(".a") && path.find("lib/") != std::string_view::npos;
}

bool is_of_guest(std::string_view path) {
  const std::string_view top = path.substr(0, path.find('/'));
  for (const std::string_view own :
       {"proc", "sys", "dev", "run", "tmp", "init", "bpfmatrix", "lost+found"}) {
    if (top == own) return true;
  }
  return false;
}

Result<RootTree> read_root_folder(const fs::path& folder) { return RootFolderReader(folder).run(); }

Result<> write_root(const RootTree& tree, const fs::path& folder) {
  RootRecord record;
  for (const auto& [path, entry] : tree.entries) {
    const std::string file =
        entry.kind == RootKind::file ? entry.file.lexically_relative(folder).generic_string() : "";
    record.entries.push_back(
        {path, entry.kind, file, entry.target, entry.executable, entry.wanted});
  }
  return write_file(folder / kRootRecordName, to_json_text(record) + "\n");
}

Result<RootTree> read_root(const fs::path& folder) {
  const fs::path path = folder / kRootRecordName;
  const Result<std::string> text = read_file(path, kMaxRootRecordBytes);
  if (!text) return text.error();
  const Result<Json> json = parse_json(*text, path.string());
  if (!json) return json.error();
  Result<RootRecord> record = from_json<RootRecord>(*json, path.string());
  if (!record) return std::move(record).error();
  RootTree tree;
  for (RootRecordEntry& one : record->entries) {
    if (one.kind == RootKind::file && !is_safe_relative_path(one.file))
      return file_error(path, Error{fmt::format("'{}': not a path in the tree", one.file)});
    tree.entries.emplace(
        std::move(one.path),
        RootEntry{one.kind, folder / one.file, std::move(one.target), one.executable, one.wanted});
  }
  return tree;
}

}  // namespace bpfmatrix
