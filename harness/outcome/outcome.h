// What was seen of one cell: facts, never a verdict. One Outcome is one line of outcomes.jsonl; its
// fields are described in outcome_fields.cpp, and for other programs in outcome.schema.json.
//
// A stage that was never reached says `not_reached`, which is no failure; what could not be found
// out says so by `end` (lost, hung, unavailable), which is no failure of the program either.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/end.h"
#include "matrix/privileges.h"
#include "outcome/relocation.h"
#include "outcome/scalar.h"

namespace bpfmatrix {

inline constexpr int kOutcomeSchema = 2;
/// What a machine may have taken in all, some thirty years: sums of such times are numbers, too.
inline constexpr std::int64_t kMaxMilliseconds = 1'000'000'000'000;

struct OutcomeKernel {
  std::string id{};
  std::string release{};
  std::string arch{};
  bool btf_present = false;
  std::uint64_t btf_bytes = 0;
  std::string btf_sha256{};
  std::string origin_kind{};
  std::string package{};
  std::string version{};
  std::string sha256{};
  std::string signed_by{};
  /// What is known of the kernel lies in kernels/<facts>.json.gz of the run directory; empty: it
  /// could not be probed.
  std::string facts{};
};

/// How the BTF that was handed over relates to the kernel.
enum class EmbeddedOrigin { kernel, debug_info, file };
inline constexpr Word<EmbeddedOrigin> kEmbeddedOriginWords[] = {
    {EmbeddedOrigin::kernel, "kernel", "the kernel's own"},
    {EmbeddedOrigin::debug_info, "debug_info", "made from the kernel's debug information"},
    {EmbeddedOrigin::file, "file", "given by the user"},
};
constexpr const auto& words_of(EmbeddedOrigin) { return kEmbeddedOriginWords; }

/// The BTF that was handed over, and signs of whose it is: BTF does not say.
struct EmbeddedBtf {
  EmbeddedOrigin origin = EmbeddedOrigin::kernel;
  std::uint64_t bytes = 0;
  std::string sha256{};
  /// Of a user's file: how many functions it describes, and how many of those the kernel has.
  /// Absent: it describes none, or the kernel's are not known.
  std::optional<std::uint64_t> functions{};
  std::optional<std::uint64_t> functions_in_kernel{};
};

struct OutcomeObject {
  std::string path{};
  std::string sha256{};
  bool btf = false;
  bool btf_ext = false;
  std::string license{};
  std::string producer{};
  /// It has global variables; it passes functions to helpers as callbacks. Absent: not known.
  std::optional<bool> global_data{};
  std::optional<bool> callbacks{};
};

/// What a stage came to.
enum class StageResult { not_reached, ok, failed };
inline constexpr Word<StageResult> kStageResultWords[] = {
    {StageResult::not_reached, "not_reached", "the run did not reach this stage"},
    {StageResult::ok, "ok"},
    {StageResult::failed, "failed", "the kernel or the loader failed; errno and message say how"},
};
constexpr const auto& words_of(StageResult) { return kStageResultWords; }

/// A failure in the words of the kernel or the loader. errno_name is the symbolic name ("EACCES",
/// "ENOTSUPP"); empty when nothing failed or no errno came with it.
struct StageOutcome {
  StageResult result = StageResult::not_reached;
  std::string errno_name{};
  std::string message{};

