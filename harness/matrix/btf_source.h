// Where the loader gets the BTF from that it relocates against.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

enum class BtfSource {
  kernel,    ///< the guest's own /sys/kernel/btf/vmlinux, if it has one
  embedded,  ///< BTF of that very kernel handed over as a file, the guest's own hidden
  none,      ///< hidden, and nothing handed over
};
inline constexpr std::array kBtfSources{BtfSource::kernel, BtfSource::embedded, BtfSource::none};

std::string_view to_string(BtfSource source);
std::optional<BtfSource> parse_btf_source(std::string_view text);
/// Error: names the first word that is no BTF source, and the known ones.
Result<std::vector<BtfSource>> parse_btf_sources(const std::vector<std::string>& texts);

}  // namespace bpfmatrix
