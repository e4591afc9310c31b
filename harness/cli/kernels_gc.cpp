#include "cli/kernels_gc.h"

#include <fmt/format.h>

#include <memory>

#include "base/sha256.h"
#include "cli/exit_code.h"
#include "cli/known_kernels.h"
#include "cli/talk.h"
#include "kernels/store_gc.h"
#include "run/machines/template_store.h"

namespace bpfmatrix {

namespace {

constexpr std::int64_t kMebibyte = 1 << 20;
constexpr std::size_t kShownOfHash = 12;

struct GcArguments {
  std::string store{};
  bool dry_run = false;
  std::int64_t max_bytes = static_cast<std::int64_t>(TemplateLimits().max_bytes);
  std::int64_t max_days = TemplateLimits().max_age.count() / 24;
};

/// What went, a line each, and how much that was.
class Bill {
 public:
  void add(const std::string& kind, std::string name, std::uint64_t bytes) {
    if (is_sha256(name)) name.resize(kShownOfHash);
    print("{:<9} {:<38} {:>10}\n", kind, name, mebibytes(bytes));
    bytes_ += bytes;
    ++count_;
  }
  void close(bool dry_run) const {
    print("{} {}removed, {} {}\n", count_, dry_run ? "would be " : "", mebibytes(bytes_),
          dry_run ? "to be freed" : "freed");
  }

 private:
  static std::string mebibytes(std::uint64_t bytes) {
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / static_cast<double>(kMebibyte));
  }

  std::uint64_t bytes_ = 0;
  int count_ = 0;
};

int collect(const GcArguments& arguments) {
  const Result<Store> store = open_store(arguments.store);
  if (!store) {
    say_error(store.error());
    return ExitCode::unknown;
  }
  const Collect what = arguments.dry_run ? Collect::only_look : Collect::remove;
  const std::chrono::hours max_age = std::chrono::hours(24) * arguments.max_days;
  Bill bill;
  for (const TemplateEntry& entry :
       TemplateStore(*store).gc({.max_bytes = static_cast<std::uint64_t>(arguments.max_bytes),
       .max_age = max_age,
       .what = what})) {
    const std::string key = entry.key.substr(0, kShownOfHash);
    bill.add("template", entry.release.empty() ? key : key + " " + entry.release, entry.bytes);
  }
  const Collected collected = collect_garbage(*store, max_age, what);
  for (const Garbage& garbage : collected.garbage) {
    bill.add(garbage.kind, garbage.path.filename().string(), garbage.bytes);
  }
  if (collected.trees_in_use) say("the store's kernels are in use, so their files stay");
  bill.close(arguments.dry_run);
  return as_expected;
}

}  // namespace

void add_kernels_gc(CLI::App& kernels, int& exit_code) {
  const auto arguments = std::make_shared<GcArguments>();
  CLI::App* gc = kernels.add_subcommand(
      "gc", "Remove old templates, templates over the limit, and files that belong to no kernel");
  gc->add_flag("--dry-run", arguments->dry_run, "Print what would be removed, and remove nothing");
  gc->add_option("--max-bytes", arguments->max_bytes, "Size that all templates may have")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 50))
      ->capture_default_str();
  gc->add_option(
        "--max-age", arguments->max_days,
        "Keep templates, downloads and unfinished builds that were used in the last so many days")
      ->type_name("DAYS")
      ->check(CLI::Range(0, 36500))
      ->capture_default_str();
  gc->add_option("--store", arguments->store,
                 "Folder of fetched kernels (default: $XDG_CACHE_HOME/bpfmatrix)");
  gc->callback([arguments, &exit_code] { exit_code = collect(*arguments); });
}

}  // namespace bpfmatrix
