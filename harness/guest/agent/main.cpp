// The guest's init: static, from kernel 4.18 on, x86_64 and aarch64. It prepares the machine, says
// hello over the channel and serves the host until the machine ends.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "guest/agent/init.h"
#include "guest/agent/loopback.h"
#include "guest/agent/port.h"
#include "guest/agent/server.h"
#include "guest/agent/trigger.h"
#include "guest/agent/wire.h"
#include "guest/common/system.h"

namespace bpfmatrix::guest {

namespace {

/// Returns why it ended.
std::string live() {
  std::vector<std::string> notes;
  mount_file_systems(notes);
  widen_root();
  protect_tools(notes);
  open_console();
  raise_limits(notes);
  hasten_grace_periods();
  raise_loopback(notes);
  std::signal(SIGPIPE, SIG_IGN);
  load_modules(ModuleGroup::channel, notes);
  Result<Port> port = open_port();
  if (!port) return port.error().message;
  std::printf("bpfmatrix agent: ready on %s after %lld ms\n", port->kind.c_str(),
              static_cast<long long>(uptime_ms()));
  std::fflush(stdout);
  const Result<> served = Server(Wire(*std::move(port)), std::move(notes)).serve();
  return served ? "shut down" : served.error().message;
}

std::string live_without_exceptions() {
  try {
    return live();
  } catch (const std::exception& e) {
    return std::string("exception: ") + e.what();
  }
}

}  // namespace

/// What the trigger executes ends here, before the C++ library has set itself up: an emulated
/// machine that has just begun translates every instruction it comes to. Asked with getppid,
/// because getpid is a call that is being observed; only init of a machine has no parent.
[[gnu::constructor(101)]] void end_at_once(int argc, char** argv) {
  if (argc == 2 && argv[1] == kEndAtOnce && ::getppid() != 0) ::_exit(0);
}

}  // namespace bpfmatrix::guest

int main() {
  // It mounts, kills and reboots: nowhere but in a guest of its own.
  if (::getpid() != 1) {
    std::fputs("error: the guest agent runs as init of a guest, nowhere else\n", stderr);
    return 2;
  }
  bpfmatrix::guest::end_machine(bpfmatrix::guest::live_without_exceptions());
}
