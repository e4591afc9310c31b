// Where the loader gets the BTF from that it relocates against.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json_fields.h"
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

/// BTF that the user hands over, in place of the kernel's.
struct BtfFile {
  /// A glob over the ids of kernels.
  std::string kernels = "*";
  /// Raw BTF, or an ELF file with a section .BTF.
  std::string path{};
  /// A glob over the ids of cases; absent: it is for all of them.
  std::optional<std::string> cases{};
};

void fields(auto& field, Of<BtfFile> auto& f) {
  field("kernels", f.kernels, "a glob over the ids of kernels");
  field("path", f.path, "the file");
  field("cases", left_out_if_none(f.cases), "a glob over the ids of cases; absent: for all");
}

/// Error: names the first word that is no BTF source, and the known ones.
Result<std::vector<BtfSource>> parse_btf_sources(const std::vector<std::string>& texts);

}  // namespace bpfmatrix
