#include "repro/testing/fake_pack.h"

#include "base/sha256.h"
#include "cell/derive.h"
#include "cell/testing/attempts.h"
#include "kernels/kernel_record.h"
#include "outcome/outcome_fields.h"

namespace bpfmatrix {

namespace {

const std::string kImage = "an image";
const std::string kObject = "an object";
constexpr const char* kCase = R"({"schema": 2, "shows": "x", "object": {"source": "a.bpf.c"}})";

/// Of these parts; all of them agree.
FakePack pack_of(const std::string& case_id, const std::string& group, BtfSource btf,
                 const std::string& loader) {
  FakePack pack;
  Manifest& manifest = pack.manifest;
  manifest.bpfmatrix = "0.1.0";
  manifest.kernel = {.id = "debian-6.1-x86_64",
                     .release = "6.1.0-50-cloud-amd64",
                     .image_sha256 = sha256_hex(kImage),
                     .kind = "deb",
                     .get = "bpfmatrix kernels fetch debian-6.1-x86_64"};
  manifest.case_id = case_id;
  manifest.group = group;
  manifest.btf = btf;
  manifest.loader = loader;
  manifest.object = "/objects/" + case_id + ".o";
  manifest.cell = manifest.as_cell().id();
  pack.transcript = transcript_of({completed(rejected_lines())});
  TranscriptInputs& inputs = pack.transcript.inputs;
  inputs.cell = manifest.cell;
  inputs.image_sha256 = manifest.kernel.image_sha256;
  inputs.object = {manifest.object, sha256_hex(kObject)};
  inputs.spec.id = case_id;
  inputs.btf_source = to_string(btf);
  inputs.loader = loader;
  pack.files[std::string(kObjectMember)] = kObject;
  return pack;
}

FakePack finished(FakePack pack) {
  pack.outcome = derive({.transcript = pack.transcript}).outcome;
  pack.list_files();
  return pack;
}

}  // namespace

void FakePack::list_files() {
  files.try_emplace(std::string(kTranscriptMember), pack(transcript));
  files.try_emplace(std::string(kOutcomeMember), to_line(outcome) + "\n");
  manifest.members.clear();
  for (const auto& [path, bytes] : files)
    manifest.members.push_back({path, bytes.size(), sha256_hex(bytes)});
}

std::vector<FakeEntry> FakePack::entries() const {
  std::vector<FakeEntry> all{{.path = std::string(kManifestMember),
                              .body = manifest_text.empty() ? to_text(manifest) : manifest_text}};
  for (const auto& [path, bytes] : files) all.push_back({.path = path, .body = bytes});
  return all;
}

FakePack fake_pack() { return finished(pack_of("prog", "object", BtfSource::kernel, "libbpf")); }

FakePack fake_case_pack() {
  FakePack pack = pack_of("a-case", "verifier", BtfSource::kernel, "libbpf");
  pack.files["case/a.bpf.c"] = "int main;\n";
  pack.files[std::string(kCaseJsonMember)] = kCase;
  return finished(std::move(pack));
}

FakePack fake_app_pack() {
  FakePack pack = pack_of("prog", "object", BtfSource::embedded, "agent");
  const LoaderApp app{"agent", "/opt/agent"};
  pack.manifest.app = app;
  pack.files[std::string(kAppMember)] = "an application";
  pack.files[std::string(kBtfMember)] = "BTF";
  TranscriptInputs& inputs = pack.transcript.inputs;
  inputs.app = AppInput{app, sha256_hex("an application")};
  inputs.embedded = EmbeddedBtf{EmbeddedOrigin::file, 3, sha256_hex("BTF"), {}, {}};
  return finished(std::move(pack));
}

FakePack fake_kernel_pack() {
  FakePack pack = pack_of("prog", "object", BtfSource::kernel, "libbpf");
  Kernel kernel{.id = pack.manifest.kernel.id,
                .release = pack.manifest.kernel.release,
                .image = "/t/vmlinuz",
                .image_sha256 = sha256_hex(kImage)};
  kernel.btf = KernelBtf{"/t/vmlinux.btf", 3, sha256_hex("BTF")};
  kernel.modules = "/t/modules";
  kernel.origin = {.kind = "local", .sha256 = sha256_hex(kImage)};
  pack.files["kernel/vmlinuz"] = kImage;
  pack.files["kernel/vmlinux.btf"] = "BTF";
  pack.files["kernel/modules/modules.builtin"] = "kernel/a.ko\n";
  pack.files[std::string(kKernelRecordMember)] = kernel_record_text(kernel, "/t");
  return finished(std::move(pack));
}

}  // namespace bpfmatrix
