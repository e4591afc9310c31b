#include "cli/shell_session.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>

#include "base/file.h"
#include "cli/shell_keys.h"
#include "cli/shell_terminal.h"
#include "cli/talk.h"

namespace bpfmatrix {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMaxFileBytes = 256 << 20;
constexpr auto kPutTime = 120s;
/// A person may think for long.
constexpr std::chrono::milliseconds kLongest = 24h;

std::string busybox() { return std::string(kShellTools) + "/busybox"; }

/// The name by which the guest's first serial port can be a controlling terminal.
const char* console_of(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
      return "/dev/ttyS0";
    case Arch::aarch64:
      return "/dev/ttyAMA0";
  }
  return "";
}

int exit_code(const Exited& exited) {
  if (exited.code) return static_cast<int>(*exited.code);
  return 128 + static_cast<int>(exited.signal.value_or(0));
}

/// TERM of this terminal; what comes from outside is no more than a name.
std::string terminal_type() {
  const char* type = ::getenv("TERM");
  return type != nullptr && is_valid_id(type) ? type : "vt100";
}

/// Carries keys to the machine until `over` is readable, a signal comes, or Ctrl-A x. Gives the
/// signal.
int carry_keys(Vm& machine, const ShellTerminal& terminal, const Fd& over) {
  ShellKeys keys;
  std::array<char, 4096> typed{};
  for (;;) {
    std::array<pollfd, 3> fds{{{STDIN_FILENO, POLLIN, 0},
                               {over.get(), POLLIN, 0},
                               {terminal.signals().get(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0) continue;
    if (fds[2].revents != 0) return terminal.take_signal();
    if (fds[1].revents != 0) return 0;
    const ssize_t n = ::read(STDIN_FILENO, typed.data(), typed.size());
    if (n <= 0) return 0;
    if (!machine.type(keys.pass({typed.data(), static_cast<std::size_t>(n)}))) return 0;
    if (keys.ended()) return 0;
  }
}

}  // namespace

Result<> ShellSession::put(const fs::path& file, const std::string& path, int mode) {
  const Result<std::string> bytes = read_file(file, kMaxFileBytes);
  if (!bytes) return bytes.error();
  return vm_->session().put_file(path, *bytes, mode, Clock::now() + kPutTime);
}

RunRequest ShellSession::request(std::vector<std::string> argv) const {
  return {.argv = std::move(argv),
          .environment = {{"PATH", "/bin"},
                          {"HOME", "/objects"},
                          {"TERM", terminal_type()},
                          {"PS1", kernel_.release + " # "}},
          .deadline_ms = kLongest.count(),
          .hide_btf = hides_own(btf_)};
}

Result<> ShellSession::furnish(const std::vector<ShellFile>& tools,
                               const std::vector<fs::path>& objects) {
  for (const ShellFile& tool : tools) {
    if (Result<> put_there = put(tool.file, fmt::format("{}/{}", kShellTools, tool.name), 0755);
        !put_there) {
      return put_there;
    }
  }
  for (const fs::path& object : objects) {
    const std::string path = fmt::format("{}/{}", kShellObjects, object.filename().string());
    std::error_code none;
    const auto mode = fs::status(object, none).permissions();
    const bool runs = (mode & fs::perms::owner_exec) != fs::perms::none;
    if (Result<> put_there = put(object, path, runs ? 0755 : 0644); !put_there) return put_there;
  }
  if (hands_over(btf_)) {
    const KernelBtf* btf = btf_of(kernel_);
    if (btf == nullptr) return Error{"the kernel has no BTF to hand over"};
    const std::string path = std::string(kShellObjects) + "/vmlinux.btf";
    if (Result<> put_there = put(btf->file, path, 0644); !put_there) return put_there;
  }
  const RunRequest set_up = request({busybox(), "sh", "-c", shell_setup(kernel_.arch)});
  const auto done = vm_->session().run(set_up, "", {}, Clock::now() + kPutTime);
  if (!done) return lost(done.error());
  return {};
}

Result<int> ShellSession::interact() {
  const ShellTerminal terminal;
  const Fd over(::eventfd(0, EFD_CLOEXEC));
  const std::string script =
      fmt::format("cd /objects; exec <>{} >&0 2>&0; dmesg -n 4; {}exec sh -i",
                  console_of(kernel_.arch), stty_command());
  vm_->machine().show_console(STDOUT_FILENO);
  std::optional<Result<Exited>> end;
  std::thread waiter([&] {
    end.emplace(vm_->session().run(request({busybox(), "sh", "-c", script}), "", {},
                                   Clock::now() + kLongest));
    const std::uint64_t one = 1;
    (void)!::write(over.get(), &one, sizeof one);
  });
  const int signal = carry_keys(vm_->machine(), terminal, over);
  vm_->machine().show_console(-1);
  pollfd ended{over.get(), POLLIN, 0};
  const bool by_itself = ::poll(&ended, 1, 0) == 1;
  if (!by_itself) vm_->machine().stop(Stop::finished);
  waiter.join();
  if (signal != 0) return 128 + signal;
  if (!by_itself) return 0;
  if (!*end) return lost(end->error());
  return exit_code(**end);
}

Result<int> ShellSession::run(const std::vector<std::string>& command, std::string_view input) {
  std::vector<std::string> argv{busybox(), "sh"};
  if (!command.empty()) argv.insert(argv.end(), {"-c", "cd /objects; exec \"$@\"", "sh"});
  argv.insert(argv.end(), command.begin(), command.end());
  // The guest's own terminal: a command here is as free as one at its prompt.
  const RunEvents events{
      .on_out_line = [](std::string_view line) { print_drawn(fmt::format("{}\n", line)); },
      .on_err = [](std::string_view bytes) { say_drawn(bytes); }};
  const Result<Exited> exited =
      vm_->session().run(request(std::move(argv)), input, events, Clock::now() + kLongest);
  std::fflush(stdout);
  if (!exited) return lost(exited.error());
  const std::int64_t dropped = exited->dropped_out_bytes + exited->dropped_err_bytes;
  if (dropped > 0) say(fmt::format("the output is too long: {} bytes are left out", dropped));
  return exit_code(*exited);
}

Error ShellSession::lost(const Error& error) {
  const VmExit exit = classify_exit(vm_->give_up(error.message));
  if (!exit.console_tail.empty()) say(exit.console_tail);
  return Error{fmt::format("the guest {}: {}", to_string(exit.end), exit.reason)};
}

}  // namespace bpfmatrix
