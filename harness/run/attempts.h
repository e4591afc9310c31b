// One worker's hands: takes guests from where a kernel's cells get them, runs cells in them, and
// tries again what deserves it. Used by one thread, which outlives it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/time_source.h"
#include "cell/run_cell.h"
#include "cell/transcript.h"
#include "run/machines/guests.h"
#include "run/settings.h"

namespace bpfmatrix {

class Attempts {
 public:
  struct Context {
    Isolation isolation = Isolation::cell;
    /// The next guest is made as ready as can be, and from this cell's first moment on.
    bool spare_core = false;
    const TimeSource& time;
    /// Where the console of a machine that is booted for a cell goes.
    std::function<std::filesystem::path(const Cell&)> console_log{};
    /// The whole console of a cloned machine that came to a bad end.
    std::function<void(const Cell&, const std::string&)> keep_console{};
    std::function<void(const Cell&)> started{};
  };

  explicit Attempts(const Context& context) : context_(context) {}

  /// Fills in the attempts of a transcript. Blocks for some times the cell's timeout at most.
  /// `next` is where the cell after this one will get its guest from, nullptr: not known. With
  /// `cold_check` the cell is run again in a machine that is booted.
  void run(const CellInput& input, Guests& source, Guests* next, bool cold_check,
           Transcript& transcript);

 private:
  std::unique_ptr<Guest> take_guest(const CellInput& input, Guests& source, Attempt& attempt);
  Attempt try_in_usual(const CellInput& input, const TranscriptInputs& inputs, Guests& source,
                       Guests* next);
  Attempt try_in_booted(const CellInput& input, Guests& source);
  bool try_in(Guest& guest, const CellInput& input, const GuestUse& use, Attempt& attempt);
  void start_ahead(Guests* next);
  void throw_guest_away();

  const Context& context_;
  /// With Isolation::kernel: the guest that serves the cells of `guest_of_`.
  std::unique_ptr<Guest> guest_{};
  const Guests* guest_of_ = nullptr;
  /// The last one that was thrown away. To free its memory takes some milliseconds, for which
  /// nobody waits.
  std::unique_ptr<Guest> gone_{};
  std::unique_ptr<GuestAhead> ahead_{};
  const Guests* ahead_of_ = nullptr;
};

}  // namespace bpfmatrix
