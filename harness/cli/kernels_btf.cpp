#include "cli/kernels_btf.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/file.h"
#include "base/temp_dir.h"
#include "cell/module_btf.h"
#include "cli/btf_origin.h"
#include "cli/exit_code.h"
#include "cli/known_kernels.h"
#include "cli/output_file.h"
#include "cli/talk.h"
#include "core/minimum.h"
#include "elf/elf_file.h"
#include "elf/vmlinux_h.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kStandardOutput = "-";

struct BtfOptions {
  BtfRequest origin{};
  std::string output{};
  std::vector<std::string> objects{};
  /// What comes after KERNEL: objects too.
  std::vector<std::string> more_objects{};
  std::vector<std::string> modules{};
  /// As C, not as BTF.
  bool header = false;
};

Result<> add_object(const std::string& object, CoreMinimum& minimum) {
  const auto named = [&object](Error error) {
    return wrap(fmt::format("'{}'", object), std::move(error));
  };
  Result<std::string> bytes = read_file(object, kMaxObjectBytes);
  if (!bytes) return std::move(bytes).error();
  const Result<ElfFile> elf = ElfFile::parse(*std::move(bytes));
  if (!elf) return named(elf.error());
  const std::size_t before = minimum.count().relocations;
  if (Result<> added = minimum.add(*elf); !added) return named(std::move(added).error());
  if (minimum.count().relocations == before) {
    say(fmt::format("'{}' has no CO-RE relocations: no types are kept for it", object));
  }
  return {};
}

void say_count(const CoreMinimum& minimum) {
  const CoreMinimumCount& count = minimum.count();
  say(fmt::format(
      "{} types and {} members for {} relocations; {} relocations have no match in this kernel",
      minimum.subset().type_count(), minimum.subset().member_count(), count.relocations,
      count.unmatched));
  if (count.kernel_ids == 0) return;
  say(fmt::format("{} relocations need the id of a kernel type, which only whole BTF has",
                  count.kernel_ids));
}

/// The kernel's BTF and after it that of the modules with these names, which continues it.
Result<std::vector<std::shared_ptr<const Btf>>> parse_all(const std::string& kernel,
                                                          const std::vector<std::string>& modules,
                                                          const std::vector<std::string>& names) {
  Result<Btf> base = Btf::parse(kernel);
  if (!base) return std::move(base).error();
  std::vector<std::shared_ptr<const Btf>> all{std::make_shared<const Btf>(*std::move(base))};
  for (std::size_t i = 0; i < modules.size(); ++i) {
    Result<Btf> module = Btf::parse_split(all.front(), modules[i]);
    if (!module) return wrap(fmt::format("module '{}'", names[i]), std::move(module).error());
    all.push_back(std::make_shared<const Btf>(*std::move(module)));
  }
  return all;
}

/// Of each of the modules that were named; without objects, of which one BTF is made, only one.
Result<std::vector<std::string>> read_module_btf(const std::optional<Kernel>& kernel,
                                                 const BtfOptions& options) {
  std::vector<std::string> all;
  if (!options.modules.empty() && !kernel) {
    return Error{"--module: of which kernel?", "name KERNEL"};
  }
  for (const std::string& name : options.modules) {
    Result<std::string> bytes = module_btf(*kernel, name);
    if (!bytes) return std::move(bytes).error();
    all.push_back(*std::move(bytes));
  }
  if (options.objects.empty() && all.size() > 1) {
    return Error{"--module: without --min, give only one module", "--min puts several in one file"};
  }
  return all;
}

Result<std::string> minimise(const std::vector<std::shared_ptr<const Btf>>& kernel_and_modules,
                             const std::vector<std::string>& objects) {
  std::vector<const Btf*> targets;
  for (const auto& btf : kernel_and_modules) targets.push_back(btf.get());
  CoreMinimum minimum(targets);
  for (const std::string& object : objects) {
    if (Result<> added = add_object(object, minimum); !added) return std::move(added).error();
  }
  say_count(minimum);
  return minimum.write();
}

Result<> write(const std::string& output, const std::string& bytes) {
  if (output != kStandardOutput) return write_output(output, bytes);
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
  return written && std::fflush(stdout) == 0 ? Result<>() : Error{"standard output: cannot write"};
}

