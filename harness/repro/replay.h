// Runs the cell of a pack again, here, and says whether it behaves as recorded.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "repro/behaviour.h"
#include "repro/open_pack.h"
#include "run/listener.h"
#include "run/run.h"
#include "run/settings.h"

namespace bpfmatrix {

/// The settings of this machine with the options that the pack was run with: timeouts, accelerator.
/// No earlier run's outcome is taken, and none is kept for later ones.
RunSettings settings_for(const OpenedPack& pack, RunSettings settings);

struct CellAgain {
  Replay replay{};
  /// Absent where the cell could not be run.
  std::optional<Outcome> outcome{};
};

/// Blocks while the cell runs on `kernel`, which is the recorded one or any other; `run_dir` then
/// holds a run of this one cell. It is compared with what the pack's transcript says, for which the
/// kernel that was `recorded` is needed, with what the user had embedded: nothing, it is not here.
/// Error: the run could not be written down; the pack's case cannot be run at all.
Result<CellAgain> run_again(const OpenedPack& pack, const std::optional<Kernel>& recorded,
                            const Kernel& kernel, const RunWorld& world,
                            const RunSettings& settings, const std::filesystem::path& run_dir,
                            Listener& listener);

}  // namespace bpfmatrix
