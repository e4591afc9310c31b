// Where the loader gets the BTF from that it relocates against.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/words.h"

namespace bpfmatrix {

enum class BtfSource { kernel, embedded, none };
inline constexpr Word<BtfSource> kBtfSourceWords[] = {
    {BtfSource::kernel, "kernel", "the guest's own /sys/kernel/btf/vmlinux, if it has one"},
    {BtfSource::embedded, "embedded",
     "BTF of that very kernel handed over as a file, the guest's own hidden"},
    {BtfSource::none, "none", "hidden, and nothing handed over"},
};
constexpr const auto& words_of(BtfSource) { return kBtfSourceWords; }

/// Error: names the first word that is no BTF source, and the known ones.
Result<std::vector<BtfSource>> parse_btf_sources(const std::vector<std::string>& texts);

}  // namespace bpfmatrix