  bool failed() const { return result == StageResult::failed; }
};

/// CO-RE relocations over the whole object. The counts are those of the programs' records, each
/// relocation of a function that several programs call counted once; absent if not known.
struct RelocateOutcome {
  StageOutcome stage{};
  std::optional<int> applied{};
  std::optional<int> skipped{};
  std::optional<int> poisoned{};
  /// Why there are no records of single relocations, although there may be relocations; empty:
  /// there are, or the object has none.
  std::string not_compared{};
};

struct MapOutcome {
  std::string name{};
  std::string type{};
  StageOutcome stage{};
  /// Of a failure with E2BIG: whether the kernel knows every attribute it got.
  std::optional<bool> attributes_known{};
  /// The max_entries that the loader chose, because neither the object nor user space says one.
  std::optional<std::uint64_t> sized{};
};

/// What the kernel counted while verifying; absent where it does not say.
struct VerifierStats {
  std::optional<std::uint64_t> insns{};
  std::optional<std::uint64_t> states_total{};
  std::optional<std::uint64_t> states_peak{};
  std::optional<std::uint64_t> stack_bytes{};
  std::optional<std::uint64_t> verification_usec{};
  std::optional<std::uint64_t> xlated_bytes{};
  std::optional<std::uint64_t> jited_bytes{};
};

/// A line of the program's source, and an instruction it was compiled to.
struct SourceLine {
  std::uint32_t instruction = 0;
  std::string file{};
  std::uint32_t line = 0;
  std::string text{};
};

struct LoadOutcome {
  StageOutcome stage{};
  VerifierStats stats{};
  /// How many instructions the kernel was given.
  std::optional<std::uint64_t> instructions{};
  /// Of a failure without a log. E2BIG: whether the kernel knows every attribute it got;
  /// EINVAL: whether it takes any program of this type, and any with its attach type.
  std::optional<bool> attributes_known{};
  std::optional<bool> type_known{};
  std::optional<bool> attach_type_known{};
  /// The source line that the verifier rejected, by the object's own line information. Absent if
  /// that is not known.
  std::optional<SourceLine> source{};
  /// Content hash of the whole verifier log, kept in logs/<sha256> of the run directory; empty: no
  /// log.
  std::string log_sha256{};
  bool log_truncated = false;
  /// The log's last lines, so that a record can be judged without the log file.
  std::string log_tail{};
};

/// One name that the program could be attached to, or was meant for, and what the kernel knows of
/// it; what is absent is not known.
struct AttachCandidate {
  std::string symbol{};
  std::optional<bool> in_kallsyms{};
  /// In available_filter_functions.
  std::optional<bool> traceable{};
  /// Closed to kprobes.
  std::optional<bool> blacklisted{};
  /// A FUNC of the kernel's own BTF.
  std::optional<bool> in_btf{};
  /// A tracepoint.
  std::optional<bool> is_event{};
};

struct AttachOutcome {
  StageOutcome stage{};
  /// "kprobe", "tracepoint", "xdp"...; empty when the section does not say how.
  std::string method{};
  std::string requested{};
  std::string actual{};
  /// The first is the requested one. Empty for what has no name in the kernel (xdp, uprobe...).
  std::vector<AttachCandidate> candidates{};
};

/// Which way to the arguments of a system call came out right.
enum class ArgumentsSeen { unknown, direct, wrapped, wrong };
inline constexpr Word<ArgumentsSeen> kArgumentsSeenWords[] = {
    {ArgumentsSeen::unknown, "unknown",
     "no argument was seen, or the program is not about a system call"},
    {ArgumentsSeen::direct, "direct", "the way that a function's arguments have"},
    {ArgumentsSeen::wrapped, "wrapped", "through the pt_regs that is a wrapper's argument"},
    {ArgumentsSeen::wrong, "wrong", "none came out right"},
};
constexpr const auto& words_of(ArgumentsSeen) { return kArgumentsSeenWords; }

/// What a program did while it was attached. Counts are absent if nothing counted.
struct RunOutcome {
  /// "standard"; empty: not attached, or there was no trigger.
  std::string trigger{};
  /// As the program counted itself in the map `observed`.
  std::optional<std::uint64_t> fired{};
  /// As the kernel counted it, whoever made it run.
  std::optional<std::uint64_t> run_cnt{};
  std::optional<std::uint64_t> run_time_ns{};
  ArgumentsSeen arguments = ArgumentsSeen::unknown;
  /// It was attached, and had given way to another program of its object when the trigger came.
  bool displaced = false;
};

struct ProgramOutcome {
  std::string name{};
  std::string section{};
  std::string type{};
  /// Of its own function, and of all it calls, in the order of the program.
  std::vector<RelocationRecord> relocations{};
  LoadOutcome load{};
  AttachOutcome attach{};
  RunOutcome run{};
  /// The map for want of which it was not loaded; absent: none.
  std::optional<std::string> needs_map{};
  /// User space was to leave it out on this kernel.
  std::optional<bool> left_out{};
};

/// A program of an object that was loaded and attached before, and shares the kernel.
struct CompanionOutcome {
  std::string object{};
  /// Empty: the object as a whole, which came to nothing.
  std::string program{};
  /// Of loading it and, where its section says how, attaching it.
  StageOutcome stage{};
  /// Empty: its section does not say how it is attached.
  std::string method{};
  std::string requested{};
  /// As the kernel counted while the tried object was attached; absent: nothing counted.
  std::optional<std::uint64_t> run_cnt{};
};

/// One system call of the trigger: what the kernel returned, below 0 a negative errno.
struct PerformedOutcome {
  std::string name{};
  std::int64_t ret = 0;
};

struct TriggerOutcome {
  /// "standard"; empty: none was pulled.
  std::string kind{};
  std::vector<PerformedOutcome> performed{};
  /// Why none was pulled although one was due; empty: it was, or none was due.
  std::string problem{};
};

enum class ObservedResult { unknown, absent, right, wrong };
inline constexpr Word<ObservedResult> kObservedResultWords[] = {
    {ObservedResult::unknown, "unknown", "the right value is not known"},
    {ObservedResult::absent, "absent", "no program fired, so nothing was seen"},
    {ObservedResult::right, "right"},
    {ObservedResult::wrong, "wrong"},
};
constexpr const auto& words_of(ObservedResult) { return kObservedResultWords; }

/// One field of the map `observed`.
struct ObservedValue {
  std::string name{};
  Scalar value{};
  std::optional<Scalar> expected{};
  ObservedResult result = ObservedResult::unknown;
};

/// Of an application that was tried for its own sake, with the programs that it brings.
struct OwnOutcome {
  /// It said that it has come up; its output is as wanted. Absent: nothing was asked of that.
  std::optional<bool> said_ready{};
  std::optional<bool> output_matched{};
  /// The end of what it wrote, where not all of that was well; empty: it was, or it was silent.
  std::string last_words{};
  /// It was never at rest, and taken to have come up because half of its time was over.
  std::optional<bool> never_quiet{};
};

/// How an application came to its end. One of exit_code and signal is there.
struct AppOutcome {
  /// As it was given: with "{arch}" in it, if so.
  std::string path{};
  std::optional<int> exit_code{};
  std::optional<int> signal{};
  /// The signal that ended it once its programs had been triggered; absent: it ended by itself.
  std::optional<int> stop_signal{};
  /// How many programs it only asked the kernel with.
  int probes = 0;
  /// Absent: its object was handed to it.
  std::optional<OwnOutcome> own{};
  /// How many of its programs the kernel held when it had come up, or was about to end. Absent: it
  /// was never seen to have come up.
  std::optional<int> held{};

