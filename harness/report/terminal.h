// The matrix on a terminal or in a log: one table an architecture, a legend, the counts.
#pragma once

#include <string>
#include <string_view>

#include "report/matrix_view.h"

namespace bpfmatrix {

struct TerminalStyle {
  bool colour = false;
  /// Columns a line may have; what is longer is cut.
  int width = 120;
};

/// One character, the same in every report.
std::string_view glyph_of(Sign sign);

std::string render_terminal(const MatrixView& view, const TerminalStyle& style);

}  // namespace bpfmatrix
