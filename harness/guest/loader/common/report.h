// The events of the loader contract, a JSON line each on standard output.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/verifier_stats.h"
#include "guest/loader/common/relocation_log.h"

namespace bpfmatrix::guest {

/// What a stage came to; `error` (an errno, 0: none) and `message` say why it failed.
struct StageReport {
  bool failed = false;
  int error = 0;
  std::string message{};
};

/// A program as the kernel was asked to take it.
struct SentProgram {
  /// Slots of 8 bytes.
  std::vector<std::uint64_t> insns{};
  /// Of its func_info: where a function begins, and its type in the object's BTF.
  struct Function {
    std::uint32_t insn = 0;
    std::uint32_t type = 0;
  };
  std::vector<Function> functions{};
};

struct LoadReport {
  std::string program{};
  StageReport stage{};
  VerifierLogStats log_stats{};
  std::optional<std::uint64_t> xlated_bytes{};
  std::optional<std::uint64_t> jited_bytes{};
  /// As many as the kernel was given.
  std::optional<std::uint64_t> instructions{};
  /// What the kernel did not accept; probed only if the load failed without a log.
  std::optional<bool> attributes_known{};
  std::optional<bool> type_known{};
  std::optional<bool> attach_type_known{};
  /// The place, among the object's maps, of one that the program needs and that was not created.
  std::optional<std::size_t> missing_map{};
  std::string log{};
  bool log_truncated = false;
  SentProgram sent{};
};

struct MapReport {
  std::string name{};
  std::string type{};
  StageReport stage{};
  std::optional<bool> attributes_known{};
  /// The max_entries that the loader chose, because the object and user space say none.
  std::optional<std::uint32_t> sized{};
};

struct AttachReport {
  std::string program{};
  StageReport stage{};
  std::string method{};
  std::string requested{};
  std::string actual{};
};

/// Of an object that is there together with the one that is tried.
struct BesideReport {
  std::string object{};
  /// Empty: the object as a whole failed.
  std::string program{};
  StageReport stage{};
  /// Empty: its section does not say how it is attached, so it is loaded only.
  std::string method{};
  std::string requested{};
};

/// Texts are cut where the contract says; bytes that are no UTF-8 are escaped: \xff.
void report_loader(std::string_view name, std::string_view version);
/// That libbpf uses the kernel's BTF, and whether that had been parsed before the request came.
void report_kernel_btf(bool ahead);
void report_open(const StageReport& stage);
void report_program(std::string_view name, std::string_view section, std::string_view type);
void report_relocate(const StageReport& stage, std::optional<std::size_t> applied,
                     std::optional<std::size_t> skipped, std::optional<std::size_t> poisoned);
void report_map(const MapReport& map);
/// That a program was not taken to the kernel, because a map that it needs was not made.
void report_needs(std::string_view program, std::string_view map);
/// In pieces that fit a line.
void report_insns(std::string_view program, const SentProgram& sent);
void report_relocation(const LoggedRelocation& relocation);
/// The log in pieces, then the result. A log over 1 MiB loses its beginning.
void report_load(const LoadReport& load);
void report_attach(const AttachReport& attach);
/// That another program of the object has taken its place again.
void report_displaced(std::string_view program);
/// The kernel's number of a program that was accepted and is there while the loader waits.
void report_held(std::string_view program, std::uint32_t id);
void report_beside(const BesideReport& beside);
void report_beside_ran(std::string_view object, std::string_view program, std::uint64_t run_cnt);
void report_ready();
/// `values` is an object: name to number or text.
void report_observed(std::string_view map, const OrderedJson& values);
void report_ran(std::string_view program, std::uint64_t run_cnt, std::uint64_t run_time_ns);
/// How an application that was watched came to its end.
struct AppReport {
  /// As waitpid() has it.
  int status = 0;
  /// The signal it was last stopped with; 0: it ended by itself.
  int stop_signal = 0;
  /// The programs it only asked with.
  std::size_t probes = 0;
  /// It was taken to have come up because it was waited for long enough.
  bool never_quiet = false;
};
void report_app(const AppReport& app);
void report_done();

}  // namespace bpfmatrix::guest
