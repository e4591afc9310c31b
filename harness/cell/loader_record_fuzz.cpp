// Any bytes as what a loader says of an object, line by line, and what is derived from it. The
// first line may name an object that the replays keep, and a line may be what the kernel lists.
#include <algorithm>
#include <map>

#include "base/gzip.h"
#include "base/testing/fuzz_target.h"
#include "base/text.h"
#include "cell/derive.h"
#include "guest/message_fields.h"
#include "outcome/testing/require_readable.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

const fs::path kReplays = BPFMATRIX_SOURCE_DIR "/harness/cell/testdata/replays";
constexpr std::uint64_t kMaxBytes = 16 << 20;

/// By its hash; nullptr: not kept. Each is read once.
const ObjectFile* kept_object(const std::string& sha256) {
  static std::map<std::string, ObjectFile> objects;
  if (const auto found = objects.find(sha256); found != objects.end()) return &found->second;
  if (sha256.size() != 64 || sha256.find('/') != std::string::npos) return nullptr;
  const auto bytes = read_gzip(kReplays / "objects" / (sha256 + ".o.gz"), kMaxBytes);
  if (!bytes) return nullptr;
  ObjectFile& object = objects[sha256];
  object.info = *read_object_bytes(*bytes, sha256);
  object.elf = std::make_shared<const ElfFile>(*ElfFile::parse(*bytes));
  return &object;
}

LoaderTypes kept_types() {
  static const auto kernel = std::make_shared<const Btf>(
      *Btf::parse(*read_gzip(kReplays / "btf/debian-6.1-x86_64.btf.gz", kMaxBytes)));
  return {kernel, {}};
}

Transcript transcript_of(const std::vector<std::string_view>& lines) {
  Transcript transcript;
  transcript.inputs.cell = "debian-6.1-x86_64/case/kernel/libbpf";
  transcript.inputs.loader = "libbpf";
  Attempt attempt;
  for (const std::string_view line : lines) {
    if (auto inventory = from_json_text<Inventory>(line, "inventory")) {
      attempt.inventory = *std::move(inventory);
    } else {
      attempt.lines.emplace_back(line);
    }
  }
  attempt.exited = Exited{.code = 0, .programs_made = 1, .maps_made = 1};
  attempt.triggered = Triggered{{{"pid", 12}}, {{"comm", "trig"}}, {{"connect", -115}}};
  transcript.attempts = {attempt, attempt};
  return transcript;
}

void try_lines(std::string_view bytes) {
  std::vector<std::string_view> lines = split(bytes, '\n');
  const ObjectFile* object = lines.empty() ? nullptr : kept_object(std::string(lines.front()));
  if (object != nullptr) lines.erase(lines.begin());
  const Transcript transcript = transcript_of(lines);
  DeriveInput in{.transcript = transcript, .object = object};
  in.types = kept_types();
  const Derived derived = derive(in);
  require(derived.outcome.vm.flaky.empty(), "two attempts that said the same do not differ");
  require_readable(derived.outcome);
}

const FuzzTarget target("loader_record", try_lines);

}  // namespace
}  // namespace bpfmatrix
