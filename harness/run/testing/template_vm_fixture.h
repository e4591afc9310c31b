// For the tests that clone machines: a template store of their own, kernels from the user's.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "run/machines/clone.h"
#include "run/machines/template_store.h"
#include "run/testing/vm_fixture.h"

namespace bpfmatrix {

inline constexpr const char* kOneOfEach[] = {"debian-6.1-x86_64", "debian-6.1-aarch64"};

inline Clock::time_point soon() { return Clock::now() + std::chrono::seconds(60); }

class TemplateVmFixture : public VmFixture {
 protected:
  enum class Modules { with, without };

  /// Of this kernel, with the real agent.
  TemplateRequest request(const std::string& kernel_id, Modules modules = Modules::with);
  /// The same, of a template that is there: nothing could be booted for it.
  static TemplateRequest without_files(TemplateRequest wanted);

  /// These end the test, which fails, when it is unavailable.
  Template get(const TemplateRequest& wanted);
  static GuestClone clone(const Template& made);

  std::filesystem::path folder(const TemplateRequest& wanted) const;
  /// Finished or not.
  std::size_t entries() const;

  TemplateStore templates_{Store(scratch_->path() / "store")};
};

}  // namespace bpfmatrix
