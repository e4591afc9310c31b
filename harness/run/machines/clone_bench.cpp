// clone_bench ARCH KERNEL ROUNDS [MODULES]: cold boots and clones of one kernel, in turn, so that a
// busy machine hits both. Prints one JSON object: milliseconds from the start of QEMU until the
// agent has spoken, what of it QEMU was on a processor (which a busy machine hardly changes), what
// QEMU then has for itself alone, and the template's sizes. `woken` is a clone whose QEMU was
// started ahead, as a run does while the cell before is running: from when it is needed until the
// agent has spoken. For ci/bench/clone.py.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "run/machines/clone.h"
#include "run/machines/template_store.h"
#include "vm/bench_support.h"

namespace {

using namespace bpfmatrix;

constexpr std::chrono::seconds kTimeout{120};

/// Of a process, in KiB: pages that are neither shared nor of a file.
long private_kib(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid));
  for (std::string word; file >> word;) {
    long kib = 0;
    if (word == "Private_Dirty:" && file >> kib) return kib;
  }
  return -1;
}

/// All threads of a process together.
double cpu_ms(pid_t pid) {
  double sum = 0;
  std::error_code error;
  const std::filesystem::path tasks = fmt::format("/proc/{}/task", pid);
  for (std::filesystem::directory_iterator task(tasks, error), end; !error && task != end;
       task.increment(error)) {
    std::ifstream file(task->path() / "schedstat");
    double ns = 0;
    if (file >> ns) sum += ns / 1e6;
  }
  return sum;
}

Result<> boot_cold(const VmSpec& spec, Json& result) {
  Result<Vm> vm = Vm::start(spec);
  if (!vm) return std::move(vm).error();
  const Result<Channel*> channel = vm->connect(Clock::now() + kTimeout);
  if (!channel) return channel.error();
  result["cold_cpu_ms"].push_back(cpu_ms(vm->qemu_pid()));
  result["cold_ms"].push_back(vm->ready_after().count());
  return {};
}

Result<> clone(const Template& made, Json& result) {
  const Result<GuestClone> guest = clone_guest(made, "", Clock::now() + kTimeout);
  if (!guest) return guest.error();
  result["clone_cpu_ms"].push_back(cpu_ms(guest->vm.qemu_pid()));
  result["clone_ms"].push_back(guest->vm.ready_after().count());
  result["clone_private_kib"].push_back(private_kib(guest->vm.qemu_pid()));
  return {};
}

/// Long enough for a QEMU to be started and to wait.
constexpr std::chrono::milliseconds kAhead{400};

Result<> wake(const Template& made, Json& result) {
  Result<Vm> started = made.start("");
  if (!started) return std::move(started).error();
  std::this_thread::sleep_for(kAhead);
  const Clock::time_point needed = Clock::now();
  const Result<GuestClone> guest = clone_guest(made, *std::move(started), needed + kTimeout);
  if (!guest) return guest.error();
  const std::chrono::duration<double, std::milli> waited = Clock::now() - needed;
  result["woken_ms"].push_back(waited.count());
  return {};
}

Result<> measure(const TemplateRequest& request, const Template& made, int rounds, Json& result) {
  for (int round = 0; round < rounds; ++round) {
    if (Result<> booted = boot_cold(request.key.spec, result); !booted) return booted;
    if (Result<> cloned = clone(made, result); !cloned) return cloned;
    if (Result<> woken = wake(made, result); !woken) return woken;
  }
  return {};
}

Result<> run(TemplateRequest request, int rounds, const TempDir& dir) {
  const TemplateStore store(Store(dir.path() / "store"));
  const Clock::time_point started = Clock::now();
  const Result<Template> made = store.get(request);
  if (!made) return made.error();
  const auto making = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started);
  Json result{{"arch", to_string(request.key.spec.arch)},
              {"release", made->release()},
              {"rounds", rounds},
              {"memory_mib", request.key.spec.memory_mib},
              {"template_ms", making.count()},
              {"template_bytes", store.list().at(0).bytes}};
  Result<> measured = measure(request, *made, rounds, result);
  if (measured) fmt::print("{}\n", json_text(result));
  return measured;
}

Result<> bench(Arch arch, const char* kernel, int rounds, const char* modules) {
  const Result<std::string> bytes = initramfs(arch, modules);
  if (!bytes) return bytes.error();
  const Result<std::string> image = sha256_file(kernel);
  if (!image) return image.error();
  const Result<QemuBuild> qemu = qemu_build(arch);
  if (!qemu) return qemu.error();
  const Result<TempDir> dir = TempDir::create();
  if (!dir) return dir.error();
  const std::filesystem::path file = dir->path() / "initramfs";
  if (const Result<> written = write_file(file, *bytes); !written) return written;
  const VmSpec spec{.arch = arch, .kernel = kernel, .initramfs = file};
  return run({.key = {spec, *image, sha256_hex(*bytes), *qemu}}, rounds, *dir);
}

}  // namespace

int main(int argc, char** argv) {
  const auto arch = argc == 4 || argc == 5 ? parse_arch(argv[1]) : std::nullopt;
  const int rounds = arch ? std::atoi(argv[3]) : 0;
  if (rounds < 1) {
    fmt::print(stderr, "usage: clone_bench x86_64|aarch64 KERNEL ROUNDS [MODULES]\n");
    return 2;
  }
  const Result<> done = bench(*arch, argv[2], rounds, argc == 5 ? argv[4] : nullptr);
  return done ? 0 : fail(done.error());
}
