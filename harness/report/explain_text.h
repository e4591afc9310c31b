// The layout of an explanation: a label and what there is to say, quoted lines, a stage's result.
#pragma once

#include <string>
#include <string_view>

#include "outcome/outcome.h"

namespace bpfmatrix {

/// "kernel      debian-6.1-x86_64\n"; inside a program's part, labels start with two spaces.
/// More lines of `text` stand below its first.
std::string labelled(std::string_view label, std::string_view text);

/// Each line of `text` after `margin`.
std::string quoted(std::string_view text, std::string_view margin);

/// "failed, EINVAL: the loader's words".
std::string stage_text(const StageOutcome& stage);

}  // namespace bpfmatrix
