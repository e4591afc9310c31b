// Any bytes as a pack, and as the manifest of an otherwise good one: what is opened is all of one
// cell, lies in its folder, and is no more than was agreed.
#include "base/temp_dir.h"
#include "base/testing/fuzz_target.h"
#include "kernels/archive/tar_zst.h"
#include "repro/open_pack.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

void require_inside(const fs::path& outer, const fs::path& into) {
  for (const auto& entry : fs::recursive_directory_iterator(outer)) {
    require(entry.path().string().starts_with(into.string()), "nothing is written outside");
    require(!entry.is_symlink(), "there are no links");
    require(entry.is_directory() || entry.is_regular_file(), "there are plain files only");
  }
}

void try_file(std::string_view bytes) {
  const FuzzFile file(bytes);
  const Result<TempDir> outer = TempDir::create();
  const fs::path into = outer->path() / "into";
  require(outer && fs::create_directory(into), "there is room for what is unpacked");
  const Result<OpenedPack> pack = open_pack(file.path(), into);
  require_inside(outer->path(), into);
  if (!pack) return require(!pack.error().message.empty(), "a refusal says why");
  require(pack->manifest.as_cell().id() == pack->transcript.inputs.cell, "it is of one cell");
}

void try_manifest(std::string_view text) {
  const Result<Manifest> manifest = read_manifest(text, "manifest.json");
  if (!manifest) return require(!manifest.error().message.empty(), "a refusal says why");
  const Result<Manifest> again = read_manifest(to_text(*manifest), "manifest.json");
  require(again && to_text(*again) == to_text(*manifest), "a manifest is read as it was written");
  for (const PackMember& member : manifest->members)
    require(is_member_path(member.path), "it names only files that a pack may have");
}

void try_pack(std::string_view bytes) {
  const bool packed = bytes.starts_with("\x28\xb5\x2f\xfd");
  return packed ? try_file(bytes) : try_manifest(bytes);
}

std::vector<std::string> seeds() {
  Manifest manifest;
  manifest.bpfmatrix = "0.1.0";
  manifest.kernel.id = "k";
  manifest.kernel.image_sha256 = std::string(64, 'a');
  manifest.case_id = "c";
  manifest.group = "object";
  manifest.loader = "libbpf";
  manifest.cell = manifest.as_cell().id();
  for (const std::string_view path : {kObjectMember, kOutcomeMember, kTranscriptMember})
    manifest.members.push_back({std::string(path), 0, std::string(64, 'b')});
  const std::string text = to_text(manifest);
  TarZst tar;
  require(tar.add(std::string(kManifestMember), text).has_value(), "a seed can be packed");
  return {text, *tar.finish()};
}

const FuzzTarget target("pack", try_pack, seeds);

}  // namespace
}  // namespace bpfmatrix
