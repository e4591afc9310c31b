// Where the BPF objects of cases come from: compiled, fetched, or just there.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "cell/object_file.h"
#include "kernels/fetch/deb_file.h"
#include "matrix/case_spec.h"
#include "run/objects/case_compiler.h"
#include "run/objects/section_stripper.h"
#include "run/settings.h"

namespace bpfmatrix {

/// The kernel whose types *.bpf.c cases are written against.
inline constexpr std::string_view kHeadersKernel = "debian-6.1-";

class ObjectFinder {
 public:
  explicit ObjectFinder(const RunSettings& settings);

  /// Programs given as C are compiled against the types of this kernel.
  void compile_against(Arch arch, std::filesystem::path btf) { btf_[arch] = std::move(btf); }

  /// Compiles, fetches or just finds it. Blocks while clang or a download runs.
  /// Error: it is unavailable. That it is no BPF object is a fact of its own (`problem`).
  Result<ObjectFile> find(const CaseSpec& spec, Arch arch) const;

 private:
  struct Locate;
  Result<std::filesystem::path> file_of(const BroughtObject& brought, Arch arch) const;
  Result<ObjectFile> find_brought(const BroughtObject& brought, Arch arch) const;

  const RunSettings& settings_;
  CaseCompiler compiler_;
  SectionStripper stripper_;
  std::map<Arch, std::filesystem::path> btf_{};
};

}  // namespace bpfmatrix
