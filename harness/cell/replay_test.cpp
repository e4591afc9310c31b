// What derive() makes of what real kernels said: for each cell the outcome that its run had.
// Recorded by ci/record_replays.sh.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "base/file.h"
#include "base/gzip.h"
#include "base/text.h"
#include "cell/derive.h"
#include "cell/differences.h"
#include "cell/transcript_fields.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome_fields.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

constexpr std::uint64_t kMaxBytes = 256 << 20;
const fs::path kReplays = BPFMATRIX_SOURCE_DIR "/harness/cell/testdata/replays";

struct Replay {
  Transcript transcript{};
  Outcome outcome{};
};

/// What the cells of all kernels were run with, each read once.
class Ingredients {
 public:
  const ObjectFile* object(const std::string& sha256) {
    auto& object = objects_[sha256];
    if (object) return &*object;
    const Result<std::string> bytes =
        read_gzip(kReplays / "objects" / (sha256 + ".o.gz"), kMaxBytes);
    if (!bytes) return nullptr;
    object.emplace();
    object->info = *read_object_bytes(*bytes, sha256);
    object->elf = std::make_shared<const ElfFile>(*ElfFile::parse(*bytes));
    return &*object;
  }
  std::shared_ptr<const Btf> btf(const std::string& kernel) {
    std::shared_ptr<const Btf>& btf = btf_[kernel];
    const Result<std::string> bytes = read_gzip(kReplays / "btf" / (kernel + ".btf.gz"), kMaxBytes);
    if (!btf && bytes) btf = std::make_shared<const Btf>(*Btf::parse(*bytes));
    return btf;
  }
  const KernelFacts* facts(const std::string& sha256) {
    std::unique_ptr<KernelFacts>& facts = facts_[sha256];
    if (!facts) {
      const auto read = read_kernel_facts(kReplays / "facts" / (sha256 + ".json.gz"));
      if (read) facts = std::make_unique<KernelFacts>(*read);
    }
    return facts.get();
  }

 private:
  std::map<std::string, std::optional<ObjectFile>> objects_{};
  std::map<std::string, std::shared_ptr<const Btf>> btf_{};
  std::map<std::string, std::unique_ptr<KernelFacts>> facts_{};
};

