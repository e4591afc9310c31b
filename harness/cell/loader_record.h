// What a loader said, line by line (guest/loader_contract.md), put together into an Outcome.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cell/loader_evidence.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

class LoaderRecord {
 public:
  /// Takes one line of the loader's standard output. Error: it is not what the contract allows; the
  /// record as a whole is then worthless.
  Result<> add(std::string_view line);

  /// True once the loader said `ready` and waits for its trigger.
  bool ready() const { return ready_; }
  /// True once the loader said `done`: the record is complete.
  bool done() const { return done_; }

  /// True where libbpf was given the kernel's BTF as it had been parsed before the request.
  bool btf_parsed_ahead() const { return btf_parsed_ahead_; }

  /// Moves the loader's part (open, relocation, maps, programs, observed, loader version) into
  /// `outcome`.
  void move_into(Outcome& outcome);
  /// The whole verifier log of each program that had one. Valid until the record goes.
  const std::map<std::string, std::string>& logs() const { return logs_; }
  /// What it did about relocations. Valid as long.
  const LoaderEvidence& evidence() const { return evidence_; }

 private:
  Result<> add_event(const std::string& event, ObjectReader& reader);
  void add_program(ObjectReader& reader);
  void add_relocation(ObjectReader& reader);
  void add_map(ObjectReader& reader);
  void add_load(ObjectReader& reader);
  void add_log(ObjectReader& reader);
  void add_attach(ObjectReader& reader);
  void add_observed(ObjectReader& reader);
  void add_ran(ObjectReader& reader);
  void add_command(ObjectReader& reader);
  /// The program an event speaks of; fails the reader when nobody announced it.
  ProgramOutcome* program(ObjectReader& reader);

  Outcome parts_{};
  std::map<std::string, std::string> logs_{};
  LoaderEvidence evidence_{};
  bool btf_parsed_ahead_ = false;
  bool ready_ = false;
  bool done_ = false;
};

/// The last `lines` lines of a text, without its last line end.
std::string log_tail(std::string_view text, int lines);

}  // namespace bpfmatrix
