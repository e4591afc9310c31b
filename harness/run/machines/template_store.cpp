#include "run/machines/template_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/file.h"
#include "base/sha256.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kUnfinished = ".new";

/// The record's time of change says when the template was last used.
void mark_used(const fs::path& folder) {
  std::error_code ignored;
  fs::last_write_time(folder / kTemplateRecord, fs::file_time_type::clock::now(), ignored);
}

TemplateEntry entry_of(const fs::path& folder) {
  std::error_code error;
  const Result<std::string> release = template_release(folder);
  TemplateEntry entry{
      folder.filename().string(), release ? *release : "", bytes_on_disk(folder), {}};
  entry.last_use = fs::last_write_time(folder / kTemplateRecord, error);
  if (error) entry.last_use = fs::last_write_time(folder, error);
  return entry;
}

/// The record first: what is left if we die half way is no template.
void remove_template(const fs::path& folder) {
  std::error_code ignored;
  fs::remove(folder / kTemplateRecord, ignored);
  fs::remove_all(folder, ignored);
}

std::string lock_name(std::string_view key) { return fmt::format("template-{}", key); }

}  // namespace

fs::path TemplateStore::folder(std::string_view key) const {
  return store_.root() / "templates" / key;
}

fs::path TemplateStore::unfinished(std::string_view key) const {
  return folder(std::string(key) + std::string(kUnfinished));
}

Result<Template> TemplateStore::get(const TemplateRequest& request) const {
  if (Result<Template> there = find(request.key); there) return there;
  if (Result<> prepared = store_.prepare(); !prepared) return std::move(prepared).error();
  const std::string key = to_string(request.key);
  const Result<StoreLock> lock =
      store_.lock(lock_name(key), 2 * request.boot_timeout, request.on_wait);
  if (!lock) return wrap("template", lock.error());
  if (Result<Template> there = find(request.key); there) return there;
  Result<Template> made = make(request);
  if (!made) return wrap("template", std::move(made).error());
  return made;
}

Result<Template> TemplateStore::find(const TemplateKey& key) const {
  const fs::path there = folder(to_string(key));
  Result<Template> found = Template::open(there, key.spec);
  if (found) mark_used(there);
  return found;
}

Result<Template> TemplateStore::make(const TemplateRequest& request) const {
  const std::string key = to_string(request.key);
  const fs::path fresh = unfinished(key);
  std::error_code error;
  fs::remove_all(fresh, error);
  fs::create_directories(fresh, error);
  if (error) return file_error(fresh, error);
  Result<Template> made = make_(request, fresh);
  if (made) {
    if (Result<> published = publish(key); !published) made = std::move(published).error();
  }
  if (!made) fs::remove_all(fresh, error);
  return made;
}

/// The lock is held. A damaged one may be in the way.
Result<> TemplateStore::publish(std::string_view key) const {
  remove_template(folder(key));
  std::error_code error;
  fs::rename(unfinished(key), folder(key), error);
  if (error) return file_error(folder(key), error);
  return {};
}

Result<> TemplateStore::discard(const TemplateKey& key) const {
  const std::string name = to_string(key);
  if (remove(name)) return {};
  return Error{fmt::format("template '{}': another process is making it", name)};
}

bool TemplateStore::remove(std::string_view key, Collect what) const {
  const Result<StoreLock> lock = store_.lock(lock_name(key), std::chrono::milliseconds(0), {});
  if (!lock) return false;
  if (what == Collect::only_look) return true;
  remove_template(unfinished(key));
  remove_template(folder(key));
  return true;
}

std::vector<std::string> TemplateStore::abandoned() const {
  std::vector<std::string> keys;
  std::error_code error;
  for (fs::directory_iterator at(store_.root() / "templates", error), end; !error && at != end;
       at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.ends_with(kUnfinished))
      keys.push_back(name.substr(0, name.size() - kUnfinished.size()));
  }
  return keys;
}

std::vector<TemplateEntry> TemplateStore::list() const {
  std::vector<TemplateEntry> entries;
  std::error_code error;
  for (fs::directory_iterator at(store_.root() / "templates", error), end; !error && at != end;
       at.increment(error)) {
    if (is_sha256(at->path().filename().string())) entries.push_back(entry_of(at->path()));
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.last_use > b.last_use; });
  return entries;
}

std::vector<TemplateEntry> TemplateStore::gc(const TemplateLimits& limits) const {
  std::vector<TemplateEntry> removed;
  for (const std::string& key : abandoned()) {
    const Result<StoreLock> lock = store_.lock(lock_name(key), std::chrono::milliseconds(0), {});
    if (lock && limits.what == Collect::remove) remove_template(unfinished(key));
  }
  const auto oldest = fs::file_time_type::clock::now() - limits.max_age;
  std::uint64_t bytes = 0;
  for (TemplateEntry& entry : list()) {
    bytes += entry.bytes;
    const bool stays =
        !entry.release.empty() && entry.last_use >= oldest && bytes <= limits.max_bytes;
    if (stays || !remove(entry.key, limits.what)) continue;
    bytes -= entry.bytes;
    removed.push_back(std::move(entry));
  }
  return removed;
}

}  // namespace bpfmatrix