  /// By itself, and not well.
  bool failed() const { return !stop_signal && exit_code != 0; }
};

/// How one attempt at a cell came to its end.
struct AttemptOutcome {
  bool cloned = false;
  End end = End::lost;
  std::string reason{};
};

/// The machine that the cell was run in.
struct VmOutcome {
  std::string accel{};
  /// A clone of a template, not a machine that was booted.
  bool cloned = false;
  /// How long the cell waited for its machine; from when it was begun until all of its record was
  /// there; what of that was the loader's own, by the guest's clock (absent: it did not end).
  std::int64_t ready_ms = 0;
  std::int64_t wall_ms = 0;
  std::optional<std::int64_t> loader_ms{};
  /// The loader had read the kernel's BTF before this machine was cloned from its template.
  bool btf_parsed_ahead = false;
  /// All of them where one was not enough; this outcome is the last's.
  std::vector<AttemptOutcome> attempts{};
  /// It was run again in a machine that was booted.
  bool cold_checked = false;
  /// Found out by an earlier run, with the times of that one.
  bool cached = false;
  /// In what two attempts differ; it is not known then which is right.
  std::vector<std::string> flaky{};
};

/// What the kernel complained of on its console, and went on.
struct Splat {
  /// The same in every run: without line numbers, addresses, processors and processes.
  std::string name{};
  /// The first one's first lines.
  std::string excerpt{};
  int count = 0;
  /// A lockup, a hung task, an RCU stall: of a machine that is emulated it may be the host's.
  bool stall = false;
};

struct Outcome {
  std::string cell{};
  OutcomeKernel kernel{};
  OutcomeObject object{};
  std::string case_id{};
  std::string btf_source{};
  /// Absent where BTF source is not `embedded`.
  std::optional<EmbeddedBtf> embedded{};
  std::string loader{};
  std::string loader_version{};
  Privileges privileges{};
  /// Whether this kernel counts BPF memory against RLIMIT_MEMLOCK; asked where that was limited.
  std::optional<bool> memlock_counted{};
  /// Absent where the loader is one of ours.
  std::optional<AppOutcome> app{};
  VmOutcome vm{};
  End end = End::lost;
  /// Why `end` is not `completed`; empty when it is.
  std::string end_reason{};
  std::string console_tail{};
  /// Of all attempts, in the order in which they came first. Absent: nobody listened.
  std::optional<std::vector<Splat>> splats{};
  /// Modules that were loaded before the object came, in order; absent: none.
  std::optional<std::vector<std::string>> modules{};
  /// What was to be so before the object came, and was not: a module that the kernel does not have
  /// or did not take, a setting that it refused. Absent: nothing of the kind.
  std::optional<std::vector<std::string>> not_set_up{};
  StageOutcome open{};
  RelocateOutcome relocate{};
  std::vector<MapOutcome> maps{};
  std::vector<ProgramOutcome> programs{};
  /// In the order in which they came; absent: it had the kernel to itself.
  std::optional<std::vector<CompanionOutcome>> beside{};
  TriggerOutcome trigger{};
  std::vector<ObservedValue> observed{};
};

/// Of any of its programs. None where no program has relocations, and if none were made.
bool has_relocation_records(const Outcome& outcome);
/// The program was loaded with values that were not relocated, or, where there is no record of
/// its object's relocations, the loader says that it left some out.
bool loaded_with_skipped_relocations(const Outcome& outcome, const ProgramOutcome& program);

}  // namespace bpfmatrix
