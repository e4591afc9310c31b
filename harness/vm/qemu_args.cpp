#include "vm/qemu_args.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

namespace bpfmatrix {

namespace {

std::string board(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
      return "q35";
    case Arch::aarch64:
      return "virt";
  }
  return "";
}

Device machine_on_file(const VmSpec& spec, std::string_view share) {
  return {{"-machine", board(spec.arch) + ",memory-backend=ram", "-object",
           fmt::format("memory-backend-file,id=ram,size={}M,mem-path=/proc/self/fd/{},share={}",
                       spec.memory_mib, kRamFd, share)}};
}

Device machine(const VmSpec& spec) {
  switch (spec.ram) {
    case Ram::own:
      return {{"-machine", board(spec.arch)}};
    case Ram::to_freeze:
      return machine_on_file(spec, "on");
    case Ram::clone:
      return machine_on_file(spec, "off");
  }
  return {};
}

Device monitor(Ram ram) {
  if (ram == Ram::own) return {};
  return {{"-chardev", fmt::format("socket,id=monitor,fd={}", kMonitorFd), "-mon",
           "chardev=monitor,mode=control"}};
}

/// With -nodefaults nothing is in the machine that is not listed here.
Device nothing_else() {
  return {{"-nodefaults", "-no-user-config", "-display", "none", "-nic", "none"}};
}

/// QEMU runs what strangers wrote: it may open no more files with new rights and start nothing.
Device sandbox() {
  return {{"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"}};
}

Device accelerator(Accel accel) { return {{"-accel", std::string(to_string(accel))}}; }

std::string emulated_cpu(Arch arch) {
  switch (arch) {
    // An Intel model: on an AMD-like one QEMU 7.1+ reserves 12 GiB above 1 TiB, which 4.18 walks
    // page by page (11 s). A plain one: what `max` adds (AVX, 1 GiB pages, protection keys) costs a
    // sixth more boot time under emulation and gives BPF nothing. With RDRAND, because without it
    // getrandom(2) may wait long in a machine where nothing happens. Without CMPXCHG16B: QEMU 7.2
    // computes its flags from stale state, so an interrupt right behind it saves garbage in EFLAGS:
    // 6.12 panicked in 6 of 69 boots, in __kmalloc or at a later iret.
    case Arch::x86_64:
      return "Westmere,+rdrand,-cx16";
    case Arch::aarch64:
      return "cortex-a72";
  }
  return "";
}

Device cpu(const VmSpec& spec) {
  switch (spec.accel) {
    case Accel::tcg:
      return {{"-cpu", emulated_cpu(spec.arch)}};
    case Accel::kvm:
      return {{"-cpu", "host"}};
  }
  return {};
}

/// One CPU: cells are run side by side in several machines, not inside one.
Device size(int memory_mib) { return {{"-smp", "1", "-m", fmt::format("{}M", memory_mib)}}; }

/// A clone's kernel is in its RAM: to name the files again would only cost the time to read them.
Device boot(const VmSpec& spec) {
  if (spec.ram == Ram::clone) return {{"-incoming", "defer"}};
  return {{"-kernel", spec.kernel.string(), "-initrd", spec.initramfs.string()}};
}

/// A kernel that panics is done for: the machine ends at once, and that is how we notice. An oops
/// counts as a panic, for whatever ran in that kernel afterwards would prove nothing.
Device exit_on_panic() { return {{"-no-reboot"}, {"panic=-1", "oops=panic"}}; }

/// The early console makes a kernel heard that dies before its drivers are there, so an empty
/// console always means that nothing ran. Level 6 keeps banner, command line, warnings and worse.
Device console_on_serial_port(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
      return {{"-serial", "chardev:console"},
              {"earlyprintk=ttyS0,115200", "console=ttyS0,115200", "loglevel=6"}};
    case Arch::aarch64:
      return {{"-serial", "chardev:console"}, {"earlycon", "console=ttyAMA0", "loglevel=6"}};
  }
  return {};
}

/// The fast channel, for kernels with virtio_console. Two ports (number 0 is a console's) instead
/// of the default 31 spare the guest sixty queues.
Device agent_on_virtio_port() {
  return {{"-device", "virtio-serial-pci,max_ports=2", "-device",
           fmt::format("virtserialport,chardev=virtio,nr=1,name={}", kAgentPort)}};
}

