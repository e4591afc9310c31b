// What init does before anything else: file systems, limits, loopback, modules. Nothing here is
// fatal: what a kernel does not have is noted, and the host decides.
#pragma once

#include <string>
#include <vector>

namespace bpfmatrix::guest {

/// Mounts what a loader may want to see, oldest kernels included.
void mount_file_systems(std::vector<std::string>& notes);
/// Files of an application may fill most of the memory.
void widen_root();
/// The agent's own programs can no longer be written to, but by who mounts them anew.
void protect_tools(std::vector<std::string>& notes);
/// Makes sure that 0, 1 and 2 lead somewhere: a kernel without /dev/console in its initramfs starts
/// init with none.
void open_console();
void raise_limits(std::vector<std::string>& notes);

/// Detaching a program waits for a grace period of RCU, each time 20 to 80 ms of an emulated
/// guest's life; hurried ones (/sys/kernel/rcu_expedited) end as soon as all processors have
/// passed.
void hasten_grace_periods();

enum class ModuleGroup { channel, later };
/// Loads the modules of one group in the order in which /bpfmatrix/modules/order lists them.
void load_modules(ModuleGroup group, std::vector<std::string>& notes);

/// Prints the reason on the console and ends the VM.
[[noreturn]] void end_machine(const std::string& reason);

}  // namespace bpfmatrix::guest
