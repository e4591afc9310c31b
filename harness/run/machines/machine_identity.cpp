#include "run/machines/machine_identity.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <filesystem>
#include <map>
#include <mutex>

#include "base/child_process.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// Counts what template_maker.cpp does to a machine before it is frozen.
constexpr int kRecipe = 2;

Result<QemuBuild> ask_qemu(const fs::path& program) {
  const Result<CommandOutput> said =
      run_command({.argv = {program.string(), "--version"}}, std::chrono::seconds(10));
  if (!said) return said.error();
  Result<std::string> hash = sha256_file(program);
  if (!hash) return std::move(hash).error();
  return QemuBuild{std::string(first_line(said->out)), *std::move(hash)};
}

/// With KVM the guest sees the host's processor, and the host's kernel is part of the machine.
std::string host_processor(Accel accel) {
  if (accel == Accel::tcg) return "";
  utsname names{};
  ::uname(&names);
  const Result<std::string> text = read_file("/proc/cpuinfo", 4 << 20);
  const std::string_view first = text ? std::string_view(*text).substr(0, text->find("\n\n")) : "";
  std::string lines;
  for (const std::string_view line : split(first, '\n')) {
    // These two change by themselves.
    if (line.find("MHz") != line.npos || line.find("bogomips") != line.npos) continue;
    lines.append(line).append("\n");
  }
  return fmt::format("{}\n{}", names.release, lines);
}

}  // namespace

Result<QemuBuild> qemu_build(Arch arch) {
  const std::string program = qemu_program(arch);
  const auto path = find_program(program);
  if (!path) return Error{fmt::format("'{}': no such program in PATH", program)};
  static std::mutex mutex;
  static std::map<fs::path, QemuBuild> known;
  const std::lock_guard lock(mutex);
  const auto found = known.find(*path);
  if (found != known.end()) return found->second;
  Result<QemuBuild> asked = ask_qemu(*path);
  return asked ? Result<QemuBuild>(known.emplace(*path, *std::move(asked)).first->second) : asked;
}

std::string to_string(const TemplateKey& key) {
  VmSpec spec = key.spec;
  spec.ram = Ram::to_freeze;
  spec.kernel = key.image_sha256;  // in place of the path, which does not count
  spec.initramfs = key.initramfs_sha256;
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", kRecipe, shell_quote(qemu_argv(spec)),
                                key.qemu.version, key.qemu.sha256, host_processor(spec.accel),
                                key.files));
}

}  // namespace bpfmatrix
