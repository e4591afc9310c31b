#include "cli/shell_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/known_kernels.h"
#include "cli/shell_session.h"
#include "cli/shell_terminal.h"
#include "cli/talk.h"
#include "run/objects/kernel_finder.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxInputBytes = 16 << 20;
/// Beside the codes that commands end with: there was no guest to run one in, or it was lost.
constexpr int kNoGuest = 125;

struct ShellOptions {
  std::string kernel{};
  std::vector<std::string> command{};
  std::vector<std::string> objects{};
  std::string btf = "kernel";
  std::string accel = "auto";
  std::string mirror{};
  bool allow_older = false;
  int boot_timeout = 120;
};

/// Everything on standard input. Error: more than a guest is given.
Result<std::string> read_input() {
  std::string text;
  std::array<char, 65536> block{};
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, block.data(), block.size());
    if (n <= 0) return text;
    text.append(block.data(), static_cast<std::size_t>(n));
    if (text.size() > kMaxInputBytes) {
      return Error{fmt::format("more than {} bytes on standard input", kMaxInputBytes)};
    }
  }
}

class ShellCommand {
 public:
  explicit ShellCommand(const ShellOptions& options) : options_(options) {}

  /// Two roads for trouble: the command was wrong, or there is no guest.
  int run() {
    if (const Result<> ready = prepare(); !ready) {
      say_error(ready.error());
      return wrong_command;
    }
    const Result<int> code = work();
    if (!code) say_error(code.error());
    return code ? *code : kNoGuest;
  }

 private:
  Result<> prepare() {
    Result<RunSettings> settings = default_settings(options_.mirror);
    if (!settings) return std::move(settings).error();
    settings_ = *std::move(settings);
    settings_.fetch.allow_older = options_.allow_older;
    in_use_ = settings_.fetch.store.use();
    settings_.fetch.notice = [](std::string_view line) { say(line); };
    settings_.boot_timeout = std::chrono::seconds(options_.boot_timeout);
    const auto accel = parse_word<AccelChoice>(options_.accel);
    if (!accel) return Error{fmt::format("--accel '{}': wanted auto, kvm or tcg", options_.accel)};
    settings_.accel = *accel;
    Result<std::vector<BtfSource>> btf = parse_btf_sources({options_.btf});
    if (!btf) return std::move(btf).error();
    btf_ = btf->front();
    for (const std::string& object : options_.objects) {
      std::error_code ignored;
      if (!fs::is_regular_file(object, ignored)) return Error{fmt::format("'{}': no file", object)};
    }
    return {};
  }

  Result<Kernel> find_kernel_here() const {
    Result<Catalog> catalog = bpfmatrix::known_kernels();
    if (!catalog) return std::move(catalog).error();
    KernelFinder kernels(*std::move(catalog), settings_);
    if (options_.kernel.find('/') == std::string::npos) return kernels.find(options_.kernel);
    const Result<std::string> id = kernels.add_local(options_.kernel);
    if (!id) return id.error();
    return kernels.find(*id);
  }

  Result<std::unique_ptr<GuestVm>> boot(const Kernel& kernel) const {
    const Result<Accel> accel = choose_accel({.choice = settings_.accel,
                                              .guest = kernel.arch,
                                              .host = this_host(kernel.arch),
                                              .cache_dir = settings_.fetch.store.root(),
                                              .prove = [&] { return prove_kvm_with(kernel); },
                                              .say = [](const std::string& text) { say(text); }});
    if (!accel) return accel.error();
    auto booted = GuestVm::boot(kernel, *accel, "", settings_);
    if (auto* vm = std::get_if<std::unique_ptr<GuestVm>>(&booted)) return std::move(*vm);
    const VmExit& exit = std::get<VmExit>(booted);
    return Error{fmt::format("kernel '{}': {}: {}", kernel.id, to_string(exit.end), exit.reason)};
  }

  Result<int> work() const {
    const Result<Kernel> kernel = find_kernel_here();
    if (!kernel) return kernel.error();
    const auto tools = find_shell_tools(kernel->arch, settings_.fetch);
    if (!tools) return tools.error();
    const bool interactive = options_.command.empty() && at_a_terminal();
    const Result<std::string> input =
        interactive || ::isatty(STDIN_FILENO) == 1 ? Result<std::string>("") : read_input();
    if (!input) return input.error();
    Result<std::unique_ptr<GuestVm>> vm = boot(*kernel);
    if (!vm) return std::move(vm).error();
    if (interactive) {
      say(fmt::format("{} ({}), ready after {} ms; Ctrl-A x ends it", kernel->id, kernel->release,
                      (*vm)->ready_after().count()));
    }
    ShellSession session(*std::move(vm), *kernel, btf_);
    const std::vector<fs::path> objects(options_.objects.begin(), options_.objects.end());
    if (const Result<> furnished = session.furnish(*tools, objects); !furnished) {
      return furnished.error();
    }
    return interactive ? session.interact() : session.run(options_.command, *input);
  }

  const ShellOptions& options_;
  RunSettings settings_{};
  StoreLock in_use_{};
  BtfSource btf_ = BtfSource::kernel;
};

}  // namespace

void add_shell_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<ShellOptions>();
  CLI::App* shell = app.add_subcommand(
      "shell",
      "Open a prompt in a kernel, with busybox, bpftool and your objects, or run one command");
  shell->add_option("KERNEL", options->kernel, "Kernel id, or a path to a vmlinuz")->required();
  shell->add_option("COMMAND", options->command,
                    "After --: run this and end with its exit code, instead of a prompt");
  shell->add_option("--object", options->objects, "A file to put into /objects")
      ->type_name("FILE")
      ->allow_extra_args(false);
  shell
      ->add_option("--btf", options->btf,
                   "kernel: its own BTF; none: that is hidden; embedded: that is hidden, and a "
                   "copy is /objects/vmlinux.btf")
      ->type_name(closed_list<BtfSource>())
      ->capture_default_str();
  shell->add_option("--accel", options->accel, "What runs the guest")
      ->type_name(closed_list<AccelChoice>())
      ->capture_default_str();
  shell->add_option("--mirror", options->mirror, "Debian mirror; default: the one apt uses")
      ->type_name("URL");
  shell->add_flag("--allow-older", options->allow_older, kAllowOlderHelp);
  shell->add_option("--boot-timeout", options->boot_timeout, "Seconds a boot may take")
      ->capture_default_str();
  shell->footer(
      "Ctrl-A x ends the machine, Ctrl-A Ctrl-A types a Ctrl-A. Without a terminal the shell "
      "reads\n"
      "commands from standard input.\n"
      "Exit codes: what the command or shell ended with (128 and more: by a signal), 2 the "
      "command\n"
      "line was wrong, 125 there was no guest, or it was lost.");
  shell->callback([options, &exit_code] { exit_code = ShellCommand(*options).run(); });
}

}  // namespace bpfmatrix
