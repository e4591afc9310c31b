#include "repro/loader_log.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>

#include "base/printable.h"
#include "base/text.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxClaims = 1000;
constexpr std::size_t kMaxTextBytes = 300;
constexpr std::size_t kMaxLineBytes = 4096;
constexpr std::size_t kMaxVerifierLog = 4 << 20;
constexpr int kLastErrno = 133;
/// include/linux/errno.h: not meant for user space, and seen there all the same.
constexpr int kEnotsupp = 524;

struct LinePattern {
  Stage stage = Stage::load;
  bool failed = true;
  Cause cause = Cause::unknown;
  /// RE2, of the whole line without its prefix; groups `name` and `error` may take part.
  const char* pattern = "";
};

const LinePattern kPatterns[] = {
    // libbpf, src/libbpf.c of 0.3 to 1.4.
    {Stage::load, true, {}, R"(prog '(?P<name>[^']+)': BPF program load failed: (?P<error>.+))"},
    {Stage::load, true, {}, R"(prog '(?P<name>[^']+)': failed to load: (?P<error>-?\d+))"},
    {Stage::load, true, {}, R"(load bpf program failed: (?P<error>.+))"},
    {Stage::attach,
     true,
     {},
     R"(prog '(?P<name>[^']+)': failed to (?:create|determine|open|attach|auto-attach)\b[^:]*: (?P<error>.+))"},
    {Stage::map, true, {}, R"(map '(?P<name>[^']+)': failed to create: (?P<error>.+))"},
    {Stage::map, true, {}, R"(failed to create map \(name: '(?P<name>[^']+)'\): (?P<error>.+))"},
    {Stage::relocate, true, Cause::no_kernel_btf, R"(failed to find valid kernel BTF)"},
    {Stage::relocate, true, Cause::no_kernel_btf, R"(Error loading vmlinux BTF: (?P<error>-?\d+))"},
    {Stage::relocate, true, Cause::no_kernel_btf, R"(kernel BTF is missing at .*)"},
    {Stage::relocate, true, {}, R"(failed to perform CO-RE relocations: (?P<error>-?\d+))"},
    {Stage::relocate, true, Cause::core_poison_reached,
     R"(prog '(?P<name>[^']+)': relo #\d+: no matching targets found)"},
    {Stage::open, true, {}, R"((?:elf: )?failed to open .*: (?P<error>[^:]+))"},
    // Aya, aya-obj/src/relocation.rs and aya/src/{maps,programs}/mod.rs of 0.12 and 0.13.
    {Stage::relocate, false, {}, R"(finished relocating program `(?P<name>[^`]+)` function .*)"},
    {Stage::map,
     true,
     {},
     R"(.*failed to create map `(?P<name>[^`]+)` with code (?P<error>-?\d+).*)"},
    {Stage::load,
     true,
     {},
     R"(.*the BPF_PROG_LOAD syscall (?:failed|returned (?P<error>[^.]+))\..*)"},
    {Stage::attach,
     true,
     {},
     R"(.*`(?:perf_event_open|bpf_link_create|bpf_raw_tracepoint_open|bpf_prog_attach)` failed.*)"},
    // What Aya's templates print: an application that goes on without, and one that is up.
    {Stage::relocate, true, Cause::no_kernel_btf, R"(.*[Kk]ernel BTF (?:is )?missing.*)"},
    {Stage::attach, false, {}, R"([Ww]aiting for Ctrl-C\.*)"},
};

struct CompiledPattern {
  const LinePattern& line;
  std::unique_ptr<RE2> regex;
};

const std::vector<CompiledPattern>& patterns() {
  static const std::vector<CompiledPattern> compiled = [] {
    std::vector<CompiledPattern> all;
    for (const LinePattern& line : kPatterns)
      all.push_back({line, std::make_unique<RE2>(line.pattern)});
    return all;
  }();
  return compiled;
}

