#include "cli/kernels_btf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "cli/exit_code.h"
#include "cli/known_kernels.h"
#include "cli/talk.h"
#include "elf/btf_identity.h"
#include "elf/core_minimum.h"
#include "elf/elf_file.h"
#include "run/kernel_finder.h"
#include "run/module_btf.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxBtfBytes = 64 << 20;
constexpr std::uint64_t kMaxObjectBytes = 64 << 20;
constexpr std::string_view kStandardOutput = "-";

struct BtfOptions {
  std::string kernel{};
  std::string output{};
  std::vector<std::string> objects{};
  std::vector<std::string> modules{};
  std::string mirror{};
};

bool is_known(const KernelFinder& kernels, const std::string& id) {
  const std::vector<PlanKernel> known = kernels.known();
  return std::any_of(known.begin(), known.end(),
                     [&](const PlanKernel& kernel) { return kernel.id == id; });
}

/// As it lies in the store, and readable, and of the kernel's architecture.
Result<std::string> read_kernel_btf(const Kernel& kernel) {
  const KernelBtf* file = btf_of(kernel);
  if (file == nullptr) return Error{fmt::format("kernel '{}' has no BTF", kernel.id)};
  Result<std::string> bytes = read_file(file->file, kMaxBtfBytes);
  if (!bytes) return bytes;
  const Result<Btf> btf = Btf::parse(*bytes);
  if (!btf) return wrap(fmt::format("BTF of '{}'", kernel.id), btf.error());
  const std::optional<Arch> arch = arch_of(*btf);
  if (arch && *arch != kernel.arch) {
    return Error{fmt::format("BTF of '{}': of an {} kernel, not {}", kernel.id, to_string(*arch),
                             to_string(kernel.arch))};
  }
  return bytes;
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

Result<std::vector<std::string>> read_module_btf(const Kernel& kernel, const BtfOptions& options) {
  std::vector<std::string> all;
  for (const std::string& name : options.modules) {
    Result<std::string> bytes = module_btf(kernel, name);
    if (!bytes) return std::move(bytes).error();
    all.push_back(*std::move(bytes));
  }
  if (options.objects.empty() && all.size() > 1) {
    return Error{"--module: the BTF of one module can be written, not of several",
                 "with --min they become one"};
  }
  return all;
}

Result<std::string> minimise(const std::vector<std::shared_ptr<const Btf>>& kernel_and_modules,
                             const std::vector<std::string>& objects) {
  std::vector<const Btf*> targets;
  for (const auto& btf : kernel_and_modules) targets.push_back(btf.get());
  CoreMinimum minimum(targets);
  for (const std::string& object : objects) {
    Result<std::string> bytes = read_file(object, kMaxObjectBytes);
    if (!bytes) return bytes;
    const Result<ElfFile> elf = ElfFile::parse(*std::move(bytes));
    if (!elf) return wrap(fmt::format("'{}'", object), elf.error());
    if (Result<> added = minimum.add(*elf); !added) {
      return wrap(fmt::format("'{}'", object), std::move(added).error());
    }
  }
  const CoreMinimumCount& count = minimum.count();
  say(
      fmt::format("{} types and {} members for {} relocations, of which {} fit nothing in this "
                  "kernel",
                  minimum.subset().type_count(), minimum.subset().member_count(), count.relocations,
                  count.unmatched));
  if (count.kernel_ids > 0) {
    say(
        fmt::format("{} relocations ask for the id of a kernel's type, which only the whole BTF "
                    "can answer",
                    count.kernel_ids));
  }
  return minimum.write();
}

Result<> write(const std::string& output, const std::string& bytes) {
  if (output != kStandardOutput) return write_file(output, bytes);
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
  return written && std::fflush(stdout) == 0 ? Result<>() : Error{"standard output: cannot write"};
}

int report(const Error& error, ExitCode exit_code) {
  say_error(error);
  return exit_code;
}

int write_btf(const BtfOptions& options) {
  Result<RunSettings> settings = default_settings(options.mirror);
  if (!settings) return report(settings.error(), wrong_command);
  settings->fetch.notice = [](std::string_view line) { say(line); };
  Result<Catalog> catalog = known_kernels(settings->fetch.store);
  if (!catalog) return report(catalog.error(), ExitCode::unknown);
  const KernelFinder kernels(*std::move(catalog), *settings);
  const bool known = is_known(kernels, options.kernel);
  const Result<Kernel> kernel = kernels.find(options.kernel);
  if (!kernel && !known) return report(kernel.error(), wrong_command);
  if (!kernel) return report(kernel.error(), ExitCode::unknown);
  Result<std::string> bytes = read_kernel_btf(*kernel);
  if (!bytes) return report(bytes.error(), ExitCode::unknown);
  const std::size_t whole = bytes->size();
  const Result<std::vector<std::string>> modules = read_module_btf(*kernel, options);
  if (!modules) return report(modules.error(), wrong_command);
  const auto all = parse_all(*bytes, *modules, options.modules);
  if (!all) return report(all.error(), ExitCode::unknown);
  if (!options.objects.empty()) {
    bytes = minimise(*all, options.objects);
  } else if (!modules->empty()) {
    bytes = modules->front();
  }
  if (!bytes) return report(bytes.error(), wrong_command);
  if (const Result<> written = write(options.output, *bytes); !written) {
    return report(written.error(), wrong_command);
  }
  say(options.objects.empty() ? fmt::format("{} bytes", bytes->size())
                              : fmt::format("{} bytes of {}", bytes->size(), whole));
  return as_expected;
}

}  // namespace

void add_kernels_btf(CLI::App& kernels, int& exit_code) {
  const auto options = std::make_shared<BtfOptions>();
  CLI::App* btf = kernels.add_subcommand(
      "btf", "Write a kernel's BTF: its own, or what was made from its debug information");
  btf->add_option("KERNEL", options->kernel, "Its name")->required();
  btf->add_option("-o,--output", options->output, "File to write; - is standard output")
      ->required();
  btf->add_option("--min", options->objects,
                  "Only what the CO-RE relocations of these objects look at")
      ->type_name("OBJECT...");
  btf->add_option("--module", options->modules,
                  "With --min: types of these modules too, in the same BTF. Alone: the BTF of one "
                  "module, which continues the kernel's")
      ->type_name("NAME...");
  btf->add_option("--mirror", options->mirror, "URL of a Debian mirror");
  btf->callback([options, &exit_code] { exit_code = write_btf(*options); });
}

}  // namespace bpfmatrix
