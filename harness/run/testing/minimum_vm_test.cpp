// The BTF that `kernels btf --min` makes for the objects of the suite, on real kernels: every
// relocation gives the same number, to the byte, as with the kernel's whole BTF.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "core/testing/comparison.h"
#include "run/objects/objects_here.h"
#include "run/testing/vm_fixture.h"

namespace bpfmatrix {
namespace {

constexpr std::uint64_t kMaxStoreBytes = 64 << 20;

/// Neither the kernel whose types the objects were compiled against, nor near it.
class MinimumVm : public VmFixture, public ::testing::WithParamInterface<const char*> {
 protected:
  Btf whole_btf() {
    const Result<Kernel> kernel = kernels_->find(GetParam());
    EXPECT_TRUE(kernel) << kernel.error().message;
    arch_ = kernel->arch;
    return *Btf::parse(*read_file(kernel->btf->file, kMaxStoreBytes));
  }
  /// Of the cases for that architecture, those that are BPF objects and here.
  std::vector<ElfFile> objects() {
    // What they are compiled against.
    EXPECT_TRUE(kernels_->find(std::string(kHeadersKernel) + std::string(to_string(arch_))));
    const ObjectsHere here(settings_, *kernels_);
    const auto suite = read_suite(BPFMATRIX_SOURCE_DIR "/cases");
    std::vector<ElfFile> found;
    for (const CaseSpec& spec : *suite) {
      const auto object = here.find(spec, arch_);
      if (!object) continue;
      EXPECT_TRUE(*object) << object->error().message;
      if (!*object || (*object)->problem) continue;
      found.push_back(*ElfFile::parse(*read_file((*object)->file, kMaxStoreBytes)));
    }
    return found;
  }

  Arch arch_ = Arch::x86_64;
};
INSTANTIATE_TEST_SUITE_P(Kernels, MinimumVm,
                         ::testing::Values("debian-5.10-x86_64", "debian-6.12-aarch64"));

TEST_P(MinimumVm, relocates_every_object_of_the_suite_as_the_whole_does) {
  const Btf whole = whole_btf();
  std::size_t compared = 0;
  for (const ElfFile& object : objects()) {
    const CoreComparison comparison = compare_with_minimum(object, whole);
    EXPECT_THAT(comparison.differences, testing::IsEmpty());
    compared += comparison.compared;
  }
  EXPECT_GT(compared, 50U);
}

}  // namespace
}  // namespace bpfmatrix
