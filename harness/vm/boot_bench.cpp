// boot_bench ARCH KERNEL INITRAMFS: boots with our own arguments under emulation and prints the
// milliseconds from the start of QEMU to the first bytes of the agent. For ci/bench/boot_ratio.py.
#include <fmt/format.h>

#include <chrono>

#include "vm/vm.h"

namespace {

using namespace bpfmatrix;

constexpr std::chrono::seconds kTimeout{120};

int boot(const VmSpec& spec) {
  Result<Vm> vm = Vm::start(spec);
  if (!vm) {
    fmt::print(stderr, "error: {}\n", vm.error().message);
    return 3;
  }
  if (!vm->connect(Clock::now() + kTimeout)) {
    const VmExit exit = vm->stop(Stop::channel_lost, "the agent did not come up");
    fmt::print(stderr, "error: {}: {}\n{}\n", to_string(exit.end), exit.reason, exit.console_tail);
    return 3;
  }
  fmt::print("{} {}\n", vm->ready_after().count(), to_string(vm->channel_kind()));
  vm->stop(Stop::finished);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arch = argc == 4 ? parse_arch(argv[1]) : std::nullopt;
  if (!arch) {
    fmt::print(stderr, "usage: boot_bench x86_64|aarch64 KERNEL INITRAMFS\n");
    return 2;
  }
  return boot(VmSpec{.arch = *arch, .kernel = argv[2], .initramfs = argv[3]});
}
