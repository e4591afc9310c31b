// A guest that somebody works in: its userland in place, one shell or command run in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/shell_tools.h"
#include "matrix/btf_source.h"
#include "run/machines/guest_vm.h"

namespace bpfmatrix {

class ShellSession {
 public:
  /// `btf` says what BTF is seen: the kernel's own, none, or none and a file of it in /objects.
  ShellSession(std::unique_ptr<GuestVm> vm, const Kernel& kernel, BtfSource btf)
      : vm_(std::move(vm)), kernel_(kernel), btf_(btf) {}

  /// Blocks for a second or so. Error: a file cannot be read, or the guest is lost.
  Result<> furnish(const std::vector<ShellFile>& tools,
                   const std::vector<std::filesystem::path>& objects);

  /// A shell on the guest's console, which the person's terminal becomes. Gives its exit code, or
  /// that of `ended by Ctrl-A x`: 0. Error: the guest is lost.
  Result<int> interact();
  /// A command with this standard input; its output goes to ours. Gives its exit code, 128 and more
  /// for a signal, as shells do. Error: the guest is lost.
  Result<int> run(const std::vector<std::string>& command, std::string_view input);

 private:
  Result<> put(const std::filesystem::path& file, const std::string& path, int mode);
  RunRequest request(std::vector<std::string> argv) const;
  Error lost(const Error& error);

  std::unique_ptr<GuestVm> vm_;
  const Kernel& kernel_;
  BtfSource btf_;
};

}  // namespace bpfmatrix