/// The channel that every kernel has: ttyS1 on x86_64; on aarch64, where the machine has room for
/// one PL011 only, ttyS0 on PCI.
Device agent_on_serial_port(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
      return {{"-serial", "chardev:serial"}};
    case Arch::aarch64:
      return {{"-device", "pci-serial,chardev=serial"}};
  }
  return {};
}

/// Entropy at boot without waiting for it; x86 before 5.19 trusts RDRAND only on request
/// (drivers/char/random.c, parse_trust_cpu(), v5.8).
Device trusted_random_numbers() { return {{}, {"random.trust_cpu=on"}}; }

/// Early in the boot the x86 kernel counts timer interrupts during a delay, and panics ("IO-APIC +
/// timer doesn't work!") when a busy host did not let enough of them through
/// (arch/x86/kernel/apic/io_apic.c, timer_irq_works(), v5.8). Linux skips that check by itself
/// when it knows that it runs under KVM.
Device trusted_timer(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
      return {{}, {"no_timer_check"}};
    case Arch::aarch64:
      return {};
  }
  return {};
}

/// The kernel's self-test of its ciphers: a sixth of the whole boot under emulation, and unrelated
/// to BPF (crypto/testmgr.c, notests, v5.8).
Device no_cipher_tests() { return {{}, {"cryptomgr.notests"}}; }

/// Page table isolation guards a kernel's secrets from its processes; these have none from each
/// other, and under emulation it flushes QEMU's TLB at every system call. Not mitigations=off,
/// which changes what the verifier accepts (bpf_bypass_spec_v1(), include/linux/bpf.h, since v6.7).
/// arm64 leaves it out itself on a Cortex-A72 (kpti_safe_list, arch/arm64/kernel/cpufeature.c,
/// v5.8).
Device no_page_table_isolation(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
      return {{}, {"nopti"}};
    case Arch::aarch64:
      return {};
  }
  return {};
}

Device wires(Wiring wiring) {
  const auto socket = [](std::string_view id, int fd) {
    return fmt::format("socket,id={},fd={}", id, fd);
  };
  switch (wiring) {
    case Wiring::sockets:
      return {{"-chardev", socket("console", kConsoleFd), "-chardev", socket("virtio", kVirtioFd),
               "-chardev", socket("serial", kSerialFd)}};
    case Wiring::terminal:
      return {{"-chardev", "stdio,id=console", "-chardev", "null,id=virtio", "-chardev",
               "null,id=serial"}};
  }
  return {};
}

}  // namespace

std::string qemu_program(Arch arch) { return fmt::format("qemu-system-{}", to_string(arch)); }

std::vector<Device> devices(const VmSpec& spec) {
  return {machine(spec),
          nothing_else(),
          sandbox(),
          accelerator(spec.accel),
          cpu(spec),
          size(spec.memory_mib),
          wires(spec.wiring),
          monitor(spec.ram),
          console_on_serial_port(spec.arch),
          agent_on_serial_port(spec.arch),
          agent_on_virtio_port(),
          exit_on_panic(),
          trusted_random_numbers(),
          trusted_timer(spec.arch),
          no_cipher_tests(),
          no_page_table_isolation(spec.arch),
          boot(spec)};
}

std::string kernel_command_line(const VmSpec& spec) {
  std::vector<std::string> words;
  for (const Device& device : devices(spec)) {
    words.insert(words.end(), device.kernel.begin(), device.kernel.end());
  }
  words.insert(words.end(), spec.kernel_arguments.begin(), spec.kernel_arguments.end());
  return fmt::format("{}", fmt::join(words, " "));
}

std::vector<std::string> qemu_argv(const VmSpec& spec) {
  std::vector<std::string> argv{qemu_program(spec.arch)};
  for (const Device& device : devices(spec)) {
    argv.insert(argv.end(), device.qemu.begin(), device.qemu.end());
  }
  if (spec.ram != Ram::clone) argv.insert(argv.end(), {"-append", kernel_command_line(spec)});
  return argv;
}

}  // namespace bpfmatrix
