// Any bytes as the transcript of a stranger's run: it is written as it was read, and so is the
// outcome that is derived from it.
#include "base/testing/fuzz_target.h"
#include "cell/derive.h"
#include "cell/transcript_fields.h"
#include "outcome/testing/require_readable.h"

namespace bpfmatrix {
namespace {

void try_transcript(std::string_view bytes) {
  const auto transcript = from_json_text<Transcript>(bytes, "transcript");
  if (!transcript) return require(!transcript.error().message.empty(), "a refusal says why");
  const auto again = unpack_transcript(pack(*transcript), "transcript");
  require(again && to_json_text(*again) == to_json_text(*transcript),
          "a transcript is read as it was written");
  require(key_of(again->inputs) == key_of(transcript->inputs), "equal inputs have one key");
  require_readable(derive({.transcript = *transcript}).outcome);
}

const FuzzTarget target("transcript", try_transcript);

}  // namespace
}  // namespace bpfmatrix
