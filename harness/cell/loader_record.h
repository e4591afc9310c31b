// What a loader said, line by line (guest/loader_contract.md), put together by program and map.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cell/loader_evidence.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

struct SaidMap {
  std::string name{};
  std::string type{};
  StageOutcome stage{};
  std::optional<bool> attributes_known{};
  /// The max_entries that the loader chose.
  std::optional<std::uint64_t> sized{};
};

/// Of one program, in the order of the object. What the loader did not say is empty or absent.
struct SaidProgram {
  std::string name{};
  std::string section{};
  std::string type{};
  /// As the kernel was asked to take it.
  SentProgram sent{};
  StageOutcome load{};
  /// The map for want of which it was not loaded; empty: none.
  std::string needs_map{};
  /// The kernel's, of the program that waits for the trigger.
  std::optional<std::uint32_t> id{};
  VerifierStats stats{};
  std::optional<std::uint64_t> instructions{};
  std::optional<bool> attributes_known{};
  std::optional<bool> type_known{};
  std::optional<bool> attach_type_known{};
  /// The whole verifier log.
  std::string log{};
  bool log_truncated = false;
  StageOutcome attach{};
  std::string method{};
  std::string requested{};
  std::string actual{};
  bool displaced = false;
  std::optional<std::uint64_t> run_cnt{};
  std::optional<std::uint64_t> run_time_ns{};
};

struct SaidValue {
  std::string name{};
  Scalar value{};
};

/// How an application ended. One of the first two is there.
struct SaidAppEnd {
  std::optional<int> exit_code{};
  std::optional<int> signal{};
  std::optional<int> stop_signal{};
  int probes = 0;
  /// It was taken to have come up because it was waited for long enough.
  bool never_quiet = false;
};

struct LoaderRecord {
  std::string loader{};
  std::string version{};
  /// It found the kernel's BTF parsed, from before its machine was cloned.
  bool btf_parsed_ahead = false;
  StageOutcome open{};
  StageOutcome relocate{};
  std::optional<int> applied{};
  std::optional<int> skipped{};
  std::optional<int> poisoned{};
  std::vector<SaidRelocation> relocations{};
  std::vector<SaidMap> maps{};
  std::vector<SaidProgram> programs{};
  std::vector<CompanionOutcome> beside{};
  std::vector<SaidValue> observed{};
  std::optional<SaidAppEnd> app{};
  /// It waits for its trigger.
  bool ready = false;
  /// It said `done`: the record is complete.
  bool done = false;
};

class LoaderReader {
 public:
  /// Takes one line of the loader's standard output. Error: it is not what the contract allows, or
  /// contradicts an earlier line or itself; the record as a whole is then worthless.
  Result<> add(std::string_view line);

  const LoaderRecord& record() const { return record_; }
  LoaderRecord take() { return std::move(record_); }

 private:
  Result<> add_event(const std::string& event, ObjectReader& reader);
  void add_program(ObjectReader& reader);
  void add_relocate(ObjectReader& reader);
  void add_map(ObjectReader& reader);
  void add_load(ObjectReader& reader);
  void add_log(ObjectReader& reader);
  void add_attach(ObjectReader& reader);
  void add_held(ObjectReader& reader);
  void add_observed(ObjectReader& reader);
  void add_ran(ObjectReader& reader);
  void add_app(ObjectReader& reader);
  void add_beside(ObjectReader& reader);
  void add_beside_ran(ObjectReader& reader);
  void add_kernel_btf(ObjectReader& reader);
  /// The program an event speaks of; fails the reader when it was not announced.
  SaidProgram* program(ObjectReader& reader);

  LoaderRecord record_{};
};

}  // namespace bpfmatrix
