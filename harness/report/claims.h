// What people say about kernels, and what was measured: cases/claims.json names the programs that
// settle each claim, a run has the answer for each kernel.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// One row of the answer: what to look at in one program of one case.
struct ClaimAnswer {
  std::string case_id{};
  std::string btf = "kernel";
  std::string loader = "libbpf";
  /// Empty: the object.
  std::string program{};
  /// Fields of a rule ("attach", "observed.pid"), run_cnt and run_time_ns, and "kernel.NAME" for
  /// what was probed in the kernel itself: a group ("kernel.btf_kind") or one behaviour.
  std::vector<std::string> fields{};
};

struct Claim {
  int id = 0;
  std::string claim{};
  std::vector<ClaimAnswer> answers{};
};

/// Strict. Error: file, key and problem; a field that nothing can be said about.
Result<std::vector<Claim>> load_claims(const std::filesystem::path& file);

/// A Markdown table: a row for each answer, a column for each kernel that the outcomes are of.
std::string render_claims(const std::vector<Claim>& claims, const std::vector<Outcome>& outcomes,
                          RunKernels& kernels);

}  // namespace bpfmatrix
