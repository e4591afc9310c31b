// manifest.json, the first file of a pack: what the pack is about, and the size and hash of every
// other file in it. Read strictly: a pack may come from a stranger.
//
//     manifest.json        this
//     transcript.json.gz   all that the cell said (cell/transcript.h)
//     outcome.json         what was made of it, as one line of outcomes.jsonl
//     facts.json.gz        what was measured of the kernel, if it was
//     object.o             the object to the byte, as it was handed to the guest
//     case/                the case's folder: case.json, sources; not for an object given by file
//     vmlinux.btf          BTF that the user had embedded
//     app                  the application that was the loader
//     kernel/              the kernel: kernel.json (kernels/kernel_record.h) and what it names
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"
#include "matrix/btf_source.h"
#include "matrix/loader_app.h"
#include "matrix/plan.h"

namespace bpfmatrix {

inline constexpr int kPackSchema = 1;

inline constexpr std::string_view kManifestMember = "manifest.json";
inline constexpr std::string_view kTranscriptMember = "transcript.json.gz";
inline constexpr std::string_view kOutcomeMember = "outcome.json";
inline constexpr std::string_view kFactsMember = "facts.json.gz";
inline constexpr std::string_view kObjectMember = "object.o";
inline constexpr std::string_view kCaseMembers = "case/";
inline constexpr std::string_view kCaseJsonMember = "case/case.json";
inline constexpr std::string_view kBtfMember = "vmlinux.btf";
inline constexpr std::string_view kAppMember = "app";
inline constexpr std::string_view kKernelMembers = "kernel/";
inline constexpr std::string_view kKernelRecordMember = "kernel/kernel.json";

inline constexpr std::uint64_t kMaxManifestBytes = 16 << 20;
inline constexpr std::uint64_t kMaxPackBytes = std::uint64_t{1} << 30;
inline constexpr std::size_t kMaxPackMembers = 20'000;

struct PackMember {
  std::string path{};
  std::uint64_t bytes = 0;
  std::string sha256{};
};

/// The kernel that was run, and how to get it again.
struct PackKernel {
  std::string id{};
  std::string release{};
  Arch arch = Arch::x86_64;
  std::string image_sha256{};
  /// As in Origin (kernels/kernel.h).
  std::string kind{};
  std::string package{};
  std::string version{};
  std::string sha256{};
  std::string signed_by{};
  /// For a person: "bpfmatrix kernels fetch debian-6.1-x86_64". Never run by us.
  std::string get{};
};

struct PackOptions {
  std::string accel = "auto";
  std::int64_t cell_timeout_s = 120;
  std::int64_t boot_timeout_s = 120;
  std::string isolation = "cell";
};

struct Manifest {
  /// The version that made it.
  std::string bpfmatrix{};
  /// "debian-6.1-x86_64/core-task-tgid/none/libbpf", and its parts.
  std::string cell{};
  PackKernel kernel{};
  std::string case_id{};
  std::string group{};
  BtfSource btf = BtfSource::kernel;
  std::string loader{};
  /// Absent: the loader is one of ours, and not in the pack.
  std::optional<LoaderApp> app{};
  /// As a person named the object.
  std::string object{};
  PackOptions options{};
  /// Sorted by path; all files but this one.
  std::vector<PackMember> members{};

  /// nullptr: the pack has no such file.
  const PackMember* find(std::string_view path) const;
  bool has(std::string_view path) const { return find(path) != nullptr; }
  Cell as_cell() const { return {{kernel.id, kernel.arch}, case_id, btf, loader}; }
};

std::string to_text(const Manifest& manifest);
/// `where` is named in errors. Error: no manifest of this schema; a path that a pack has no place
/// for, or twice; more files or bytes than a pack may have; a file missing that each has; a cell id
/// that is not that of its parts.
Result<Manifest> read_manifest(std::string_view text, const std::string& where);
/// True for a path that a pack may have.
bool is_member_path(std::string_view path);

OrderedJson manifest_schema();

}  // namespace bpfmatrix
