// One BPF_PROG_LOAD of the application's as it was sent, copied out of its memory.
#pragma once

#include <linux/bpf.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "guest/loader/app/program_match.h"
#include "guest/loader/app/tracee.h"
#include "guest/loader/common/report.h"

namespace bpfmatrix::guest {

/// The attributes as far as both the application and this program know them; what is not given is
/// zero.
bpf_attr attributes(std::string_view bytes);

struct SentLoad {
  bpf_attr attr{};
  /// False: the application knows attributes that this program does not.
  bool whole = true;
  /// struct bpf_insn, one after another.
  std::string instructions{};
  ProgramShape program{};

  /// For the record: instructions, and where functions begin.
  SentProgram sent(const Tracee& tracee) const;
  /// The verifier's log, if the application requested it.
  std::string log(const Tracee& tracee) const;
  bool asked_for_log() const;
};

/// `attr` is what bpf(2) was given. Nothing: its instructions are not readable.
std::optional<SentLoad> read_load(const Tracee& tracee, std::string_view attr);

struct Reason {
  /// 0: what was refused is accepted now.
  int error = 0;
  std::string log{};
  bool truncated = false;
};

/// Sends a refused load once more, from this process and with a log, and closes what comes of it.
/// The application's maps and types are reached by their ids. Call it while the application's
/// thread stands still. Nothing: something it refers to is unavailable from here.
std::optional<Reason> ask_reason(const Tracee& tracee, const SentLoad& load);

/// A descriptor of our own; invalid if there is no such thing any more.
Fd open_program(std::uint32_t id);
Fd open_map(std::uint32_t id);

}  // namespace bpfmatrix::guest
