#include "base/section_name.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace bpfmatrix {

namespace {

/// Words that mean the same way of attaching.
constexpr std::pair<std::string_view, std::string_view> kSynonyms[] = {
    {"tp", "tracepoint"},           {"raw_tp", "raw_tracepoint"},
    {"raw_tp.w", "raw_tracepoint"}, {"raw_tracepoint.w", "raw_tracepoint"},
    {"classifier", "tc"},           {"xdp.frags", "xdp"},
};

/// Methods whose target is all that bpf_program__attach() needs (libbpf.c, section_defs and its
/// attach functions).
constexpr std::string_view kAttachedByTarget[] = {
    "kprobe",         "kretprobe",      "kprobe.multi", "kretprobe.multi",
    "kprobe.session", "ksyscall",       "kretsyscall",  "uprobe",
    "uretprobe",      "uprobe.multi",   "usdt",         "uretprobe.multi",
    "tracepoint",     "raw_tracepoint", "tp_btf",       "fentry",
    "fexit",          "fmod_ret",       "lsm",          "iter",
};

}  // namespace

SectionName parse_section_name(std::string_view section) {
  SectionName name;
  name.on_request = section.starts_with('?');
  if (name.on_request) section.remove_prefix(1);
  name.without_mark = section;
  const std::size_t slash = section.find('/');
  name.method = section.substr(0, slash);
  if (slash != std::string_view::npos) name.target = section.substr(slash + 1);
  name.sleepable = name.method.ends_with(".s");
  if (name.sleepable) name.method.remove_suffix(2);
  for (const auto& [word, meaning] : kSynonyms) {
    if (name.method == word) name.method = meaning;
  }
  return name;
}

bool names_a_place(const SectionName& name) {
  const auto* const end = std::end(kAttachedByTarget);
  return !name.target.empty() && std::find(kAttachedByTarget, end, name.method) != end;
}

}  // namespace bpfmatrix