/// "Invalid argument", "-22", "Invalid argument(-22)", "Invalid argument (os error 22)".
std::string errno_in(std::string_view text) {
  static const std::map<std::string, int, std::less<>> words = [] {
    std::map<std::string, int, std::less<>> known;
    for (int error = 1; error <= kLastErrno; ++error) known.emplace(::strerror(error), error);
    return known;
  }();
  int number = 0;
  static const RE2 digits(R"((?:-|os error )(\d{1,4}))");
  const re2::StringPiece piece(text.data(), text.size());
  if (!RE2::PartialMatch(piece, digits, &number)) {
    const auto known = words.find(trim(text.substr(0, text.find('('))));
    if (known == words.end()) return text.find("524") != std::string_view::npos ? "ENOTSUPP" : "";
    number = known->second;
  }
  if (number == kEnotsupp) return "ENOTSUPP";
  const char* name = ::strerrorname_np(number);
  return name != nullptr ? name : "";
}

/// Without what comes in front of what is said: libbpf's name, a logger's time, level and module.
std::string_view without_prefix(std::string_view line) {
  line = trim(line);
  if (line.starts_with('[')) {
    const std::size_t end = line.find(']');
    const std::string_view head = line.substr(0, std::min(end, line.size()));
    const bool logger = head.find("DEBUG") != head.npos || head.find("INFO") != head.npos ||
                        head.find("WARN") != head.npos || head.find("ERROR") != head.npos;
    if (logger && end != line.npos) line = trim(line.substr(end + 1));
  }
  constexpr std::string_view kLibbpf = "libbpf: ";
  const std::size_t at = line.find(kLibbpf);
  return at != line.npos ? line.substr(at + kLibbpf.size()) : line;
}

class LogReader {
 public:
  std::vector<LogClaim> read(std::string_view log) {
    std::size_t number = 0;
    for (std::string_view line : split(log, '\n')) {
      ++number;
      if (line.ends_with('\r')) line.remove_suffix(1);
      take(line.substr(0, kMaxLineBytes), number);
      if (claims_.size() >= kMaxClaims) break;
    }
    end_verifier_log();
    return std::move(claims_);
  }

 private:
  void take(std::string_view line, std::size_t number) {
    const std::string_view said = without_prefix(line);
    if (in_verifier_log_ && (said.find("END PROG LOAD LOG") != said.npos || said.empty()))
      return end_verifier_log();
    if (in_verifier_log_) return add_to_verifier_log(line, number);
    if (said.find("BEGIN PROG LOAD LOG") != said.npos) {
      in_verifier_log_ = true;
      return;
    }
    for (const CompiledPattern& pattern : patterns()) {
      if (take(pattern, line, said, number)) break;
    }
    constexpr std::string_view kAya = "Verifier output: ";
    const std::size_t at = said.find(kAya);
    if (at == said.npos) return;
    in_verifier_log_ = true;
    add_to_verifier_log(said.substr(at + kAya.size()), number);
  }

  bool take(const CompiledPattern& pattern, std::string_view line, std::string_view said,
            std::size_t number) {
    std::vector<re2::StringPiece> groups(
        static_cast<std::size_t>(pattern.regex->NumberOfCapturingGroups()) + 1);
    const re2::StringPiece piece(said.data(), said.size());
    if (!pattern.regex->Match(piece, 0, piece.size(), RE2::ANCHOR_BOTH, groups.data(),
                              static_cast<int>(groups.size()))) {
      return false;
    }
    LogClaim claim = claim_at(line, number);
    claim.stage = pattern.line.stage;
    claim.failed = pattern.line.failed;
    claim.cause = pattern.line.cause;
    for (const auto& [group, index] : pattern.regex->NamedCapturingGroups()) {
      const re2::StringPiece& text = groups[static_cast<std::size_t>(index)];
      if (group == "name") claim.name = valid_text({text.data(), text.size()});
      if (group == "error") claim.errno_name = errno_in({text.data(), text.size()});
    }
    if (claim.stage == Stage::load) last_load_ = claim;
    add(std::move(claim));
    return true;
  }

