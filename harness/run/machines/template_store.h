// The templates of a store, shared by any number of processes:
//
//   templates/<key>/        a template that was checked; gone when it is too old or too much
//   templates/<key>.new/    one in the making, by whoever holds the lock; rubbish if it is free
//   locks/template-<key>
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/store.h"
#include "kernels/store_gc.h"
#include "run/machines/template_maker.h"

namespace bpfmatrix {

struct TemplateEntry {
  std::string key{};
  /// Empty for one that is damaged.
  std::string release{};
  /// On the disk.
  std::uint64_t bytes = 0;
  std::filesystem::file_time_type last_use{};
};

struct TemplateLimits {
  std::uint64_t max_bytes = std::uint64_t{8} << 30;
  std::chrono::hours max_age{24 * 30};
  Collect what = Collect::remove;
};

class TemplateStore {
 public:
  /// See make_template(); tests have others.
  using Make =
      std::function<Result<Template>(const TemplateRequest&, const std::filesystem::path&)>;

  explicit TemplateStore(Store store, Make make = make_template)
      : store_(std::move(store)), make_(std::move(make)) {}

  /// The template that is there, else a new one. Blocks for twice `boot_timeout` at most, and as
  /// long as another process makes the same one. Error: it cannot be made, now or with this QEMU;
  /// boot instead.
  Result<Template> get(const TemplateRequest& request) const;
  /// For one whose clones do not answer: the next get() makes it anew.
  Result<> discard(const TemplateKey& key) const;

  /// Sorted by last use, the latest first.
  std::vector<TemplateEntry> list() const;
  /// Removes what was left by the dead or is damaged, what has not been used for too long, and then
  /// the least recently used until the rest is small enough. Gives what it removed, or would.
  /// Running clones are not disturbed.
  std::vector<TemplateEntry> gc(const TemplateLimits& limits) const;

  std::filesystem::path folder(std::string_view key) const;

 private:
  std::filesystem::path unfinished(std::string_view key) const;
  Result<Template> find(const TemplateKey& key) const;
  Result<Template> make(const TemplateRequest& request) const;
  Result<> publish(std::string_view key) const;
  /// False if somebody is making a template of that key.
  bool remove(std::string_view key, Collect what = Collect::remove) const;
  std::vector<std::string> abandoned() const;

  Store store_;
  Make make_;
};

}  // namespace bpfmatrix
