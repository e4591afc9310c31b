#include "cli/cache_command.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <functional>
#include <memory>

#include "base/json.h"
#include "cli/exit_code.h"
#include "cli/talk.h"
#include "run/cache/transcript_cache.h"

namespace bpfmatrix {

namespace {

constexpr std::int64_t kMebi = 1 << 20;

struct CacheArguments {
  std::string store{};
  bool json = false;
  std::int64_t max_mib = static_cast<std::int64_t>(CacheLimits().max_bytes) / kMebi;
  std::int64_t max_days = CacheLimits().max_age.count() / 24;
};

std::string day_of(std::int64_t seconds) {
  if (seconds == 0) return "never";
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string mebibytes(std::int64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / static_cast<double>(kMebi));
}

OrderedJson to_json(const CacheStats& stats, const std::string& file) {
  return {{"file", file},
          {"transcripts", stats.transcripts},
          {"bytes", stats.bytes},
          {"packed_bytes", stats.packed_bytes},
          {"oldest_use", stats.oldest_use},
          {"latest_use", stats.latest_use},
          {"set_aside", stats.set_aside}};
}

void print_stats(const CacheStats& stats, const std::string& file) {
  print("file        {}\n", file);
  print("transcripts {}, {} compressed\n", stats.transcripts, mebibytes(stats.packed_bytes));
  print("size        {}\n", mebibytes(stats.bytes));
  print("last used   {} to {}\n", day_of(stats.oldest_use), day_of(stats.latest_use));
  print("set aside   {}\n", stats.set_aside);
}

int show_stats(const CacheArguments& arguments, TranscriptCache& cache) {
  const CacheStats stats = cache.stats();
  if (arguments.json) {
    print_text(json_text(to_json(stats, cache.file().string()), 1) + "\n");
  } else {
    print_stats(stats, cache.file().string());
  }
  return as_expected;
}

int collect(const CacheArguments& arguments, TranscriptCache& cache) {
  const CacheRemoved removed =
      cache.gc({.max_bytes = static_cast<std::uint64_t>(arguments.max_mib * kMebi),
                .max_age = std::chrono::hours(24) * arguments.max_days});
  print("{} transcripts removed, {} freed\n", removed.transcripts, mebibytes(removed.bytes));
  return as_expected;
}

int verify(TranscriptCache& cache) {
  const CacheStats stats = cache.stats();
  const std::vector<std::string> findings = cache.verify();
  for (const std::string& finding : findings) print("{}\n", finding);
  if (!findings.empty()) return ExitCode::unknown;
  print("{} transcripts are intact\n", stats.transcripts);
  return as_expected;
}

/// Exit code 3: what is kept cannot be read, or is not what was kept.
int with_cache(const CacheArguments& arguments, const std::function<int(TranscriptCache&)>& act) {
  const Result<Store> store = Store::open(arguments.store);
  if (!store) {
    say_error(store.error());
    return ExitCode::unknown;
  }
  bool trouble = false;
  TranscriptCache cache(*store, [&](const std::string& text) {
    trouble = true;
    say_error(Error{text});
  });
  if (!cache.serves()) return ExitCode::unknown;
  const int code = act(cache);
  return trouble ? static_cast<int>(ExitCode::unknown) : code;
}

}  // namespace

void add_cache_command(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<CacheArguments>();
  CLI::App* cache = app.add_subcommand("cache", "What the cells of earlier runs said");
  cache->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, auto act) {
    CLI::App* command = cache->add_subcommand(name, what);
    command->add_option("--store", arguments->store,
                        "Folder of the store (default: $XDG_CACHE_HOME/bpfmatrix)");
    command->callback([arguments, &exit_code, act] {
      exit_code = with_cache(*arguments, [&](TranscriptCache& c) { return act(*arguments, c); });
    });
    return command;
  };
  CLI::App* stats = add("stats", "Print how much is kept", show_stats);
  stats->add_flag("--json", arguments->json, "As JSON");
  CLI::App* gc =
      add("gc", "Remove old transcripts, then the oldest until the rest is small enough", collect);
  gc->add_option("--max-mib", arguments->max_mib, "Size to keep")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  gc->add_option("--max-days", arguments->max_days, "Keep what was used in the last so many days")
      ->check(CLI::Range(0, 36500))
      ->capture_default_str();
  add("verify", "Hash everything again; a damaged database is set aside and a new one begun",
      [](const CacheArguments&, TranscriptCache& c) { return verify(c); });
}

}  // namespace bpfmatrix