  static LogClaim claim_at(std::string_view line, std::size_t number) {
    LogClaim claim;
    claim.line = number;
    claim.text = valid_text(trim(line).substr(0, kMaxTextBytes));
    return claim;
  }

  void add(LogClaim claim) {
    const auto key =
        std::make_tuple(claim.stage, claim.name, claim.failed, claim.errno_name, claim.cause);
    if (said_.insert(key).second) claims_.push_back(std::move(claim));
  }

  void add_to_verifier_log(std::string_view line, std::size_t number) {
    if (verifier_log_.empty()) verifier_line_ = number;
    if (verifier_log_.size() < kMaxVerifierLog) verifier_log_.append(line).append("\n");
  }

  /// One claim of the whole: the verifier's reason.
  void end_verifier_log() {
    in_verifier_log_ = false;
    if (verifier_log_.empty()) return;
    Failure failure;
    failure.errno_name = last_load_.errno_name;
    failure.log = verifier_log_;
    failure.name = last_load_.name;
    const Diagnosis diagnosis = classify(failure);
    if (diagnosis.cause != Cause::unknown && !diagnosis.lines.empty()) {
      const std::string& reason = diagnosis.lines.back();
      const std::size_t at = std::min(verifier_log_.rfind(reason), verifier_log_.size());
      const auto before = std::count(verifier_log_.begin(),
                                     verifier_log_.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      LogClaim claim = claim_at(reason, verifier_line_ + static_cast<std::size_t>(before));
      claim.name = last_load_.name;
      claim.cause = diagnosis.cause;
      add(std::move(claim));
    }
    verifier_log_.clear();
  }

  std::vector<LogClaim> claims_{};
  std::set<std::tuple<Stage, std::string, bool, std::string, Cause>> said_{};
  LogClaim last_load_{};
  bool in_verifier_log_ = false;
  std::string verifier_log_{};
  std::size_t verifier_line_ = 0;
};

std::string in_words(const std::string& of, const StageOutcome& stage) {
  std::string text = fmt::format("{}: {}", of, to_string(stage.result));
  if (stage.failed() && !stage.errno_name.empty()) text += ", " + stage.errno_name;
  return text;
}

class ClaimComparison {
 public:
  ClaimComparison(const Outcome& outcome, const KernelFacts* facts)
      : outcome_(outcome), facts_(facts) {}

  ComparedClaim compare(const LogClaim& claim) const {
    if (claim.cause == Cause::no_kernel_btf) return compare_btf(claim);
    if (claim.cause == Cause::core_poison_reached && claim.stage == Stage::relocate)
      return compare_relocations(claim);
    if (claim.cause != Cause::unknown) return compare_cause(claim);
    switch (claim.stage) {
      case Stage::open:
        return stage(claim, "open", &outcome_.open);
      case Stage::relocate:
        return stage(claim, fmt::format("relocate{}", of(claim)),
                     is_here(claim) ? &outcome_.relocate.stage : nullptr);
      case Stage::map:
        return stage(claim, fmt::format("map '{}'", claim.name), find_map(claim.name));
      case Stage::load:
      case Stage::attach:
        return compare_program(claim);
    }
    return {claim, Agreement::not_compared, ""};
  }

 private:
  static ComparedClaim stage(const LogClaim& claim, const std::string& of,
                             const StageOutcome* here) {
    if (here == nullptr)
      return {claim, Agreement::not_compared, fmt::format("{}: there is none here", of)};
    const StageResult wanted = claim.failed ? StageResult::failed : StageResult::ok;
    const bool errno_fits = claim.errno_name.empty() || claim.errno_name == here->errno_name;
    const bool same = here->result == wanted && errno_fits;
    return {claim, same ? Agreement::same : Agreement::different, in_words(of, *here)};
  }

  const StageOutcome* find_map(const std::string& name) const {
    for (const MapOutcome& map : outcome_.maps) {
      if (map.name == name) return &map.stage;
    }
    return nullptr;
  }

