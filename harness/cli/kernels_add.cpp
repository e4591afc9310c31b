#include "cli/kernels_add.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/child_process.h"
#include "base/data_dir.h"
#include "base/file.h"
#include "base/temp_dir.h"
#include "cli/exit_code.h"
#include "cli/kernel_progress.h"
#include "cli/known_kernels.h"
#include "cli/talk.h"
#include "kernels/find/added_kernel.h"
#include "kernels/find/kernel_parts.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr auto kCollectTimeout = std::chrono::minutes(5);
constexpr std::uint64_t kMaxScriptBytes = 1 << 20;

struct AddArguments {
  std::string kernel{};
  std::string image{};
  std::string config{};
  std::string system_map{};
  std::string modules{};
  std::string btf{};
  std::string arch{};
  std::string archive{};
  bool from_running = false;
  std::string store{};
};

std::optional<fs::path> path_of(const std::string& option) {
  return option.empty() ? std::nullopt : std::optional<fs::path>(option);
}

/// Runs collect.sh here, as its user would on another machine.
Result<> collect_here(const fs::path& archive) {
  const Result<fs::path> script = find_data("kernels/collect.sh");
  if (!script) return script.error();
  const Result<CommandOutput> ran =
      run_command({.argv = {"sh", script->string(), archive.string()}}, kCollectTimeout);
  if (!ran) return wrap("collect.sh", ran.error());
  if (ran->status.success()) return {};
  return Error{fmt::format("collect.sh: {}: {}", to_string(ran->status), ran->err)};
}

/// The kernel's parts, from wherever the command line says; an archive is unpacked below `work`.
Result<KernelParts> find_parts(const AddArguments& arguments, const fs::path& work) {
  if (arguments.image.empty()) {
    const fs::path archive =
        arguments.from_running ? work / "kernel.tar" : fs::path(arguments.archive);
    if (arguments.from_running) {
      if (Result<> collected = collect_here(archive); !collected) return collected.error();
    }
    return unpack_kernel_archive(archive, work / "parts");
  }
  KernelParts parts{.image = arguments.image};
  parts.config = path_of(arguments.config);
  parts.system_map = path_of(arguments.system_map);
  parts.modules = path_of(arguments.modules);
  parts.btf = path_of(arguments.btf);
  if (arguments.arch.empty()) return parts;
  parts.arch = parse_arch(arguments.arch);
  if (parts.arch) return parts;
  return Error{fmt::format("--arch '{}': unknown architecture", arguments.arch),
               "known: x86_64, aarch64"};
}

std::string config_words(const Kernel& kernel, bool given) {
  if (!kernel.config) return "none: the image has none inside; give it with --config";
  return given ? "as given" : "found in the image";
}

std::string symbols_words(const AssembledKernel& added, bool given) {
  const std::string inside =
      added.symbols > 0 ? fmt::format("{} symbols found in the image", added.symbols) : "";
  if (given) return "the System.map given" + (inside.empty() ? "" : ", " + inside);
  return inside.empty() ? "not found, give --system-map" : inside;
}

std::string modules_words(const AssembledKernel& added) {
  if (!added.kernel.modules) return "none: the drivers that a guest needs must be built in";
  return fmt::format("{}", added.modules);
}

void print_added(const AssembledKernel& added, const KernelParts& parts) {
  const Kernel& kernel = added.kernel;
  const auto line = [](const char* what, const std::string& text) {
    print("  {:<10}{}\n", what, text);
  };
  print("{:<24} {:<30} {}\n", kernel.id, kernel.release, btf_words(kernel));
  line("image", fmt::format("{}, {}, sha256 {}", added.format, to_string(kernel.arch),
                            kernel.origin.sha256.substr(0, 16)));
  if (!added.build_id.empty()) line("build id", added.build_id);
  line("config", config_words(kernel, parts.config.has_value()));
  line("symbols", symbols_words(added, parts.system_map.has_value()));
  line("modules", modules_words(added));
}

class AddCommand {
 public:
  AddCommand(const AddArguments& arguments, Store store)
      : arguments_(arguments), store_(std::move(store)) {}

