// What the log of a loader says that somebody else ran: libbpf's debug output, or that of Aya with
// RUST_LOG=debug. And whether a run of ours says the same, line by line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/causes/classify.h"
#include "base/words.h"
#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// One line that says how a stage went.
struct LogClaim {
  /// From 1.
  std::size_t line = 0;
  /// Cut off after some hundred bytes.
  std::string text{};
  Stage stage = Stage::load;
  /// Of the program or map; empty: of the object.
  std::string name{};
  bool failed = true;
  /// "EINVAL"; empty: the line does not say.
  std::string errno_name{};
  /// Of a verifier's log, or of words that have one meaning; unknown: the line gives no cause.
  Cause cause = Cause::unknown;
};

/// In their order, each once: what is said again of the same stage and name is left out. At most a
/// thousand. Lines that say nothing of how a stage went give none.
std::vector<LogClaim> read_loader_log(std::string_view log);

enum class Agreement { same, different, not_compared };
inline constexpr Word<Agreement> kAgreementWords[] = {
    {Agreement::same, "same"},
    {Agreement::different, "different"},
    {Agreement::not_compared, "not_compared", "the run here has nothing of that name"},
};
constexpr const auto& words_of(Agreement) { return kAgreementWords; }

struct ComparedClaim {
  LogClaim claim{};
  Agreement agreement = Agreement::not_compared;
  /// How it went here, in words.
  std::string here{};
};

/// `facts` are what is known of the kernel of the outcome; nullptr: nothing.
std::vector<ComparedClaim> compare_claims(const std::vector<LogClaim>& claims,
                                          const Outcome& outcome, const KernelFacts* facts);

/// The log says that there is no BTF of the kernel.
bool says_no_kernel_btf(const std::vector<LogClaim>& claims);

}  // namespace bpfmatrix