  static std::string of(const LogClaim& claim) {
    return claim.name.empty() ? "" : fmt::format(" of '{}'", claim.name);
  }
  bool is_here(const LogClaim& claim) const {
    return claim.name.empty() || find_program(claim) != nullptr;
  }

  /// Without a name, the first that did the same; else the first of all.
  const ProgramOutcome* find_program(const LogClaim& claim) const {
    const ProgramOutcome* first = nullptr;
    for (const ProgramOutcome& program : outcome_.programs) {
      if (!claim.name.empty()) {
        if (program.name == claim.name) return &program;
        continue;
      }
      const StageOutcome& stage =
          claim.stage == Stage::attach ? program.attach.stage : program.load.stage;
      const bool fits = stage.result == (claim.failed ? StageResult::failed : StageResult::ok);
      if (fits) return &program;
      if (first == nullptr) first = &program;
    }
    return first;
  }

  ComparedClaim compare_program(const LogClaim& claim) const {
    const bool attach = claim.stage == Stage::attach;
    const ProgramOutcome* program = find_program(claim);
    const std::string of = fmt::format("{} of '{}'", attach ? "attach" : "load",
                                       program != nullptr ? program->name : claim.name);
    if (program == nullptr) return stage(claim, of, nullptr);
    return stage(claim, of, attach ? &program->attach.stage : &program->load.stage);
  }

  ComparedClaim compare_btf(const LogClaim& claim) const {
    const bool missing = outcome_.btf_source == "none" ||
                         (outcome_.btf_source == "kernel" && !outcome_.kernel.btf_present);
    return {claim, missing ? Agreement::same : Agreement::different,
            missing ? "there was no BTF of the kernel here, either"
                    : "the loader had the BTF of the kernel here"};
  }

  ComparedClaim compare_relocations(const LogClaim& claim) const {
    const ProgramOutcome* program = find_program(claim);
    if (program == nullptr) return stage(claim, fmt::format("'{}'", claim.name), nullptr);
    for (const RelocationRecord& one : program->relocations) {
      const bool unresolved =
          one.result == RelocationResult::poisoned || one.result == RelocationResult::failed;
      if (unresolved)
        return {claim, Agreement::same, fmt::format("'{}' has no value here, either", one.local)};
    }
    return {claim, Agreement::different,
            fmt::format("each relocation of '{}' has a value here", program->name)};
  }

  ComparedClaim compare_cause(const LogClaim& claim) const {
    const ProgramOutcome* program = find_program(claim);
    if (program == nullptr) return stage(claim, fmt::format("'{}'", claim.name), nullptr);
    const std::optional<Diagnosis> diagnosis = diagnose_program(outcome_, *program, facts_);
    const std::string of = fmt::format("cause of '{}'", program->name);
    if (!diagnosis) return {claim, Agreement::different, of + ": nothing failed"};
    // A log alone does not say all that a cause is found by: the same words are as good.
    const auto& lines = diagnosis->lines;
    const bool same = diagnosis->cause == claim.cause ||
                      std::find(lines.begin(), lines.end(), claim.text) != lines.end();
    return {claim, same ? Agreement::same : Agreement::different,
            fmt::format("{}: {}", of, to_string(diagnosis->cause))};
  }

  const Outcome& outcome_;
  const KernelFacts* facts_;
};

}  // namespace

std::vector<LogClaim> read_loader_log(std::string_view log) { return LogReader().read(log); }

std::vector<ComparedClaim> compare_claims(const std::vector<LogClaim>& claims,
                                          const Outcome& outcome, const KernelFacts* facts) {
  const ClaimComparison comparison(outcome, facts);
  std::vector<ComparedClaim> compared;
  for (const LogClaim& claim : claims) compared.push_back(comparison.compare(claim));
  return compared;
}

bool says_no_kernel_btf(const std::vector<LogClaim>& claims) {
  return std::any_of(claims.begin(), claims.end(),
                     [](const LogClaim& claim) { return claim.cause == Cause::no_kernel_btf; });
}

}  // namespace bpfmatrix