Result<std::string> header_of(const std::string& btf) {
  const Result<TempDir> folder = TempDir::create();
  if (!folder) return folder.error();
  const std::filesystem::path file = folder->path() / "vmlinux.btf";
  if (const Result<> written = write_file(file, btf); !written) return written.error();
  return vmlinux_header(file);
}

/// KERNEL behind an object's name is an object to us, and the object KERNEL.
Error error_of(const NoBtf& none, const BtfOptions& options) {
  Error error = none.error;
  if (none.exit_code != wrong_command || options.more_objects.empty()) return error;
  error.hint = fmt::format("'{}' was read as KERNEL, because it comes before the other objects",
                           options.origin.kernel);
  return error;
}

int write_btf(const BtfOptions& options) {
  const std::variant<FoundBtf, NoBtf> found = find_btf(options.origin);
  if (const auto* none = std::get_if<NoBtf>(&found)) {
    return end_with(error_of(*none, options), none->exit_code);
  }
  const auto& [whole, kernel] = std::get<FoundBtf>(found);
  const Result<std::vector<std::string>> modules = read_module_btf(kernel, options);
  if (!modules) return end_with(modules.error(), wrong_command);
  const auto all = parse_all(whole, *modules, options.modules);
  if (!all) return end_with(all.error(), ExitCode::unknown);
  std::vector<std::string> objects = options.objects;
  objects.insert(objects.end(), options.more_objects.begin(), options.more_objects.end());
  Result<std::string> bytes = modules->empty() ? whole : modules->front();
  if (!objects.empty()) bytes = minimise(*all, objects);
  if (bytes && options.header) bytes = header_of(*bytes);
  if (!bytes) return end_with(bytes.error(), wrong_command);
  if (const Result<> written = write(options.output, *bytes); !written) {
    return end_with(written.error(), wrong_command);
  }
  say(objects.empty() ? fmt::format("{} bytes", bytes->size())
                      : fmt::format("{} bytes of {}", bytes->size(), whole.size()));
  return as_expected;
}

void add_origin(CLI::App& btf, BtfRequest& origin) {
  btf.add_option("KERNEL", origin.kernel, "Its name, or the path of an image");
  CLI::Option* collection =
      btf.add_option("--collection", origin.collection,
                     "Use BTF from this folder: DISTRIBUTION/VERSION/ARCH/RELEASE.btf.tar.xz")
          ->type_name("DIR");
  btf.add_option("--from-debug-info", origin.debug_info,
                 "Let pahole make it from a vmlinux with debug information")
      ->type_name("FILE")
      ->excludes(collection);
  CLI::Option* release = btf.add_option("--release", origin.release,
                                        "Instead of KERNEL: what uname -r says on the box")
                             ->needs(collection);
  CLI::Option* arch = btf.add_option("--arch", origin.arch, "x86_64 or aarch64")->needs(release);
  release->needs(arch);
  btf.add_option("--mirror", origin.mirror, "URL of a Debian mirror");
  btf.add_flag("--allow-older", origin.allow_older, kAllowOlderHelp);
}

}  // namespace

void add_kernels_btf(CLI::App& kernels, int& exit_code) {
  const auto options = std::make_shared<BtfOptions>();
  CLI::App* btf = kernels.add_subcommand(
      "btf", "Write a kernel's BTF: its own, from a collection, or made from debug information");
  add_origin(*btf, options->origin);
  btf->add_option("-o,--output", options->output, "File to write; - is standard output")
      ->required();
  CLI::Option* min = btf->add_option("--min", options->objects,
                                     "Only what the CO-RE relocations of this object look at; may "
                                     "be given again, and more objects behind KERNEL")
                         ->type_name("OBJECT")
                         ->allow_extra_args(false);
  btf->add_option(
         "--module", options->modules,
         "With --min: types of this module too, in the same BTF; may be given again. Alone: "
         "the BTF of one module, which continues the kernel's")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->excludes(btf->get_option("--collection"))
      ->excludes(btf->get_option("--from-debug-info"));
  btf->add_flag("--header", options->header, "As a C header: the vmlinux.h of this kernel");
  btf->add_option("OBJECT", options->more_objects, "More objects, with --min")->needs(min);
  btf->callback([options, &exit_code] { exit_code = write_btf(*options); });
}

}  // namespace bpfmatrix
