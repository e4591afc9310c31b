// The rules at work: which of them a line fits, and what the line is about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analysis/causes/cause_rules.h"

namespace bpfmatrix {

struct CauseMatch {
  const CauseRule* rule = nullptr;
  std::string subject{};
  std::optional<std::uint32_t> instruction{};
};

/// The first of verifier_rules() or message_rules() that the whole line fits. Linear in its length.
std::optional<CauseMatch> match_verifier_line(std::string_view errno_name, std::string_view line);
std::optional<CauseMatch> match_message(std::string_view errno_name, std::string_view line);

}  // namespace bpfmatrix
