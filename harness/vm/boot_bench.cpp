// boot_bench ARCH KERNEL [MODULES]: builds the initramfs as a run does, boots it with our own
// arguments under emulation, and prints the milliseconds from the start of QEMU to the first bytes
// of the agent, and the channel they came on. For ci/bench/boot_ratio.py.
#include <fmt/format.h>

#include <chrono>

#include "base/file.h"
#include "base/temp_dir.h"
#include "vm/bench_support.h"
#include "vm/vm.h"

namespace {

using namespace bpfmatrix;

constexpr std::chrono::seconds kTimeout{120};

int boot(const VmSpec& spec) {
  Result<Vm> vm = Vm::start(spec);
  if (!vm) return fail(vm.error());
  if (!vm->connect(Clock::now() + kTimeout)) {
    const VmExit exit = vm->stop(Stop::channel_lost, "the agent did not come up");
    return fail({fmt::format("{}: {}\n{}", to_string(exit.end), exit.reason, exit.console_tail)});
  }
  fmt::print("{} {}\n", vm->ready_after().count(), to_string(vm->channel_kind()));
  vm->stop(Stop::finished);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arch = argc == 3 || argc == 4 ? parse_arch(argv[1]) : std::nullopt;
  if (!arch) {
    fmt::print(stderr, "usage: boot_bench x86_64|aarch64 KERNEL [MODULES]\n");
    return 2;
  }
  const Result<std::string> bytes = initramfs(*arch, argc == 4 ? argv[3] : nullptr);
  if (!bytes) return fail(bytes.error());
  const Result<TempDir> dir = TempDir::create();
  if (!dir) return fail(dir.error());
  const std::filesystem::path file = dir->path() / "initramfs";
  if (const Result<> written = write_file(file, *bytes); !written) return fail(written.error());
  return boot(VmSpec{.arch = *arch, .kernel = argv[2], .initramfs = file});
}
