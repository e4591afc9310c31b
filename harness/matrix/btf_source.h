// Where the loader gets the BTF from that it relocates against.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/words.h"

namespace bpfmatrix {

enum class BtfSource { kernel, embedded, both, none };
inline constexpr Word<BtfSource> kBtfSourceWords[] = {
    {BtfSource::kernel, "kernel", "the guest's own /sys/kernel/btf/vmlinux, if it has one"},
    {BtfSource::embedded, "embedded",
     "BTF of that very kernel handed over as a file, the guest's own hidden"},
    {BtfSource::both, "both",
     "BTF of that very kernel handed over as a file, the guest's own to be seen beside it"},
    {BtfSource::none, "none", "hidden, and nothing handed over"},
};
constexpr const auto& words_of(BtfSource) { return kBtfSourceWords; }

/// BTF is handed over as a file (libbpf: btf_custom_path).
constexpr bool hands_over(BtfSource source) {
  return source == BtfSource::embedded || source == BtfSource::both;
}
/// The loader sees no BTF of the kernel's own.
constexpr bool hides_own(BtfSource source) {
  return source == BtfSource::embedded || source == BtfSource::none;
}

/// Error: names the first word that is no BTF source, and the known ones.
Result<std::vector<BtfSource>> parse_btf_sources(const std::vector<std::string>& texts);

}  // namespace bpfmatrix
