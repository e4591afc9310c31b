// How a template is made: a machine is booted, warmed up and frozen, and two clones of it are
// compared with what it was.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "guest/session.h"
#include "run/machines/machine_identity.h"
#include "vm/template.h"

namespace bpfmatrix {

/// What every clone finds in its guest.
struct TemplateFile {
  std::string guest_path{};
  std::filesystem::path file{};
};

struct TemplateRequest {
  TemplateKey key{};
  std::chrono::milliseconds boot_timeout{120'000};
  std::vector<TemplateFile> files{};
  /// A program of the guest that waits for its standard input in each clone; empty: none.
  std::vector<std::string> standby{};
  /// Asked of the booted machine and of a clone of it: the answers must be the same. Must not load
  /// a BPF program: see warm_up() in template_maker.cpp.
  std::function<Result<std::string>(Session&)> question{};
  /// Asked of a clone, before the template is used. Error: it is not what it should be.
  std::function<Result<>(Session&)> approve{};
  /// Called once if another process is making the same template.
  std::function<void()> on_wait{};
};

/// Leaves a template in `folder`, which is empty. Blocks for `boot_timeout` and some clones. Error:
/// the machine does not boot, cannot be frozen, or its clones are not what it was; what lies in the
/// folder then is worthless.
Result<Template> make_template(const TemplateRequest& request, const std::filesystem::path& folder);

/// What must be the same in the booted machine and in a clone.
struct GuestIdentity {
  Hello hello{};
  /// To TemplateRequest::question.
  std::string answer{};
};
/// But for how long it took to boot.
bool operator==(const GuestIdentity& a, const GuestIdentity& b);

/// The part of it that talks to the booted machine's agent: from its hello to where it waits,
/// parked, with everything done that need not be done in each clone.
Result<GuestIdentity> prepare_guest(Channel& channel, const TemplateRequest& request,
                                    Clock::time_point deadline);

}  // namespace bpfmatrix
