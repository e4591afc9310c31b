// Any bytes as text and as JSON: what is made of them is printable, valid, and comes back.
#include "base/json.h"
#include "base/kernel_version.h"
#include "base/printable.h"
#include "base/testing/fuzz_target.h"
#include "base/verifier_stats.h"

namespace bpfmatrix {
namespace {

void try_escapes(std::string_view bytes) {
  for (const Layout layout : {Layout::one_line, Layout::lines}) {
    const std::string shown = printable(bytes, layout);
    require(is_utf8(shown), "what is printable is UTF-8");
    require(printable(shown, layout) == shown, "to escape twice changes nothing");
  }
  require(is_utf8(valid_text(bytes)), "valid text is UTF-8");
  const std::string escaped = escape_bytes(bytes);
  require(is_utf8(escaped) && original_bytes(escaped) == bytes, "escaped bytes come back");
}

void try_json(std::string_view bytes) {
  const Result<Json> json = parse_json(bytes, "text");
  if (!json) return;
  for (const int indent : {-1, 1}) {
    const std::string text = json_text(*json, indent);
    require_printable(text);
    const Result<Json> again = parse_json(text, "text");
    require(again && *again == *json, "JSON that was written reads the same");
  }
}

void try_text(std::string_view bytes) {
  try_escapes(bytes);
  try_json(bytes);
  (void)parse_kernel_version(bytes);
}

const FuzzTarget target("text", try_text);

}  // namespace
}  // namespace bpfmatrix
