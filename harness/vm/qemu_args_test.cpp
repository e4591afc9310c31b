#include "vm/qemu_args.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/child_process.h"

namespace bpfmatrix {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

const VmSpec kX86{.arch = Arch::x86_64, .kernel = "/k/vmlinuz", .initramfs = "/k/initramfs"};
const VmSpec kArm{.arch = Arch::aarch64, .kernel = "/k/vmlinuz", .initramfs = "/k/initramfs"};

TEST(QemuArgv, x86_64) {
  EXPECT_EQ(shell_quote(qemu_argv(kX86)),
            "qemu-system-x86_64 -machine q35 -nodefaults -no-user-config -display none -nic none "
            "-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny "
            "-accel tcg -cpu Westmere,+rdrand,-cx16 -smp 1 -m 512M "
            "-chardev socket,id=console,fd=3 -chardev socket,id=virtio,fd=4 "
            "-chardev socket,id=serial,fd=5 -serial chardev:console -serial chardev:serial "
            "-device virtio-serial-pci,max_ports=2 "
            "-device virtserialport,chardev=virtio,nr=1,name=org.bpfmatrix.agent.0 -no-reboot "
            "-kernel /k/vmlinuz -initrd /k/initramfs -append "
            "'earlyprintk=ttyS0,115200 console=ttyS0,115200 loglevel=6 panic=-1 oops=panic "
            "random.trust_cpu=on no_timer_check cryptomgr.notests nopti'");
}

TEST(QemuArgv, aarch64) {
  EXPECT_EQ(shell_quote(qemu_argv(kArm)),
            "qemu-system-aarch64 -machine virt -nodefaults -no-user-config -display none -nic none "
            "-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny "
            "-accel tcg -cpu cortex-a72 -smp 1 -m 512M "
            "-chardev socket,id=console,fd=3 -chardev socket,id=virtio,fd=4 "
            "-chardev socket,id=serial,fd=5 -serial chardev:console "
            "-device pci-serial,chardev=serial -device virtio-serial-pci,max_ports=2 "
            "-device virtserialport,chardev=virtio,nr=1,name=org.bpfmatrix.agent.0 -no-reboot "
            "-kernel /k/vmlinuz -initrd /k/initramfs -append "
            "'earlycon console=ttyAMA0 loglevel=6 panic=-1 oops=panic random.trust_cpu=on "
            "cryptomgr.notests'");
}

TEST(QemuArgv, kvm_takes_the_cpu_of_the_host) {
  VmSpec spec = kArm;
  spec.accel = Accel::kvm;
  EXPECT_THAT(shell_quote(qemu_argv(spec)), HasSubstr("-accel kvm -cpu host"));
}

TEST(QemuArgv, a_machine_to_freeze_has_its_ram_in_a_file_and_a_monitor) {
  VmSpec spec = kX86;
  spec.ram = Ram::to_freeze;
  const std::string line = shell_quote(qemu_argv(spec));
  EXPECT_THAT(line, HasSubstr("-machine q35,memory-backend=ram -object memory-backend-file,id=ram,"
                              "size=512M,mem-path=/proc/self/fd/7,share=on -nodefaults"));
  EXPECT_THAT(line, HasSubstr("-chardev socket,id=monitor,fd=6 -mon chardev=monitor,mode=control"));
  EXPECT_THAT(line, HasSubstr("-kernel /k/vmlinuz -initrd /k/initramfs -append"));
}

TEST(QemuArgv, a_clone_boots_nothing_and_keeps_its_changes_to_itself) {
  VmSpec spec = kArm;
  spec.ram = Ram::clone;
  const std::string line = shell_quote(qemu_argv(spec));
  EXPECT_THAT(line, HasSubstr("mem-path=/proc/self/fd/7,share=off"));
  EXPECT_TRUE(line.ends_with(" -no-reboot -incoming defer")) << line;
  EXPECT_THAT(line, Not(HasSubstr("-append")));
}

TEST(QemuArgv, a_clone_has_the_devices_of_the_machine_that_was_frozen) {
  for (VmSpec spec : {kX86, kArm}) {
    const auto devices_only = [](const VmSpec& machine) {
      std::string line = shell_quote(qemu_argv(machine));
      for (const char* word : {"share=on", "share=off"}) {
        if (const std::size_t at = line.find(word); at != line.npos)
          line.erase(at, std::string_view(word).size());
      }
      return line.substr(0, line.find(" -no-reboot"));
    };
    spec.ram = Ram::to_freeze;
    const std::string frozen = devices_only(spec);
    spec.ram = Ram::clone;
    EXPECT_EQ(devices_only(spec), frozen);
  }
}

TEST(QemuArgv, the_callers_kernel_arguments_come_last) {
  VmSpec spec = kX86;
  spec.kernel_arguments = {"loglevel=7"};
  EXPECT_TRUE(qemu_argv(spec).back().ends_with(" loglevel=7"));
}

TEST(QemuArgv, on_a_terminal_no_descriptor_is_inherited) {
  VmSpec spec = kX86;
  spec.wiring = Wiring::terminal;
  const std::string line = shell_quote(qemu_argv(spec));
  EXPECT_THAT(line, HasSubstr("-chardev stdio,id=console"));
  EXPECT_THAT(line, Not(HasSubstr("fd=")));
}

TEST(QemuArgv, nothing_that_changes_what_bpf_does_is_ever_set) {
  for (const VmSpec& spec : {kX86, kArm}) {
    const std::string kernel = qemu_argv(spec).back();
    for (const char* word : {"mitigations", "spec", "nokaslr", "lsm", "bpf", "audit"}) {
      EXPECT_THAT(kernel, Not(HasSubstr(word)));
    }
  }
}

}  // namespace
}  // namespace bpfmatrix
