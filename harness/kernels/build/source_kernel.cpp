#include "kernels/build/source_kernel.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "kernels/build/build_tools.h"
#include "kernels/build/logged_command.h"
#include "kernels/build/make_command.h"
#include "kernels/build/source_code.h"
#include "kernels/image/kconfig.h"
#include "kernels/image/kernel_image.h"
#include "kernels/image/kernel_signs.h"
#include "kernels/kernel_files.h"
#include "kernels/kernel_record.h"
#include "kernels/kernels.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxFragmentBytes = 1 << 20;
constexpr std::uint64_t kMaxReleaseBytes = 1000;
constexpr std::uint64_t kMaxStampBytes = 16 << 10;
constexpr const char* kDetachedBtf = "detached.btf";
constexpr std::chrono::hours kLongestBuild{6};

struct Fragments {
  std::string text{};
  std::vector<ConfigOption> options{};
};

Result<Fragments> read_fragments(const fs::path& folder, const std::vector<std::string>& names) {
  Fragments joined;
  std::vector<std::vector<ConfigOption>> parsed;
  for (const std::string& name : names) {
    const std::string file = name + ".config";
    Result<std::string> text = read_file(folder / file, kMaxFragmentBytes);
    if (!text) return std::move(text).error();
    Result<std::vector<ConfigOption>> options = parse_fragment(*text, file);
    if (!options) return std::move(options).error();
    joined.text += *text;
    parsed.push_back(*std::move(options));
  }
  Result<std::vector<ConfigOption>> all = join_fragments(parsed);
  if (!all) return std::move(all).error();
  joined.options = *std::move(all);
  return joined;
}

Result<> copy_to(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, error);
  if (error) return file_error(to, error);
  return {};
}

/// kbuild names what it does in front of each file: "  CC      kernel/fork.o".
bool is_compiled_file(std::string_view line) {
  return line.starts_with("  CC ") || line.starts_with("  AS ") || line.starts_with("  HOSTCC ");
}

/// One build, from the unpacked source to the kernel's tree.
class Build {
 public:
  Build(const CatalogEntry& entry, const BuildSource& source, const BuildOptions& options,
        const BuildTools& tools, const Fragments& fragments)
      : entry_(entry),
        source_(source),
        options_(options),
        tools_(tools),
        fragments_(fragments),
        folder_(build_folder(options.fetch.store, entry.id)) {}

  Result<Kernel> run(const SourceCode& code, Origin origin) {
    Result<> done = prepare(code);
    if (done) done = configure();
    if (done) done = compile();
    if (done) done = make_btf();
    if (!done) return std::move(done).error();
    Result<Kernel> kernel = collect(std::move(origin));
    std::error_code ignored;
    if (kernel && !options_.keep) fs::remove_all(folder_, ignored);
    return kernel;
  }

 private:
  fs::path out() const { return folder_ / "out"; }
  bool own_btf() const {
    return std::any_of(fragments_.options.begin(), fragments_.options.end(),
                       [](const auto& option) {
                         return option.name == "CONFIG_DEBUG_INFO_BTF" && option.value == "y";
                       });
  }
  fs::path log() const { return folder_ / "log"; }

  Result<> prepare(const SourceCode& code) {
    std::error_code error;
    fs::create_directories(out(), error);
    if (error) return file_error(out(), error);
    fs::remove(log(), error);
    folders_ = {code.folder.value_or(folder_ / "source"), out(), folder_ / "fragments"};
    if (Result<> written = write_file(folders_.fragments, fragments_.text); !written) {
      return written;
    }
    return bring_source(code);
  }

  /// What is left of an earlier build serves if it was of the same source with the same compiler.
  Result<> bring_source(const SourceCode& code) {
    const fs::path stamp = folder_ / "made_from";
    const std::string wanted =
        fmt::format("{}\n{}\n", code.folder ? code.folder->string() : code.origin.sha256,
                    tools_.compiler_version);
    const Result<std::string> before = read_file(stamp, kMaxStampBytes);
    if (before && *before == wanted) return {};
    std::error_code ignored;
    fs::remove(stamp, ignored);
    for (const fs::path& folder : {folder_ / "source", out()}) {
      fs::remove_all(folder, ignored);
      fs::create_directories(folder, ignored);
    }
    if (!code.folder) {
      if (Result<> unpacked = code.unpack(folders_.source); !unpacked) return unpacked;
    }
    return write_file(stamp, wanted);
  }

  Result<> make(std::string_view target, const LineSink& on_line) {
    const MakeJob job{entry_.arch, folders_, own_btf(), options_.jobs};
    const auto argv = make_command(source_, tools_, job, target);
    Result<> made = run_logged(argv, log(), on_line, kLongestBuild);
    if (!made) return wrap(target, std::move(made).error());
    return made;
  }

  Result<> configure() {
    options_.fetch.say("configuring");
    if (Result<> made = make("allnoconfig", {}); !made) return made;
    Result<std::string> made = read_file(out() / ".config", kMaxConfigBytes);
    if (!made) return std::move(made).error();
    return check_config(fragments_.options, *made);
  }

  Result<> compile() {
    BuildProgress progress{0, source_.objects};
    const auto on_line = [&](std::string_view line) {
      if (!is_compiled_file(line)) return;
      ++progress.objects;
      if (options_.progress) options_.progress(progress);
    };
    return make(image_target(entry_.arch).target, on_line);
  }

