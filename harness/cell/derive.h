// What is made of a transcript: the one place where an Outcome comes from. Pure: the same input
// gives the same outcome, without a guest, a file or a clock.
//
// What is said here is facts only. Why something failed and whether it should have is analysis/.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cell/object_file.h"
#include "cell/relocation_record.h"
#include "cell/transcript.h"
#include "elf/btf_identity.h"
#include "matrix/case_spec.h"
#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// What a transcript is read with. What is gone by now is nullptr or absent, and what needs it is
/// left open in the outcome; it is never guessed.
struct DeriveInput {
  const Transcript& transcript;
  /// Its expected values are looked at.
  const CaseSpec* spec = nullptr;
  /// The object that the transcript names, to the byte.
  const ObjectFile* object = nullptr;
  /// What the loader relocated against: absent if that is not known any more.
  std::optional<LoaderTypes> types{};
  /// What is known of the kernel, and the hash by which a run keeps it.
  const KernelFacts* facts = nullptr;
  std::string facts_sha256{};
  /// How many functions of the user's BTF the kernel has.
  std::optional<BtfShare> given_share{};
  /// An earlier run had the transcript.
  bool recalled = false;
};

struct Derived {
  Outcome outcome{};
  /// The whole verifier log of each program that had one, of the attempt that counts.
  std::map<std::string, std::string> logs{};
  /// What the loader wrote to standard error.
  std::string loader_log{};
  /// What a person should hear at once.
  std::vector<std::string> notices{};
};

Derived derive(const DeriveInput& in);

/// What an earlier run has made of its transcript, taken over by this one.
Outcome as_recalled(Outcome outcome);

/// How an attempt came to its end, and why if it did not complete.
struct AttemptEnd {
  End end = End::lost;
  std::string reason{};
  std::string console_tail{};
};
AttemptEnd end_of(const Attempt& attempt, const TranscriptInputs& inputs);

/// Lost and hung may be the host's fault, so they deserve another attempt; every other end is the
/// cell's own.
bool worth_another_attempt(End end);

}  // namespace bpfmatrix
