#include "cli/kernels_build.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "base/data_dir.h"
#include "base/parallel.h"
#include "cli/exit_code.h"
#include "cli/kernel_progress.h"
#include "cli/known_kernels.h"
#include "cli/talk.h"
#include "kernels/build/source_kernel.h"
#include "kernels/fetch/mirror.h"

namespace bpfmatrix {

namespace {

struct BuildArguments {
  std::string kernel{};
  std::string tarball{};
  std::string source{};
  std::string mirror{};
  bool allow_older = false;
  std::string kernel_mirror{};
  std::string store{};
  int jobs = 0;
  bool keep = false;
};

Result<CatalogEntry> find_entry(const std::string& id) {
  Result<Catalog> catalog = known_kernels();
  if (!catalog) return std::move(catalog).error();
  Result<std::vector<CatalogEntry>> entries = select_entries(*catalog, {id});
  if (!entries) return std::move(entries).error();
  if (entries->size() > 1) return Error{fmt::format("'{}': more than one kernel", id)};
  return entries->front();
}

bool from_package(const CatalogEntry& entry) {
  const auto* source = std::get_if<BuildSource>(&entry.source);
  return source != nullptr && std::holds_alternative<DebSource>(source->code);
}

/// The mirrors and folders; a Debian mirror only for those who will ask it.
Result<BuildOptions> make_options(const BuildArguments& arguments, const CatalogEntry& entry) {
  BuildOptions options;
  if (!arguments.source.empty()) options.given = arguments.source;
  if (!arguments.tarball.empty()) options.given = arguments.tarball;
  options.jobs = arguments.jobs;
  options.keep = arguments.keep;
  options.fetch.allow_older = arguments.allow_older;
  Result<Store> store = open_store(arguments.store);
  if (!store) return std::move(store).error();
  options.fetch.store = *std::move(store);
  Result<std::filesystem::path> fragments = find_data("kernels/config");
  if (!fragments) return std::move(fragments).error();
  options.fragments = *std::move(fragments);
  Result<std::string> tarballs =
      choose_kernel_mirror(kernel_mirror_config(arguments.kernel_mirror));
  if (!tarballs) return std::move(tarballs).error();
  options.kernel_mirror = *std::move(tarballs);
  if (options.given || !from_package(entry)) return options;
  Result<std::string> packages = choose_mirror(mirror_config(arguments.mirror));
  if (!packages) return std::move(packages).error();
  options.fetch.mirror = *std::move(packages);
  Result<ArchiveMirrors> archives = choose_archive_mirrors(archive_mirror_config());
  if (!archives) return std::move(archives).error();
  options.fetch.archives = *std::move(archives);
  return options;
}

int build(const BuildArguments& arguments) {
  const Result<CatalogEntry> entry = find_entry(arguments.kernel);
  if (!entry) return end_with(entry.error(), wrong_command);
  Result<BuildOptions> options = make_options(arguments, *entry);
  if (!options) return end_with(options.error(), wrong_command);
  ProgressLine line(entry->id);
  options->fetch.progress = [&line](const Progress& progress) { line.on_progress(progress); };
  options->fetch.notice = [&line](std::string_view text) { line.say(text); };
  options->progress = [&line](const BuildProgress& progress) { line.on_build(progress); };
  const auto start = std::chrono::steady_clock::now();
  const Result<BuiltKernel> built = build_kernel(*entry, *options);
  line.clear();
  if (!built) return end_with(built.error(), ExitCode::unknown);
  const auto time =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start);
  line.say(built->cached ? "built before from the same inputs"
                         : fmt::format("built in {} s", time.count()));
  print("{:<24} {:<30} {}\n", entry->id, built->kernel.release, btf_words(built->kernel));
  return as_expected;
}

}  // namespace

void add_kernels_build(CLI::App& kernels, int& exit_code) {
  const auto arguments = std::make_shared<BuildArguments>();
  arguments->jobs = cores_here();
  CLI::App* command = kernels.add_subcommand(
      "build", "Build a kernel from source: image, config, System.map, and BTF");
  command->add_option("KERNEL", arguments->kernel, "Its name")->required();
  auto* tarball = command
                      ->add_option("--tarball", arguments->tarball,
                                   "The source tarball, if you have it already")
                      ->check(CLI::ExistingFile);
  command
      ->add_option("--source", arguments->source,
                   "An unpacked source tree, of any version; nothing is written to it")
      ->check(CLI::ExistingDirectory)
      ->excludes(tarball);
  command->add_option("--jobs", arguments->jobs, "Compilers at a time (default: one per core)")
      ->check(CLI::PositiveNumber);
  command->add_flag("--keep", arguments->keep,
                    "Keep source and objects, so that the next build compiles only what changed");
  command->add_option("--mirror", arguments->mirror, "URL of a Debian mirror, for source packages");
  command->add_flag("--allow-older", arguments->allow_older, kAllowOlderHelp);
  command->add_option("--kernel-mirror", arguments->kernel_mirror,
                      "URL of the folder that holds v4.x/ and so on (default: "
                      "BPFMATRIX_KERNEL_MIRROR, the config file, cdn.kernel.org)");
  command->add_option("--store", arguments->store,
                      "Folder of kernels (default: $XDG_CACHE_HOME/bpfmatrix)");
  command->callback([arguments, &exit_code] { exit_code = build(*arguments); });
}

}  // namespace bpfmatrix
