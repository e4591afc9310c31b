// The QEMU command line, as a pure function. A VM is a list of devices, and a device is a value:
// QEMU's options and the kernel's command line belong together.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/words.h"

namespace bpfmatrix {

enum class Accel { tcg, kvm };
inline constexpr Word<Accel> kAccelWords[] = {
    {Accel::tcg, "tcg", "emulation: slow, and works everywhere"},
    {Accel::kvm, "kvm", "hardware virtualisation: guest and host have the same architecture"},
};
constexpr const auto& words_of(Accel) { return kAccelWords; }

/// Where console and channels lead.
enum class Wiring {
  sockets,   ///< inherited descriptors, see kConsoleFd and the others
  terminal,  ///< the console on standard input and output, the channels nowhere: to be typed
};

/// What a machine's RAM is made of, and so how it starts.
enum class Ram {
  own,        ///< anonymous memory; boots, cannot be frozen
  to_freeze,  ///< the file at kRamFd; boots, can be frozen
  clone,      ///< a private view of the file at kRamFd; does not boot, waits for its devices' state
};

struct VmSpec {
  Arch arch = Arch::x86_64;
  Accel accel = Accel::tcg;
  std::filesystem::path kernel{};
  std::filesystem::path initramfs{};
  int memory_mib = 512;
  Ram ram = Ram::own;
  Wiring wiring = Wiring::sockets;
  /// Put after our own; a later one wins over an earlier one.
  std::vector<std::string> kernel_arguments{};
  /// Everything the console says goes here as well, the first 16 MiB of it. None if empty.
  std::filesystem::path console_log{};
};

/// The descriptors that QEMU inherits with Wiring::sockets: connected stream sockets.
inline constexpr int kConsoleFd = 3;
inline constexpr int kVirtioFd = 4;
inline constexpr int kSerialFd = 5;
/// The same, unless the machine's RAM is its own: the monitor's socket, and the RAM's file.
inline constexpr int kMonitorFd = 6;
inline constexpr int kRamFd = 7;

/// The name of the agent's virtio-serial port, in the guest /sys/class/virtio-ports/*/name.
inline constexpr std::string_view kAgentPort = "org.bpfmatrix.agent.0";

struct Device {
  std::vector<std::string> qemu{};
  std::vector<std::string> kernel{};
};

/// "qemu-system-x86_64".
std::string qemu_program(Arch arch);
std::vector<Device> devices(const VmSpec& spec);
/// What the kernel is booted with. A clone was booted as its template was.
std::string kernel_command_line(const VmSpec& spec);
std::vector<std::string> qemu_argv(const VmSpec& spec);

}  // namespace bpfmatrix
