// The outcomes of a run that an earlier one has found out, from the store's cache into the run's
// directory, and those of this run into the cache.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cell/run_cell.h"
#include "run/cache/outcome_cache.h"
#include "run/cache/outcome_key.h"
#include "run/run_dir.h"
#include "run/settings.h"

namespace bpfmatrix {

class CellCache {
 public:
  /// What machine the cells of a kernel get: a hash of it, as to_string(TemplateKey) gives. Asked
  /// once for each kernel, of several at the same time. Error: there is none; its cells are then
  /// neither recalled nor kept.
  using Machine = std::function<Result<std::string>(const Kernel&)>;

  /// `isolation` as in OutcomeKey.
  CellCache(const RunSettings& settings, RunDir& dir, std::string isolation, Machine machine,
            OutcomeCache::Say say);
  /// Forgets what is too old when the cache has grown too large.
  ~CellCache();
  CellCache(const CellCache&) = delete;
  CellCache& operator=(const CellCache&) = delete;

  /// The outcome, if an earlier run has found it out; all that it refers to is then in the run's
  /// directory, and its own line is not (see RunDir::append_known). Safe from several threads, and
  /// before any call of keep.
  std::optional<Outcome> recall(const CellInput& input);
  /// Of a cell that recall() was asked for and did not have, with its hashes filled in. Keeps
  /// nothing that is not settled. Safe from several threads.
  void keep(const CellResult& result);

 private:
  /// What all cells of a kernel have in common; nothing where that cannot be found out.
  struct KernelKey {
    std::once_flag asked{};
    std::optional<OutcomeKey> key{};
  };

  bool serves();
  void open();
  std::optional<std::string> key_of(const CellInput& input);
  const std::optional<OutcomeKey>& kernel_key(const Kernel& kernel);
  std::optional<OutcomeKey> find_kernel_key(const Kernel& kernel) const;
  bool restore(const Outcome& outcome, const std::string& loader_log);
  bool restore_facts(const std::string& sha256);
  bool restore_log(const std::string& sha256);

  const RunSettings& settings_;
  RunDir& dir_;
  std::string isolation_;
  Machine machine_;
  OutcomeCache::Say say_;
  /// Opened by the first recall().
  std::once_flag opened_{};
  std::unique_ptr<OutcomeCache> cache_{};
  std::string recorder_{};
  /// Guards what follows.
  std::mutex mutex_{};
  std::map<std::string, KernelKey> kernels_{};
  /// By the cell's id.
  std::map<std::string, std::string> keys_{};
  std::vector<std::string> recalled_{};
};

}  // namespace bpfmatrix
