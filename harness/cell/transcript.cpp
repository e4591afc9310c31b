#include "cell/transcript.h"

#include "base/gzip.h"
#include "base/sha256.h"
#include "cell/transcript_fields.h"

namespace bpfmatrix {

namespace {

/// A loader's output is bounded by kMaxOutBytes for each attempt, and may double when escaped.
constexpr std::uint64_t kMaxTranscriptBytes = 512 << 20;

}  // namespace

bool same_request(const CaseInput& one, const CaseInput& other) {
  return to_json_text(one) == to_json_text(other);
}

std::string key_of(const TranscriptInputs& inputs) {
  return sha256_hex(std::to_string(kTranscriptSchema) + "\n" + to_json_text(inputs));
}

std::string pack(const Transcript& transcript) { return gzip(to_json_text(transcript)); }

Result<Transcript> unpack_transcript(std::string_view packed, const std::string& where) {
  const Result<std::string> text = gunzip(packed, kMaxTranscriptBytes);
  if (!text) return wrap("'" + where + "'", text.error());
  return from_json_text<Transcript>(*text, where);
}

}  // namespace bpfmatrix
