// How a VM, and with it a cell, ended. Facts only; what it means is decided elsewhere.
#pragma once

#include "base/words.h"

namespace bpfmatrix {

enum class End { completed, panicked, hung, lost, unavailable };
inline constexpr Word<End> kEndWords[] = {
    {End::completed, "completed", "the loader ran to its end and its record arrived whole"},
    {End::panicked, "panicked", "the console shows a panic, an oops or a BUG"},
    {End::hung, "hung", "no answer within the deadline, or the kernel itself reports a lockup"},
    {End::lost, "lost",
     "QEMU died, the channel closed or carried garbage, or the console stayed empty"},
    {End::unavailable, "unavailable", "the kernel was not found or not made: nothing was booted"},
};
constexpr const auto& words_of(End) { return kEndWords; }

}  // namespace bpfmatrix
