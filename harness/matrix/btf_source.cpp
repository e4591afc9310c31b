#include "matrix/btf_source.h"

#include <fmt/format.h>

namespace bpfmatrix {

Result<std::vector<BtfSource>> parse_btf_sources(const std::vector<std::string>& texts) {
  std::vector<BtfSource> sources;
  for (const std::string& text : texts) {
    const auto source = parse_word<BtfSource>(text);
    if (!source) {
      return Error{fmt::format("unknown BTF source '{}'", text),
                   "known: " + known_words<BtfSource>()};
    }
    sources.push_back(*source);
  }
  return sources;
}

}  // namespace bpfmatrix
