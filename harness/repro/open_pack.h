// A pack, opened as if its maker meant harm: what is in it is looked at and handed to guests, and
// nothing of it runs here.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "cell/app_file.h"
#include "cell/transcript.h"
#include "kernels/kernel.h"
#include "matrix/case_spec.h"
#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"
#include "repro/manifest.h"

namespace bpfmatrix {

struct OpenedPack {
  Manifest manifest{};
  Transcript transcript{};
  Outcome outcome{};
  /// Absent: they were not measured.
  std::optional<KernelFacts> facts{};
  /// Its object is the one that was recorded, to the byte; nothing has to be compiled.
  CaseSpec spec{};
  std::optional<AppFile> app{};
  /// BTF that the user had embedded.
  std::optional<KernelBtf> btf{};
  /// Where the pack brings it along.
  std::optional<Kernel> kernel{};
};

/// Unpacks `file` into the empty folder `into`, which should be one that nobody else may read, and
/// where all that comes from it stays. Error, with the file's name: it is no pack; a file in it
/// that is no plain file, is not in the manifest or not as the manifest says, leaves the folder, or
/// comes twice; more than a pack may have (manifest.h), or more than a hundred times the packed
/// size; parts that contradict each other. What was written so far is left to the caller.
Result<OpenedPack> open_pack(const std::filesystem::path& file, const std::filesystem::path& into);

}  // namespace bpfmatrix
