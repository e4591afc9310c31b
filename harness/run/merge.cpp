#include "run/merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "base/unfinished.h"
#include "cell/differences.h"
#include "outcome/cells.h"
#include "outcome/conclusive.h"
#include "outcome/outcome_fields.h"
#include "run/run_dir.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxPartBytes = 64 << 20;
constexpr std::size_t kIdDigits = 32;

class Merge {
 public:
  Result<> take(const fs::path& part) {
    Result<RunSpec> spec = read_run_spec(part);
    if (!spec) return std::move(spec).error();
    if (Result<> fits = take_spec(part, *spec); !fits) return fits;
    auto outcomes = read_cells(part / "outcomes.jsonl");
    if (!outcomes) return outcomes.error();
    for (Outcome& outcome : *outcomes) {
      if (Result<> fits = take_outcome(part, std::move(outcome)); !fits) return fits;
    }
    return {};
  }

  Result<> write(const fs::path& folder) {
    spec_->part_of.reset();
    spec_->cells.assign(planned_.begin(), planned_.end());
    spec_->id = whole_id();
    Result<RunDir> run = RunDir::create(folder, *spec_);
    if (!run) return std::move(run).error();
    std::vector<Outcome> outcomes;
    for (const auto& [cell, found] : found_) {
      if (Result<> kept = keep_files(found, *run); !kept) return kept;
      outcomes.push_back(found.outcome);
    }
    return run->append_known(outcomes);
  }

  MergedRun size() const { return {planned_.size(), planned_.size() - cells_.size()}; }

 private:
  struct Found {
    Outcome outcome{};
    fs::path part{};
  };

  /// What may differ between parts is left out.
  static std::string asked(RunSpec spec) {
    spec.cells.clear();
    spec.part_of.reset();
    spec.objects.clear();
    spec.options.reset();
    spec.id.reset();
    spec.started.reset();
    spec.matrix.kernels.clear();
    return to_text(spec);
  }

  Result<> take_spec(const fs::path& part, const RunSpec& spec) {
    plan(spec.cells);
    if (spec.part_of) planned_.insert(spec.part_of->begin(), spec.part_of->end());
    ids_.insert(spec.id.value_or(""));
    if (!spec_) {
      spec_ = spec;
      first_ = part;
      return {};
    }
    if (spec.started)
      spec_->started = std::min(spec_->started.value_or(*spec.started), *spec.started);
    if (asked(spec) != asked(*spec_)) {
      return Error{fmt::format("'{}': was asked for another matrix than '{}'", part.string(),
                               first_.string()),
                   "parts of a run differ in kernels and cells only"};
    }
    add_new(spec.matrix.kernels, spec_->matrix.kernels);
    add_new(spec.objects, spec_->objects);
    return {};
  }

  /// The same parts are the same run, however often they are put together.
  std::optional<std::string> whole_id() const {
    if (ids_.contains("")) return std::nullopt;
    return sha256_hex(fmt::format("{}", fmt::join(ids_, "\n"))).substr(0, kIdDigits);
  }

  void plan(const std::vector<std::string>& cells) {
    cells_.insert(cells.begin(), cells.end());
    planned_.insert(cells.begin(), cells.end());
  }

  static void add_new(const std::vector<std::string>& more, std::vector<std::string>& all) {
    for (const std::string& one : more) {
      if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
    }
  }

  /// The same thing must have the same hash in all parts; of what has none nothing is known.
  Result<> same_hash(const fs::path& part, const std::string& what, const std::string& hash) {
    if (hash.empty()) return {};
    const auto [known, is_new] = hashes_.try_emplace(what, hash, part);
    if (is_new || known->second.first == hash) return {};
    return Error{fmt::format("{} is not the same in '{}' (sha256 {}) and in '{}' ({})", what,
                             known->second.second.string(), known->second.first.substr(0, 16),
                             part.string(), hash.substr(0, 16)),
                 "run the parts again with the same kernels and objects"};
  }

  Result<> take_outcome(const fs::path& part, Outcome outcome) {
    const OutcomeKernel& kernel = outcome.kernel;
    const std::pair<std::string, std::string> hashes[] = {
        {fmt::format("kernel '{}'", kernel.id), kernel.sha256},
        {fmt::format("the BTF of kernel '{}'", kernel.id), kernel.btf_sha256},
        {fmt::format("the object of '{}' for {}", outcome.case_id, kernel.arch),
         outcome.object.sha256}};
    for (const auto& [what, hash] : hashes) {
      if (Result<> same = same_hash(part, what, hash); !same) return same;
    }
    plan({outcome.cell});
    const auto known = found_.find(outcome.cell);
    if (known == found_.end()) {
      const std::string cell = outcome.cell;
      found_.emplace(cell, Found{std::move(outcome), part});
    } else if (!has_result(known->second.outcome)) {
      known->second = Found{std::move(outcome), part};
    } else if (has_result(outcome)) {
      const std::vector<std::string> found = differences(known->second.outcome, outcome);
      if (found.empty()) return {};
      return Error{fmt::format("'{}' and '{}' disagree about {}: {}", known->second.part.string(),
                               part.string(), outcome.cell, found.front())};
    }
    return {};
  }

  /// The cell's transcript, and what is known of its kernel, where the part has them.
  static Result<> keep_files(const Found& found, RunDir& run) {
    const fs::path transcript = transcript_path(found.part, found.outcome.cell);
    std::error_code ignored;
    if (fs::exists(transcript, ignored)) {
      const Result<std::string> packed = read_file(transcript, kMaxPartBytes);
      if (!packed) return packed.error();
      if (Result<> kept = run.restore_transcript(found.outcome.cell, *packed); !kept) return kept;
    }
    const std::string& hash = found.outcome.kernel.facts;
    const fs::path facts = kernel_facts_path(found.part, hash);
    if (hash.empty() || !fs::exists(facts, ignored)) return {};
    Result<std::string> packed = read_file(facts, kMaxPartBytes);
    if (!packed) return std::move(packed).error();
    const Result<std::string> kept = run.keep_facts({.sha256 = hash, .gzip = *std::move(packed)});
    return kept ? Result<>() : Result<>(kept.error());
  }

  std::optional<RunSpec> spec_{};
  fs::path first_{};
  /// Of the parts, and of the plans that they are parts of.
  std::set<std::string> cells_{};
  std::set<std::string> ids_{};
  std::set<std::string> planned_{};
  std::map<std::string, Found> found_{};
  /// What it is of -> hash, and the part that had it first.
  std::map<std::string, std::pair<std::string, fs::path>> hashes_{};
};

}  // namespace

Result<MergedRun> merge_runs(const std::vector<fs::path>& parts, const fs::path& out) {
  std::error_code none;
  if (fs::exists(fs::symlink_status(out, none)))
    return file_error(out, Error{"is there already", "choose another --output"});
  Merge merge;
  for (const fs::path& part : parts) {
    if (Result<> taken = merge.take(part); !taken) return std::move(taken).error();
  }
  const fs::path whole = fs::absolute(out, none).lexically_normal();
  Result<TempDir> made = TempDir::create(whole.parent_path(),
                                         whole.filename().string() + std::string(kUnfinishedMark));
  if (!made) return std::move(made).error();
  if (Result<> written = merge.write(made->path()); !written) return std::move(written).error();
  std::error_code error;
  fs::permissions(made->path(), fs::perms(0755), error);
  if (!error) fs::rename(made->path(), whole, error);
  if (error) return file_error(out, error);
  made->release();
  return merge.size();
}

}  // namespace bpfmatrix
