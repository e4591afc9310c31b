#include "guest/loader/common/section_target.h"

#include <utility>

namespace bpfmatrix::guest {

namespace {

/// Section names that mean the same thing.
constexpr std::pair<std::string_view, std::string_view> kSynonyms[] = {
    {"tp", "tracepoint"},
    {"raw_tp", "raw_tracepoint"},
    {"raw_tp.w", "raw_tracepoint"},
    {"raw_tracepoint.w", "raw_tracepoint"},
    {"classifier", "tc"},
    {"xdp.frags", "xdp"},
    {"uprobe.s", "uprobe"},
    {"uretprobe.s", "uretprobe"},
    {"usdt.s", "usdt"},
    {"fentry.s", "fentry"},
    {"fexit.s", "fexit"},
    {"fmod_ret.s", "fmod_ret"},
    {"lsm.s", "lsm"},
    {"iter.s", "iter"},
    {"uprobe.multi.s", "uprobe.multi"},
    {"uretprobe.multi.s", "uretprobe.multi"},
};

}  // namespace

SectionTarget parse_section(std::string_view section) {
  // "?" in front: not to be loaded unless asked for.
  if (section.starts_with('?')) section.remove_prefix(1);
  const std::size_t slash = section.find('/');
  std::string_view method = section.substr(0, slash);
  for (const auto& [name, meaning] : kSynonyms) {
    if (method == name) method = meaning;
  }
  const bool asks = slash != std::string_view::npos;
  return {std::string(method), asks ? std::string(section.substr(slash + 1)) : std::string()};
}

}  // namespace bpfmatrix::guest
