// For tests: packs made by hand, good ones to begin with.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cell/transcript.h"
#include "kernels/testing/fake_archive.h"
#include "outcome/outcome.h"
#include "repro/manifest.h"

namespace bpfmatrix {

/// What is in a pack, before it is one.
struct FakePack {
  Manifest manifest{};
  Transcript transcript{};
  Outcome outcome{};
  /// By path; those that are left out here are made of the above.
  std::map<std::string, std::string> files{};
  /// In place of what the manifest would be.
  std::string manifest_text{};

  /// The manifest that goes with the files; sizes and hashes are true.
  void list_files();
  /// All entries of its archive, the manifest first.
  std::vector<FakeEntry> entries() const;
  std::string bytes() const { return make_tar(entries(), Packing::zstd); }
};

/// An object that was given by file, rejected on debian-6.1-x86_64.
FakePack fake_pack();
/// A case of the suite.
FakePack fake_case_pack();
/// With an application as its loader, and BTF that was embedded.
FakePack fake_app_pack();
/// With the kernel, which its user had added.
FakePack fake_kernel_pack();

}  // namespace bpfmatrix
