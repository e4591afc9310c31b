// One cell in a guest that is up: the object goes in, the loader runs, and what it says is kept.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/time_source.h"
#include "cell/app_file.h"
#include "cell/kernel_types.h"
#include "cell/object_file.h"
#include "cell/transcript.h"
#include "guest/session.h"
#include "kernels/kernel.h"
#include "matrix/plan.h"

namespace bpfmatrix {

/// The one that most cells have: it waits in every clone.
inline constexpr std::string_view kUsualLoader = "libbpf";
std::string loader_in_guest(std::string_view name);

/// Where a kernel's embedded BTF lies in its guests.
inline constexpr std::string_view kBtfInGuest = "/run/bpfmatrix/vmlinux.btf";
/// What the user gives in its place, for one cell.
inline constexpr std::string_view kGivenBtfInGuest = "/run/bpfmatrix/cell/given.btf";

/// All that one cell needs; the pointers outlive the call.
struct CellInput {
  const Cell* cell = nullptr;
  const CaseSpec* spec = nullptr;
  const Kernel* kernel = nullptr;
  const ObjectFile* object = nullptr;
  KernelTypes* types = nullptr;
  /// The cell's loader where it is an application; nullptr: it is one of ours.
  const AppFile* app = nullptr;
  /// Modules of the kernel that are loaded before, each with what it needs.
  std::vector<std::string> modules{};
  /// What the loader is asked for on this kernel. Error: it is not known.
  Result<AskedOfLoader> asked{AskedOfLoader{}};
  std::chrono::seconds timeout{120};
  /// Objects that are there before, by the ids of their cases.
  std::vector<std::pair<std::string, const ObjectFile*>> together{};
};

/// How this guest is used.
struct GuestUse {
  /// kBtfInGuest is there already.
  bool btf_in_guest = false;
  /// The guest is thrown away after this cell.
  bool last_in_guest = false;
  /// Called once when the loader has begun to talk, by which time the guest has all it needs; may
  /// be empty. Should not block.
  std::function<void()> on_begun{};
};

/// The hashes and names of all that a cell is run with. `machine` and `isolation` as in
/// TranscriptInputs. Kernel and object may be nullptr where they are unavailable; what a loader is
/// asked for is not in it then. Error: a file that the case puts into the guest cannot be read, or
/// as `asked`.
Result<TranscriptInputs> inputs_of(const Cell& cell, const CaseSpec& spec, const Kernel* kernel,
                                   const ObjectFile* object);
Result<TranscriptInputs> inputs_of(const CellInput& input, std::string machine,
                                   std::string isolation);

/// Whether a case asks the guest for what was recorded. What it makes of the kernel's own answers
/// (conditions, globs over programs) is as it was recorded.
bool asks_for(const CaseSpec& spec, const CaseInput& recorded);

struct CellRun {
  /// But for what the machine knows: accelerator, times, its end.
  Attempt attempt{};
  /// The guest must not serve another cell: there is something that the agent could not clear away,
  /// an application was root in it, or the object's programs reach out (elf/reach.h).
  bool guest_spoiled = false;
};

/// Blocks at most `input.timeout` and a little. Never fails: what went wrong is in the attempt.
/// When the session is over afterwards (state() is not ready), the caller looks at the machine.
CellRun run_cell(Session& session, const CellInput& input, const GuestUse& use,
                 const TimeSource& time);

}  // namespace bpfmatrix
