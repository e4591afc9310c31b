// For tests: RPM packages, made by rpmbuild as a distribution makes them, or by hand as no
// distribution should.
#pragma once

#include <string>
#include <vector>

#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {

struct FakeRpm {
  std::string name = "kernel-core";
  std::string version = "4.18.0";
  std::string release = "147.el8";
  std::string arch = "x86_64";
  std::vector<FakeEntry> entries{};

  /// "kernel-core-4.18.0-147.el8.x86_64.rpm"
  std::string file_name() const;
};

/// What rpmbuild makes of it; signed by `key`, if there is one, over a digest of that kind.
std::string make_rpm(const FakeRpm& rpm, const FakeKey* key = nullptr,
                     const std::string& digest = "sha256");

/// `payload`, which rpmbuild would refuse to pack, behind the headers of a package.
std::string wrap_in_rpm(const std::string& payload);

/// kernel-core of an enterprise kernel, and its kernel-modules.
std::vector<FakeRpm> enterprise_kernel(const std::string& release = "147.el8");

}  // namespace bpfmatrix
