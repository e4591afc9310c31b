// One cell in a guest that is up: the object goes in, the loader runs, its record comes out.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "cell/app_file.h"
#include "cell/kernel_types.h"
#include "cell/object_file.h"
#include "guest/session.h"
#include "kernels/kernel.h"
#include "matrix/plan.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// The one that most cells have: it waits in every clone.
inline constexpr std::string_view kUsualLoader = "libbpf";
std::string loader_in_guest(std::string_view name);

/// Where a kernel's embedded BTF lies in its guests.
inline constexpr std::string_view kBtfInGuest = "/run/bpfmatrix/vmlinux.btf";

/// All that one cell needs; the pointers outlive the call.
struct CellInput {
  const Cell* cell = nullptr;
  const CaseSpec* spec = nullptr;
  const Kernel* kernel = nullptr;
  const ObjectFile* object = nullptr;
  KernelTypes* types = nullptr;
  /// The cell's loader where it is a command; nullptr: it is one of ours.
  const AppFile* app = nullptr;
  std::chrono::seconds timeout{120};
  /// kBtfInGuest is there already.
  bool btf_in_guest = false;
  /// The guest is thrown away after this cell.
  bool last_in_guest = false;
  /// Called once when the loader has begun to talk, by which time the guest has all it needs; may
  /// be empty. Should not block.
  std::function<void()> on_begun{};
};

struct CellResult {
  Outcome outcome{};
  /// Verifier logs by program, still to be kept and linked.
  std::map<std::string, std::string> logs{};
  std::string loader_log{};
  /// What a person should hear at once.
  std::vector<std::string> notices{};
  /// What the agent could not clear away: the guest must not serve another cell.
  bool guest_spoiled = false;
};

/// The facts known before anything ran: kernel, object, case. `end` is lost until somebody says
/// else.
Outcome outcome_before_run(const Cell& cell, const CaseSpec& spec, const Kernel* kernel,
                           const ObjectFile* object);

/// Blocks at most `input.timeout` and a little. Never fails: what went wrong is in `end` and
/// `end_reason`. When the session is over afterwards (state() is not ready), the caller looks at
/// the VM and may know better what happened.
CellResult run_cell(Session& session, const CellInput& input);

}  // namespace bpfmatrix
