// What two clones of one machine must not have in common. Refreshed here: the wall clock, and the
// kernel's random number generator with all that is drawn from it later (getrandom(2), AT_RANDOM
// and the layout of every program that is started, the seeds of BPF maps and of
// bpf_get_prandom_u32, boot_id, which is made when it is first read). Out of reach, because it was
// drawn at boot: where the kernel itself lies, the layout of this agent, the secrets of hash tables
// that exist already, and before 5.18 prandom_u32(), which the kernel seeds anew once a minute.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "guest/messages.h"

namespace bpfmatrix::guest {

/// The generator's device, opened before the machine is frozen: what is done then, no clone has to
/// do. Invalid if there is none.
Fd open_generator();

/// `now.random`: bytes that no other clone gets. Returns what did not work.
std::vector<std::string> refresh_guest(const Refresh& now, const Fd& generator);

}  // namespace bpfmatrix::guest