  /// BTF beside the kernel, for one that was built without.
  Result<> make_btf() {
    const fs::path file = out() / kDetachedBtf;
    std::error_code ignored;
    fs::remove(file, ignored);
    if (own_btf()) return {};
    options_.fetch.say("making BTF from the debug information");
    return run_logged(pahole_command(source_.pahole_flags, out() / "vmlinux", file), log(), {},
                      kLongestBuild);
  }

  /// Everything the kernel's tree has, from the out folder.
  Result<Kernel> collect(Origin origin) {
    const Store& store = options_.fetch.store;
    Result<TempDir> tree = store.temporary();
    if (!tree) return std::move(tree).error();
    const std::pair<fs::path, const char*> files[] = {
        {out() / image_target(entry_.arch).path, "vmlinuz"},
        {out() / "System.map", "System.map"},
        {out() / ".config", "config"},
        {log(), "build.log"}};
    for (const auto& [from, name] : files) {
      if (Result<> copied = copy_to(from, tree->path() / name); !copied) {
        return std::move(copied).error();
      }
    }
    Result<> described = describe(tree->path(), std::move(origin));
    if (!described) return std::move(described).error();
    const auto before = store.resolve(store.kernel_link(entry_.id));
    Result<fs::path> installed = store.install(*std::move(tree), store.kernel_link(entry_.id));
    if (!installed) return std::move(installed).error();
    std::error_code ignored;
    if (before && *before != *installed) fs::remove_all(*before, ignored);
    return read_kernel_record(*installed);
  }

  Result<> describe(const fs::path& tree, Origin origin) {
    const Result<std::string> release =
        read_file(out() / "include/config/kernel.release", kMaxReleaseBytes);
    if (!release) return release.error();
    Result<Kernel> kernel = describe_tree(tree, entry_.arch, std::string(trim(*release)));
    if (!kernel) return std::move(kernel).error();
    kernel->id = entry_.id;
    if (origin.version.empty()) origin.version = kernel->release;
    kernel->origin = std::move(origin);
    if (!kernel->btf) {
      Result<KernelBtf> btf = take_detached_btf(tree / kDetachedBtf);
      if (!btf) return std::move(btf).error();
      kernel->detached_btf = *std::move(btf);
    }
    return write_kernel_record(*kernel, tree);
  }

  Result<KernelBtf> take_detached_btf(const fs::path& to) const {
    if (Result<> copied = copy_to(out() / kDetachedBtf, to); !copied) {
      return std::move(copied).error();
    }
    Result<std::string> bytes = read_file(to, kMaxKernelBtfBytes);
    if (!bytes) return std::move(bytes).error();
    if (Result<> whole = check_kernel_btf(*bytes); !whole) {
      return wrap("what pahole wrote", std::move(whole).error());
    }
    return KernelBtf{to, bytes->size(), sha256_hex(*bytes)};
  }

  const CatalogEntry& entry_;
  const BuildSource& source_;
  const BuildOptions& options_;
  const BuildTools& tools_;
  const Fragments& fragments_;
  fs::path folder_;
  BuildFolders folders_{};
};

/// The kernel in the store, if it is what this build would make again.
std::optional<Kernel> built_before(const Store& store, const std::string& id,
                                   const Origin& origin) {
  Result<Kernel> found = find_kernel(store, id);
  if (!found || found->origin.chain.empty()) return std::nullopt;
  if (found->origin.chain.back() != origin.chain.back()) return std::nullopt;
  return *std::move(found);
}

Result<BuiltKernel> build_locked(const CatalogEntry& entry, const BuildSource& source,
                                 const BuildOptions& options) {
  Result<BuildTools> tools = find_build_tools(entry.arch, source.gcc);
  if (!tools) return std::move(tools).error();
  Result<Fragments> fragments = read_fragments(options.fragments, source.config);
  if (!fragments) return std::move(fragments).error();
  const Store& store = options.fetch.store;
  if (Result<> ready = store.prepare(); !ready) return std::move(ready).error();
  Result<StoreLock> lock = store.lock("kernel-" + entry.id, options.fetch.lock_timeout, [&] {
    options.fetch.say("waiting: another process is building it");
  });
  if (!lock) return std::move(lock).error();
  Result<SourceCode> code = find_source_code(entry, source, options);
  if (!code) return std::move(code).error();
  Origin origin = code->origin;
  for (std::string& link :
       build_links(source, entry.arch, *tools, origin.sha256, fragments->text)) {
    origin.chain.push_back(std::move(link));
  }
  if (auto before = built_before(store, entry.id, origin)) return BuiltKernel{*before, true};
  Result<Kernel> kernel = Build(entry, source, options, *tools, *fragments).run(*code, origin);
  if (!kernel) return std::move(kernel).error();
  return BuiltKernel{*std::move(kernel), false};
}

}  // namespace

fs::path build_folder(const Store& store, const std::string& id) {
  return store.root() / "builds" / id;
}

Result<BuiltKernel> build_kernel(const CatalogEntry& entry, const BuildOptions& options) {
  const auto* source = std::get_if<BuildSource>(&entry.source);
  Result<BuiltKernel> built =
      source != nullptr
          ? build_locked(entry, *source, options)
          : Result<BuiltKernel>(Error{"is a package, and not built",
                                      fmt::format("run 'bpfmatrix kernels fetch {}'", entry.id)});
  if (!built) return wrap(fmt::format("kernel '{}'", entry.id), std::move(built).error());
  return built;
}

}  // namespace bpfmatrix
