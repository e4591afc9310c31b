// A run in the formats of others: what CI systems, code hosts and veristat read. Each is a pure
// function of the view, and safe to hand on: whatever the run's texts hold, they stay texts.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "outcome/cells.h"
#include "report/report_view.h"

namespace bpfmatrix {

/// JUnit's XML, a suite for each kernel, a test for each program. A program that is worse than it
/// may be is a `failure`; what could not be found out is an `error` (of an optional cell:
/// `skipped`); attempts that did not count are `flakyError` or `rerunError`, as nextest and
/// Surefire write them.
std::string render_junit(const ReportView& view);

/// A comment for a pull request: the verdict in its first line, then the root causes, the gravest
/// first. Never more than `max_bytes` (GitHub takes 65536 characters): what does not fit is
/// counted.
inline constexpr std::size_t kMaxCommentBytes = 60'000;
std::string render_markdown(const ReportView& view, std::size_t max_bytes = kMaxCommentBytes);

/// Workflow commands for GitHub's runner: an annotation for each root cause, at the line of the
/// source where the verifier stood. GitHub shows ten of a kind for each step.
std::string render_github(const ReportView& view);

/// What `veristat -C` compares: file (kernel and case), program, verdict, and what the verifier
/// counted. Programs that were not tried are left out.
std::string render_csv(const ReportView& view);

/// Since which kernel of each series and architecture a program works, in the shape of MDN's
/// browser-compat-data: support statements with version_added ("5.10", "≤5.10" where nothing older
/// is known, false, null where it is not known), version_removed before a hole, notes why.
std::string render_compat(const ReportView& view);

/// Which variant each kernel gets of an application or a project that has several ways: kernels by
/// the programs that serve on them, and why each other does not.
std::string render_variants(const ReportView& view);

/// An svg of a line: on how many kernels all programs work. Green: on all; yellow: on some, and
/// that is as expected; red: the gate fails; grey: not everything is known.
std::string render_badge(const ReportView& view);

/// What `run --shard --costs` cuts a plan by: how long cells took, by kernel and by case. Error: of
/// reading the cells.
Result<std::string> render_costs(const Cells& cells);

}  // namespace bpfmatrix
