// One worker's hands: takes guests from where a kernel's cells get them, runs cells in them, and
// tries again what deserves it. Used by one thread, which outlives it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cell/run_cell.h"
#include "run/machines/guest_source.h"
#include "run/settings.h"

namespace bpfmatrix {

/// Of a cell that could not be given a guest.
CellResult result_without_guest(const CellInput& input, const VmExit& exit);

class CellRunner {
 public:
  struct Context {
    const RunSettings* settings = nullptr;
    /// Where the console of a machine that is booted for a cell goes.
    std::function<std::filesystem::path(const Cell&)> console_log{};
    /// The whole console of a cloned machine that came to a bad end.
    std::function<void(const Cell&, const std::string&)> keep_console{};
    std::function<void(const Cell&)> started{};
  };

  explicit CellRunner(const Context& context) : context_(context) {}

  /// Blocks until the cell has an outcome: for some times the cell's timeout at most. `next` is
  /// where the cell after this one will get its guest from, nullptr: not known. With `cold_check`
  /// the cell is run again in a machine that is booted.
  CellResult run(const CellInput& input, GuestSource& source, GuestSource* next, bool cold_check);

 private:
  /// A QEMU that waits to be woken.
  struct Ahead {
    const GuestSource* source = nullptr;
    std::optional<Vm> vm{};
  };

  GuestOrExit next_guest(const CellInput& input, GuestSource& source);
  CellResult try_in_usual(const CellInput& input, GuestSource& source, GuestSource* next);
  CellResult try_in_booted(const CellInput& input, GuestSource& source);
  CellResult try_in(GuestVm& guest, const CellInput& input, bool last);
  void start_ahead(GuestSource* next);
  void throw_guest_away();

  const Context& context_;
  /// With Isolation::kernel: the guest that serves the cells of `guest_of_`.
  std::unique_ptr<GuestVm> guest_{};
  const GuestSource* guest_of_ = nullptr;
  /// The last one that was thrown away. To free its memory takes some milliseconds, for which
  /// nobody waits.
  std::unique_ptr<GuestVm> gone_{};
  Ahead ahead_{};
};

}  // namespace bpfmatrix
