// The BPF object of a case on one architecture, ready to be handed to a guest.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "elf/object.h"
#include "kernels/deb_file.h"
#include "matrix/case_spec.h"
#include "run/case_compiler.h"
#include "run/section_stripper.h"
#include "run/settings.h"

namespace bpfmatrix {

/// The kernel whose types *.bpf.c cases are written against.
inline constexpr std::string_view kHeadersKernel = "debian-6.1-";

struct ObjectFile {
  std::filesystem::path file{};
  /// As a person named it: the path given, the source, or "PACKAGE:PATH".
  std::string shown{};
  ObjectInfo info{};
  /// Why it is no object that any loader could take; `info` is then empty.
  std::optional<Error> problem{};
};

class ObjectFinder {
 public:
  explicit ObjectFinder(const RunSettings& settings);

  /// Programs given as C are compiled against the types of this kernel.
  void compile_against(Arch arch, std::filesystem::path btf) { btf_[arch] = std::move(btf); }

  /// Compiles, fetches or just finds it. Blocks while clang or a download runs.
  /// Error: it cannot be had. That it is no BPF object is a fact of its own (`problem`).
  Result<ObjectFile> find(const CaseSpec& spec, Arch arch) const;

 private:
  struct Locate;

  const RunSettings& settings_;
  CaseCompiler compiler_;
  SectionStripper stripper_;
  std::map<Arch, std::filesystem::path> btf_{};
};

}  // namespace bpfmatrix
