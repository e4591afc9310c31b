#include "matrix/btf_source.h"

#include <fmt/format.h>

namespace bpfmatrix {

std::string_view to_string(BtfSource source) {
  switch (source) {
    case BtfSource::kernel:
      return "kernel";
    case BtfSource::embedded:
      return "embedded";
    case BtfSource::none:
      return "none";
  }
  return "";
}

std::optional<BtfSource> parse_btf_source(std::string_view text) {
  for (const BtfSource source : kBtfSources) {
    if (text == to_string(source)) return source;
  }
  return std::nullopt;
}

Result<std::vector<BtfSource>> parse_btf_sources(const std::vector<std::string>& texts) {
  std::vector<BtfSource> sources;
  for (const std::string& text : texts) {
    const auto source = parse_btf_source(text);
    if (!source) {
      return Error{fmt::format("unknown BTF source '{}'", text), "known: kernel, embedded, none"};
    }
    sources.push_back(*source);
  }
  return sources;
}

}  // namespace bpfmatrix