  int run(const Catalog& catalog) {
    if (const Result<> free = check_new_name(arguments_.kernel, catalog, store_); !free) {
      return end_with(free.error(), wrong_command);
    }
    if (const Result<> ready = store_.prepare(); !ready) return end_with(ready.error(), unknown);
    Result<TempDir> work = store_.temporary();
    Result<TempDir> tree = store_.temporary();
    if (!work) return end_with(work.error(), unknown);
    if (!tree) return end_with(tree.error(), unknown);
    return add(work->path(), *std::move(tree));
  }

 private:
  int add(const fs::path& work, TempDir tree) {
    Result<KernelParts> parts = find_parts(arguments_, work);
    if (!parts) return end_with(named(std::move(parts).error()), wrong_command);
    Result<AssembledKernel> made = assemble_kernel(*parts, tree.path(), work);
    if (!made) return end_with(named(std::move(made).error()), wrong_command);
    made->kernel.id = arguments_.kernel;
    const Result<Kernel> kept = add_kernel(made->kernel, std::move(tree), store_);
    if (!kept) return end_with(kept.error(), unknown);
    print_added(*made, *parts);
    return as_expected;
  }

  Error named(Error error) const {
    return wrap(fmt::format("kernel '{}'", arguments_.kernel), std::move(error));
  }

  const AddArguments& arguments_;
  Store store_;
};

int add(const AddArguments& arguments) {
  const int sources = static_cast<int>(!arguments.image.empty()) +
                      static_cast<int>(!arguments.archive.empty()) +
                      static_cast<int>(arguments.from_running);
  if (sources != 1) {
    return end_with(Error{"which kernel? give one of --image, --archive and --from-running",
                          "on another machine, 'bpfmatrix kernels collect' makes the archive"},
                    wrong_command);
  }
  const Result<Catalog> catalog = known_kernels();
  if (!catalog) return end_with(catalog.error(), unknown);
  Result<Store> store = open_store(arguments.store);
  if (!store) return end_with(store.error(), unknown);
  return AddCommand(arguments, *std::move(store)).run(*catalog);
}

int print_collect_script() {
  const Result<fs::path> path = find_data("kernels/collect.sh");
  if (!path) return end_with(path.error(), unknown);
  const Result<std::string> script = read_file(*path, kMaxScriptBytes);
  if (!script) return end_with(script.error(), unknown);
  print_text(*script);
  return as_expected;
}

}  // namespace

void add_kernels_add(CLI::App& kernels, int& exit_code) {
  const auto arguments = std::make_shared<AddArguments>();
  CLI::App* command = kernels.add_subcommand(
      "add", "Add your own kernel: from files, or from an archive that 'collect' made elsewhere");
  command->add_option("KERNEL", arguments->kernel, "Its name from now on")->required();
  CLI::Option* image = command->add_option(
      "--image", arguments->image,
      "bzImage; arm64 Image, Image.gz (or .xz, .zst, .lz4), EFI zboot; vmlinux");
  const auto beside_image = [&](const char* name, std::string& value, const char* what) {
    command->add_option(name, value, what)->needs(image);
  };
  beside_image("--config", arguments->config, "Its config (default: the one in the image, if any)");
  beside_image("--system-map", arguments->system_map, "Its System.map (default: from the image)");
  beside_image("--modules", arguments->modules, "Its /lib/modules/<release>, or a part of it");
  beside_image("--btf", arguments->btf, "Its BTF (default: that in the image, if any)");
  beside_image("--arch", arguments->arch,
               "Architecture that the image must be for: x86_64 or aarch64");
  command->add_option("--archive", arguments->archive, "A tar file that the collect script made");
  command->add_flag("--from-running", arguments->from_running,
                    "The kernel that runs on this machine");
  command->add_option("--store", arguments->store,
                      "Folder of fetched kernels (default: $XDG_CACHE_HOME/bpfmatrix)");
  command->callback([arguments, &exit_code] { exit_code = add(*arguments); });

  CLI::App* collect = kernels.add_subcommand(
      "collect", "Print the shell script that collects the kernel of another machine into a tar");
  collect->callback([&exit_code] { exit_code = print_collect_script(); });
}

}  // namespace bpfmatrix