std::vector<fs::path> recorded_kernels() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kReplays)) {
    if (entry.path().extension() == ".gz") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Replay> read_replays(const fs::path& file) {
  std::vector<Replay> replays;
  const Result<std::string> text = read_gzip(file, kMaxBytes);
  EXPECT_TRUE(text) << text.error().message;
  for (const std::string_view line : split(*text, '\n')) {
    if (line.empty()) continue;
    const Result<Json> json = parse_json(line, file.string());
    EXPECT_TRUE(json) << json.error().message;
    Result<Transcript> transcript = from_json<Transcript>((*json)["transcript"], file.string());
    Result<Outcome> outcome = outcome_from_json((*json)["outcome"], file.string());
    EXPECT_TRUE(transcript) << transcript.error().message;
    EXPECT_TRUE(outcome) << outcome.error().message;
    if (transcript && outcome) replays.push_back({*std::move(transcript), *std::move(outcome)});
  }
  return replays;
}

/// What was expected and is not the trigger's own was the case's.
CaseSpec case_of(const Outcome& outcome) {
  CaseSpec spec;
  for (const ObservedValue& value : outcome.observed) {
    if (!value.expected) continue;
    const std::string name = value.name.substr(0, value.name.find("__"));
    if (const auto* number = std::get_if<std::int64_t>(&*value.expected))
      spec.truth[name] = *number;
    if (const auto* text = std::get_if<std::string>(&*value.expected)) spec.truth[name] = *text;
  }
  return spec;
}

/// As the run had it, as far as it is kept here.
Outcome derive_again(const Replay& replay, Ingredients& ingredients) {
  const Outcome& was = replay.outcome;
  const CaseSpec spec = case_of(was);
  DeriveInput in{.transcript = replay.transcript, .spec = &spec};
  if (was.embedded && was.embedded->functions)
    in.given_share = {*was.embedded->functions, *was.embedded->functions_in_kernel};
  in.object = ingredients.object(was.object.sha256);
  if (in.object != nullptr) {
    in.types.emplace();
    if (was.btf_source != "none") in.types->kernel = ingredients.btf(was.kernel.id);
    if (was.btf_source == "kernel" && !was.kernel.btf_present) in.types->kernel = nullptr;
  }
  in.facts = ingredients.facts(was.kernel.facts);
  if (in.facts != nullptr) in.facts_sha256 = was.kernel.facts;
  return derive(in).outcome;
}

/// What of an outcome comes from the object, where that is not kept here.
void forget_object(Outcome& outcome) {
  const OutcomeObject object = std::exchange(outcome.object, {});
  outcome.object.sha256 = object.sha256;
  outcome.relocate.not_compared.clear();
  for (ProgramOutcome& program : outcome.programs) program.load.source.reset();
}

TEST(Replay, what_kernels_said_becomes_the_outcome_that_their_run_had) {
  Ingredients ingredients;
  std::size_t cells = 0;
  for (const fs::path& file : recorded_kernels()) {
    for (const Replay& replay : read_replays(file)) {
      Outcome was = replay.outcome;
      Outcome now = derive_again(replay, ingredients);
      if (ingredients.object(was.object.sha256) == nullptr) {
        forget_object(was);
        forget_object(now);
      }
      // It stands in the DWARF, which the objects here are without.
      now.object.producer = was.object.producer;
      EXPECT_THAT(differences(was, now), IsEmpty()) << was.cell;
      EXPECT_EQ(now.end_reason, was.end_reason) << was.cell;
      EXPECT_EQ(now.vm.attempts.size(), was.vm.attempts.size()) << was.cell;
      EXPECT_EQ(now.vm.flaky, was.vm.flaky) << was.cell;
      EXPECT_EQ(now.vm.cold_checked, was.vm.cold_checked) << was.cell;
      EXPECT_EQ(now.vm.loader_ms, was.vm.loader_ms) << was.cell;
      ++cells;
    }
  }
  EXPECT_GE(cells, 150U);
}

TEST(Replay, there_is_one_of_every_end) {
  std::set<std::string> seen;
  for (const fs::path& file : recorded_kernels()) {
    for (const Replay& replay : read_replays(file)) {
      const Outcome& outcome = replay.outcome;
      seen.insert(std::string(to_string(outcome.end)));
      if (!outcome.vm.flaky.empty()) seen.insert("flaky");
      if (outcome.app) seen.insert("app");
      if (outcome.embedded && outcome.embedded->origin == EmbeddedOrigin::file)
        seen.insert("own BTF");
      for (const ProgramOutcome& program : outcome.programs) {
        if (program.load.stage.failed()) seen.insert("load failed");
        if (program.attach.stage.failed()) seen.insert("attach failed");
        if (program.attach.stage.result == StageResult::ok) seen.insert("attached");
        for (const RelocationRecord& record : program.relocations)
          seen.insert("relocation " + std::string(to_string(record.result)));
      }
      for (const MapOutcome& map : outcome.maps) {
        if (map.stage.failed()) seen.insert("map failed");
      }
      if (outcome.open.failed()) seen.insert("open failed");
      if (outcome.relocate.stage.failed()) seen.insert("relocate failed");
    }
  }
  for (const char* kind :
       {"completed", "panicked", "hung", "lost", "unavailable", "flaky", "app", "own BTF",
        "load failed", "attach failed", "attached", "map failed", "open failed", "relocate failed",
        "relocation unchanged", "relocation resolved", "relocation poisoned", "relocation skipped",
        "relocation failed"}) {
    EXPECT_TRUE(seen.contains(kind)) << kind;
  }
}

}  // namespace
}  // namespace bpfmatrix
