#include "cli/kernels_show.h"

#include <fmt/format.h>

#include <memory>

#include "analysis/causes/features.h"
#include "base/data_dir.h"
#include "base/temp_dir.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/known_kernels.h"
#include "cli/talk.h"
#include "report/kernel_text.h"
#include "run/machines/guest_vm.h"
#include "run/machines/kernel_facts_keeper.h"
#include "run/objects/kernel_finder.h"

namespace bpfmatrix {

namespace {

struct ShowOptions {
  std::string kernel{};
  std::string mirror{};
  bool allow_older = false;
  std::string accel = "auto";
  bool json = false;
};

class ShowCommand {
 public:
  explicit ShowCommand(const ShowOptions& options) : options_(options) {}

  Result<int> run() {
    Result<RunSettings> settings = default_settings(options_.mirror);
    if (!settings) return std::move(settings).error();
    settings_ = *std::move(settings);
    settings_.fetch.allow_older = options_.allow_older;
    settings_.fetch.notice = [](std::string_view line) { say(line); };
    const Result<Kernel> kernel = find_kernel();
    if (!kernel) return kernel.error();
    Result<KernelFacts> facts = facts_of(*kernel);
    if (!facts) {
      say_error(facts.error());
      return static_cast<int>(ExitCode::unknown);
    }
    return print(*kernel, *facts);
  }

 private:
  Result<Kernel> find_kernel() {
    const Result<std::filesystem::path> file = find_data("kernels/catalog.json");
    if (!file) return file.error();
    Result<Catalog> catalog = load_catalog(*file);
    if (!catalog) return std::move(catalog).error();
    KernelFinder kernels(*std::move(catalog), settings_);
    if (options_.kernel.find('/') == std::string::npos) return kernels.find(options_.kernel);
    const Result<std::string> id = kernels.add_local(options_.kernel);
    return id ? kernels.find(*id) : Result<Kernel>(id.error());
  }

  /// Boots the kernel only if it was not measured yet.
  Result<KernelFacts> facts_of(const Kernel& kernel) {
    const Store& store = settings_.fetch.store;
    if (std::optional<KernelFacts> kept = kept_facts(store, kernel)) return *std::move(kept);
    Result<Accel> accel = choose_accel_for(kernel);
    if (!accel) return std::move(accel).error();
    const Result<TempDir> console = TempDir::create();
    if (!console) return console.error();
    say(fmt::format("{}: booting it to measure what it has", kernel.id));
    auto booted = GuestVm::boot(kernel, *accel, console->path() / "console.log", settings_);
    auto* vm = std::get_if<std::unique_ptr<GuestVm>>(&booted);
    if (vm == nullptr) return Error{std::get<VmExit>(booted).reason};
    return learn_kernel(store, kernel, (*vm)->session());
  }

  Result<Accel> choose_accel_for(const Kernel& kernel) const {
    const auto choice = parse_word<AccelChoice>(options_.accel);
    if (!choice) return Error{fmt::format("--accel '{}': wanted auto, kvm or tcg", options_.accel)};
    return choose_accel({.choice = *choice,
                         .guest = kernel.arch,
                         .host = this_host(kernel.arch),
                         .cache_dir = settings_.fetch.store.root(),
                         .prove = [&] { return prove_kvm_with(kernel); },
                         .say = [](const std::string& text) { say(text); }});
  }

  Result<int> print(const Kernel& kernel, const KernelFacts& facts) const {
    const Result<Features> features = installed_features();
    if (!features) return features.error();
    if (options_.json) {
      OrderedJson json{{"id", kernel.id}, {"origin", kernel.origin.kind}};
      json.update(to_json(facts));
      print_text(json_text(json, 1) + "\n");
    } else {
      print_text(origin_text(kernel) + kernel_text(facts, *features));
    }
    return static_cast<int>(as_expected);
  }

  static std::string origin_text(const Kernel& kernel) {
    const Origin& origin = kernel.origin;
    std::string text =
        fmt::format("{:<27}{}\n{:<27}{}", "kernel", kernel.id, "origin", origin.kind);
    if (!origin.package.empty()) text += fmt::format(" {} {}", origin.package, origin.version);
    if (!origin.sha256.empty()) text += fmt::format(", sha256 {}", origin.sha256.substr(0, 16));
    if (!origin.signed_by.empty()) text += fmt::format(", signed by {}", origin.signed_by);
    text += fmt::format("\n{:<27}{}\n", "BTF",
                        kernel.btf ? fmt::format("{} bytes, sha256 {}", kernel.btf->bytes,
                                                 kernel.btf->sha256.substr(0, 16))
                                   : "none");
    return text;
  }

  const ShowOptions& options_;
  RunSettings settings_{};
};

}  // namespace

void add_kernels_show(CLI::App& kernels, int& exit_code) {
  const auto options = std::make_shared<ShowOptions>();
  CLI::App* show =
      kernels.add_subcommand("show", "Print what a kernel has: measured once in a guest, and kept");
  show->add_option("KERNEL", options->kernel, "Name, or path to a vmlinuz")->required();
  show->add_flag("--json", options->json, "All of it, as JSON");
  show->add_option("--accel", options->accel, "What runs the guest")
      ->type_name(closed_list<AccelChoice>())
      ->capture_default_str();
  show->add_option("--mirror", options->mirror, "Debian mirror; default: the one apt uses")
      ->type_name("URL");
  show->add_flag("--allow-older", options->allow_older, kAllowOlderHelp);
  show->callback([options, &exit_code] {
    const Result<int> code = ShowCommand(*options).run();
    if (!code) say_error(code.error());
    exit_code = code ? *code : static_cast<int>(wrong_command);
  });
}

}  // namespace bpfmatrix
