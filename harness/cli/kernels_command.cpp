#include "cli/kernels_command.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/data_dir.h"
#include "base/json.h"
#include "base/temp_dir.h"
#include "cli/exit_code.h"
#include "cli/kernel_progress.h"
#include "cli/kernels_add.h"
#include "cli/kernels_btf.h"
#include "cli/kernels_build.h"
#include "cli/kernels_gc.h"
#include "cli/kernels_show.h"
#include "cli/known_kernels.h"
#include "cli/talk.h"
#include "kernels/catalog.h"
#include "kernels/fetch/mirror.h"
#include "kernels/find/fetch_kernel.h"

namespace bpfmatrix {

namespace {

struct KernelsArguments {
  std::vector<std::string> kernels{};
  bool all = false;
  bool json = false;
  std::string mirror{};
  std::string snapshot_mirror{};
  std::vector<std::string> rpm_mirrors{};
  bool allow_older = false;
  std::string store{};
};

OrderedJson to_json(const CatalogEntry& entry, const std::optional<Kernel>& kernel) {
  OrderedJson json{
      {"id", entry.id}, {"arch", to_string(entry.arch)}, {"fetched", kernel.has_value()}};
  if (!kernel) return json;
  json["release"] = kernel->release;
  json["image"] = kernel->image.string();
  json["btf_bytes"] = kernel->btf ? OrderedJson(kernel->btf->bytes) : OrderedJson(nullptr);
  json["detached_btf_bytes"] =
      kernel->detached_btf ? OrderedJson(kernel->detached_btf->bytes) : OrderedJson(nullptr);
  json["package"] = kernel->origin.package;
  json["version"] = kernel->origin.version;
  json["signed_by"] = kernel->origin.signed_by;
  return json;
}

bool is_built(const CatalogEntry& entry) {
  return std::holds_alternative<BuildSource>(entry.source);
}

void print_row(const CatalogEntry& entry, const std::optional<Kernel>& kernel) {
  if (!kernel) {
    print("{:<24} {}\n", entry.id, is_built(entry) ? "not built" : "not fetched");
    return;
  }
  const Origin& origin = kernel->origin;
  print("{:<24} {:<30} {:<18} {}\n", entry.id, kernel->release,
        origin.version.empty() ? origin.kind : origin.version, btf_words(*kernel));
}

int list_kernels(const KernelsArguments& arguments) {
  const Result<Store> store = open_store(arguments.store);
  if (!store) return end_with(store.error(), ExitCode::unknown);
  const Result<Catalog> catalog = known_kernels(*store);
  if (!catalog) return end_with(catalog.error(), ExitCode::unknown);
  OrderedJson all = OrderedJson::array();
  for (const CatalogEntry& entry : catalog->entries) {
    const Result<Kernel> found = find_kernel(*store, entry.id);
    const std::optional<Kernel> kernel = found ? std::optional(*found) : std::nullopt;
    if (arguments.json) {
      all.push_back(to_json(entry, kernel));
    } else {
      print_row(entry, kernel);
    }
  }
  if (arguments.json) print_text(json_text(all, 2) + "\n");
  return as_expected;
}

bool fetch_one(const CatalogEntry& entry, FetchOptions options) {
  if (const Result<Kernel> found = find_kernel(options.store, entry.id)) {
    say(entry.id + ": already there");
    print_row(entry, *found);
    return true;
  }
  ProgressLine line(entry.id);
  options.progress = [&line](const Progress& progress) { line.on_progress(progress); };
  options.notice = [&line](std::string_view text) { line.say(text); };
  const Result<Kernel> kernel = fetch_kernel(entry, options);
  line.clear();
  if (!kernel) {
    end_with(kernel.error(), ExitCode::unknown);
    return false;
  }
  print_row(entry, *kernel);
  return true;
}

Result<FetchOptions> fetch_options(const KernelsArguments& arguments) {
  FetchOptions options;
  options.allow_older = arguments.allow_older;
  Result<Store> store = open_store(arguments.store);
  if (!store) return std::move(store).error();
  options.store = *std::move(store);
  Result<std::string> mirror = choose_mirror(mirror_config(arguments.mirror));
  if (!mirror) return std::move(mirror).error();
  options.mirror = *std::move(mirror);
  Result<ArchiveMirrors> archives = choose_archive_mirrors(
      archive_mirror_config(arguments.snapshot_mirror, arguments.rpm_mirrors));
  if (!archives) return std::move(archives).error();
  options.archives = *std::move(archives);
  Result<std::filesystem::path> keys = find_data("kernels/keys");
  if (!keys) return std::move(keys).error();
  options.rpm_keys = *std::move(keys);
  return options;
}

int fetch_kernels(const KernelsArguments& arguments) {
  const Result<Store> store = open_store(arguments.store);
  if (!store) return end_with(store.error(), ExitCode::unknown);
  const Result<Catalog> catalog = known_kernels(*store);
  if (!catalog) return end_with(catalog.error(), ExitCode::unknown);
  const auto globs = arguments.all ? std::vector<std::string>{"*"} : arguments.kernels;
  const auto entries = select_entries(*catalog, globs);
  if (!entries) return end_with(entries.error(), wrong_command);
  const Result<FetchOptions> options = fetch_options(arguments);
  if (!options) return end_with(options.error(), wrong_command);
  int exit_code = as_expected;
  for (const CatalogEntry& entry : *entries) {
    if (arguments.all && is_built(entry)) continue;
    if (!fetch_one(entry, *options)) {
      exit_code = ExitCode::unknown;
    }
  }
  return exit_code;
}

/// The kernels that a command about fetched ones means: all of them if none is named.
std::vector<CatalogEntry> fetched(const std::vector<CatalogEntry>& entries, const Store& store,
                                  bool named) {
  std::vector<CatalogEntry> there;
  for (const CatalogEntry& entry : entries) {
    if (named || store.resolve(store.kernel_link(entry.id))) there.push_back(entry);
  }
  return there;
}

int verify_one(const Store& store, const CatalogEntry& entry) {
  const auto findings = verify_kernel(store, entry.id);
  if (!findings) return end_with(findings.error(), ExitCode::unknown);
  if (findings->empty()) {
    print("{:<24} ok\n", entry.id);
    return as_expected;
  }
  print("{:<24} {} file(s) differ\n", entry.id, findings->size());
  for (const VerifyFinding& finding : *findings) {
    print("  '{}': {}\n", finding.path.string(), finding.problem);
  }
  say(fmt::format("hint: run 'bpfmatrix kernels rm {0}' and 'bpfmatrix kernels fetch {0}'",
                  entry.id));
  return ExitCode::unknown;
}

int remove_one(const Store& store, const CatalogEntry& entry) {
  const Result<> removed = remove_kernel(store, entry.id);
  if (!removed) return end_with(removed.error(), ExitCode::unknown);
  print("{:<24} removed\n", entry.id);
  return as_expected;
}

int for_each_fetched(const KernelsArguments& arguments,
                     const std::function<int(const Store&, const CatalogEntry&)>& act) {
  const Result<Store> store = open_store(arguments.store);
  if (!store) return end_with(store.error(), ExitCode::unknown);
  const Result<Catalog> catalog = known_kernels(*store);
  if (!catalog) return end_with(catalog.error(), ExitCode::unknown);
  const bool named = !arguments.kernels.empty();
  const auto entries =
      select_entries(*catalog, named ? arguments.kernels : std::vector<std::string>{"*"});
  if (!entries) return end_with(entries.error(), wrong_command);
  const std::vector<CatalogEntry> there = fetched(*entries, *store, named);
  if (there.empty()) say(fmt::format("no kernel in the store '{}'", store->root().string()));
  int exit_code = as_expected;
  for (const CatalogEntry& entry : there) {
    exit_code = std::max(exit_code, act(*store, entry));
  }
  return exit_code;
}

void add_store(CLI::App& command, KernelsArguments& arguments) {
  command.add_option("--store", arguments.store,
                     "Folder of fetched kernels (default: $XDG_CACHE_HOME/bpfmatrix)");
}

}  // namespace

void add_kernels_command(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<KernelsArguments>();
  CLI::App* kernels = app.add_subcommand(
      "kernels", "List, fetch, add, build, show, verify and remove kernels, and tidy up");
  kernels->require_subcommand(1);
  add_kernels_show(*kernels, exit_code);

  CLI::App* list =
      kernels->add_subcommand("list", "List the kernels known by name, and which are in the store");
  list->add_flag("--json", arguments->json, "As JSON");
  add_store(*list, *arguments);
  list->callback([arguments, &exit_code] { exit_code = list_kernels(*arguments); });

  CLI::App* fetch =
      kernels->add_subcommand("fetch", "Fetch kernels, checked from the archive's signature down");
  auto* fetch_which = fetch->add_option("KERNEL", arguments->kernels, "Names or globs");
  auto* fetch_all = fetch->add_flag("--all", arguments->all, "All kernels that are packages");
  fetch_which->excludes(fetch_all);
  fetch->add_option(
      "--mirror", arguments->mirror,
      "URL of a Debian mirror (default: BPFMATRIX_MIRROR, the config file, apt's own)");
  fetch->add_option("--snapshot-mirror", arguments->snapshot_mirror,
                    "URL of an archive of Debian snapshots (default: BPFMATRIX_SNAPSHOT_MIRROR, "
                    "the config file)");
  fetch
      ->add_option("--rpm-mirror", arguments->rpm_mirrors,
                   "URL of a distribution's RPM packages (default: BPFMATRIX_RPM_MIRROR, the "
                   "config file)")
      ->type_name("NAME=URL");
  fetch->add_flag("--allow-older", arguments->allow_older, kAllowOlderHelp);
  add_store(*fetch, *arguments);
  fetch->callback([arguments, &exit_code] {
    if (arguments->kernels.empty() && !arguments->all) {
      exit_code = end_with(Error{"no kernel named", "name some, or give --all"}, wrong_command);
      return;
    }
    exit_code = fetch_kernels(*arguments);
  });

  add_kernels_add(*kernels, exit_code);
  add_kernels_btf(*kernels, exit_code);
  add_kernels_build(*kernels, exit_code);
  add_kernels_gc(*kernels, exit_code);

  CLI::App* verify = kernels->add_subcommand("verify", "Hash every file of fetched kernels again");
  verify->add_option("KERNEL", arguments->kernels, "Names or globs (default: all in the store)");
  add_store(*verify, *arguments);
  verify->callback(
      [arguments, &exit_code] { exit_code = for_each_fetched(*arguments, verify_one); });

  CLI::App* remove = kernels->add_subcommand("rm", "Remove fetched kernels");
  remove->add_option("KERNEL", arguments->kernels, "Names or globs")->required();
  add_store(*remove, *arguments);
  remove->callback(
      [arguments, &exit_code] { exit_code = for_each_fetched(*arguments, remove_one); });
}

}  // namespace bpfmatrix
