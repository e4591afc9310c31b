// What an application may not do to who watches it.
#pragma once

#include <sys/types.h>

namespace bpfmatrix::guest {

/// In the application's process, before it is executed: it and its children can no longer signal or
/// trace `watcher` and the guest's init, or write to their memory by process_vm_writev(2); kill(-1)
/// is refused, too, and pidfd_send_signal(2) does not exist. Everything else is as before. A filter
/// of seccomp(2); without effect where the kernel has none. Root has other ways: docs/trust.md.
void guard(pid_t watcher);

}  // namespace bpfmatrix::guest
