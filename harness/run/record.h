// What a run writes down: the transcript of each finished cell, and the outcome that is made of it.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cell/derive.h"
#include "run/announcer.h"
#include "run/cache/cell_cache.h"
#include "run/machines/kernel_facts_keeper.h"
#include "run/run_dir.h"
#include "run/run_kernel.h"

namespace bpfmatrix {

/// All that derive() needs of a cell whose transcript is at hand; what is not there is left out.
/// Kernel facts are the caller's to add. Reads the kernel's BTF, once, where the object has CO-RE
/// relocations.
DeriveInput derive_input(const Transcript& transcript, const CaseSpec* spec, const Kernel* kernel,
                         const ObjectFile* object, BtfSource btf, KernelTypes& types);

class Record {
 public:
  Record(const RunParts& parts, RunDir& dir, CellCache& cache, KernelFactsKeeper& facts,
         Announcer& announce)
      : parts_(parts), dir_(dir), cache_(cache), facts_(facts), announce_(announce) {}

  /// Of a cell that was run, or that needs no guest. Safe from several threads. After a failure
  /// nothing more is written.
  void take(const Cell& cell, const Transcript& transcript);
  /// Of cells that were known before, with one sync for all of them.
  void take_known(const std::vector<Outcome>& outcomes);

  /// The outcome of a cell that needs no guest; its transcript is then in the run's directory, its
  /// line is not (see take_known). Nothing: what the cache had is no transcript, or it could not
  /// be written (see failure()).
  std::optional<Outcome> restore(const Cell& cell, const Transcript& unrun);
  std::optional<Outcome> restore(const Cell& cell, const Recalled& recalled);

  /// What could not be written down, first.
  std::optional<Error> failure() const;
  void fail(const Error& error);

 private:
  Derived derive_cell(const Cell& cell, const Transcript& transcript, bool recalled = false);
  const RunParts& parts_;
  RunDir& dir_;
  CellCache& cache_;
  KernelFactsKeeper& facts_;
  Announcer& announce_;
  mutable std::mutex mutex_{};
  std::optional<Error> failure_{};
};

}  // namespace bpfmatrix
