// The words of an outcome's line, the same for what writes it and what reads it.
#pragma once

#include <array>
#include <string_view>

#include "outcome/outcome.h"

namespace bpfmatrix {

/// What each stage calls its success; the other two words are the same everywhere.
inline constexpr std::string_view kOpened = "opened";
inline constexpr std::string_view kApplied = "applied";
inline constexpr std::string_view kCreated = "created";
inline constexpr std::string_view kAccepted = "accepted";
inline constexpr std::string_view kAttached = "attached";

inline constexpr std::array kArgumentsSeen{ArgumentsSeen::not_told, ArgumentsSeen::direct,
                                           ArgumentsSeen::wrapped, ArgumentsSeen::wrong};
inline constexpr std::array kEmbeddedOrigins{EmbeddedOrigin::kernel, EmbeddedOrigin::debug_info,
                                             EmbeddedOrigin::file};
inline constexpr std::array kObservedResults{ObservedResult::untold, ObservedResult::absent,
                                             ObservedResult::right, ObservedResult::wrong};

std::string_view word_of(StageResult result, std::string_view ok);
std::string_view word_of(EmbeddedOrigin origin);
std::string_view word_of(ArgumentsSeen seen);
std::string_view word_of(ObservedResult result);

}  // namespace bpfmatrix
