// All that one run of one cell said, raw: what was put into it, by its hashes, and what came out of
// each attempt. Nothing in it is a conclusion; those are drawn by derive() (cell/derive.h), anew
// whenever the rules get better.
//
// A run keeps one for each cell, in transcripts/CELL.json.gz, and the cache keeps it by the hash of
// its inputs. The schema is transcript.schema.json.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/words.h"
#include "guest/messages.h"
#include "guest/session.h"
#include "matrix/case_spec.h"
#include "matrix/loader_app.h"
#include "outcome/outcome.h"
#include "vm/console.h"
#include "vm/vm_exit.h"

namespace bpfmatrix {

inline constexpr int kTranscriptSchema = 1;

struct ObjectInput {
  /// As a person named it: the path given, the source, or "PACKAGE:PATH".
  std::string path{};
  /// Of its bytes; empty: there is no object.
  std::string sha256{};
};

/// A file that is found in the guest.
struct NeededFile {
  std::string guest_path{};
  std::string sha256{};
};

/// An object that shares the kernel with the one that is tried.
struct CompanionInput {
  std::string name{};
  std::string sha256{};
};

/// What of the case is asked of the guest. Its expected values are not: derive() looks at those.
struct CaseInput {
  std::string id{};
  bool attach = true;
  Privileges privileges{};
  GlobalValues globals{};
  /// What else is asked of the loader on this kernel, conditions and all decided; absent: nothing.
  std::optional<LoadSettings> load{};
  /// What is found in the guest; absent: nothing.
  std::optional<std::vector<NeededFile>> files{};
  /// What is loaded into the kernel and set in it before; absent: nothing.
  std::optional<std::vector<std::string>> modules{};
  std::optional<std::map<std::string, std::string>> sysctl{};
  /// Objects that are loaded and attached before; absent: none.
  std::optional<std::vector<CompanionInput>> together{};
  /// Something is done while the programs are attached, beside the standard trigger.
  bool trigger = false;
  std::vector<std::string> command{};
  std::string command_sha256{};
  std::string write_path{};
  std::string write_text{};
};

/// Whether the guest does the same.
bool same_request(const CaseInput& one, const CaseInput& other);

/// A loader that is a program of the user's own.
struct AppInput {
  LoaderApp app{};
  std::string sha256{};
  /// Absent: it needs nothing.
  std::optional<std::vector<NeededFile>> needs{};
};

/// All that a transcript is a function of. Two cells with equal inputs say the same.
struct TranscriptInputs {
  /// "debian-6.1-x86_64/core-task-tgid/kernel/libbpf"
  std::string cell{};
  OutcomeKernel kernel{};
  std::string image_sha256{};
  ObjectInput object{};
  CaseInput spec{};
  std::string btf_source{};
  /// Absent where the BTF source is not `embedded`.
  std::optional<EmbeddedBtf> embedded{};
  std::string loader{};
  /// Absent where the loader is one of ours, which is among the guest tools.
  std::optional<AppInput> app{};
  /// The machine, and all that it boots with: QEMU's build and arguments, kernel image, agent,
  /// loaders, modules. Empty: no machine was there to ask.
  std::string machine{};
  /// What shares a guest: "cell" or "kernel".
  std::string isolation{};
  std::int64_t timeout_s = 0;
};

/// Why an attempt was made.
enum class AttemptKind { first, again, cold_check };
inline constexpr Word<AttemptKind> kAttemptKindWords[] = {
    {AttemptKind::first, "first", "the usual one"},
    {AttemptKind::again, "again", "the one before was lost or hung"},
    {AttemptKind::cold_check, "cold_check",
     "to see whether a booted machine says the same as a clone"},
};
constexpr const auto& words_of(AttemptKind) { return kAttemptKindWords; }

/// What one attempt said. Nothing is left out: the loader's verifier logs are in its lines.
struct Attempt {
  AttemptKind kind = AttemptKind::first;
  /// Empty: there was no machine.
  std::string accel{};
  bool cloned = false;
  /// How long the cell waited for its machine, and how long it took, that included.
  std::int64_t ready_ms = 0;
  std::int64_t wall_ms = 0;
  /// The lines of the loader's standard output, as they came (guest/loader_contract.md).
  std::vector<std::string> lines{};
  /// What it wrote to standard error.
  std::string loader_log{};
  /// What the trigger did; absent: none was pulled.
  std::optional<Triggered> triggered{};
  /// Why none was, although one was due, in the agent's words; the record is as good as before.
  std::string trigger_error{};
  /// What of BPF the kernel listed after the trigger, asked by the agent; absent: nobody asked.
  std::optional<Inventory> inventory{};
  /// Why the loader could not be asked to continue; the record is then worth nothing.
  std::string go_error{};
  /// The agent's report of the loader's end; absent: there was none.
  std::optional<Exited> exited{};
  /// The talk with the agent afterwards, and what ended it.
  SessionState session = SessionState::unopened;
  std::string session_error{};
  /// What the console said while the cell went on, its first 64 KiB; absent: nobody listened, or
  /// the machine had to be given up.
  std::optional<std::string> console{};
  /// Of the modules that were to be loaded, those that the kernel does not have, and why; absent:
  /// there were none to be loaded.
  std::optional<std::vector<std::string>> modules_missing{};
  /// The machine had to be given up: what it left.
  std::optional<ExitFacts> machine_end{};
  /// There was no machine: why.
  std::optional<VmExit> no_machine{};
};

struct Transcript {
  TranscriptInputs inputs{};
  /// In their order. None: the cell could not be run, see `unavailable`.
  std::vector<Attempt> attempts{};
  /// Why the cell was not run at all; empty: it was.
  std::string unavailable{};
  /// Why no loader could take the object, found on the host; empty: one could.
  std::string object_problem{};
};

/// 64 characters of [0-9a-f]: a hash of the inputs, by which a cache knows the transcript.
std::string key_of(const TranscriptInputs& inputs);

/// One JSON text, compressed.
std::string pack(const Transcript& transcript);
/// At most 256 MiB when unpacked. Error, with `where` in front of it: no transcript of this schema.
Result<Transcript> unpack_transcript(std::string_view packed, const std::string& where);

}  // namespace bpfmatrix
