#include "run/testing/template_vm_fixture.h"

#include <stdexcept>

#include "base/file.h"
#include "base/sha256.h"
#include "images/initramfs.h"
#include "run/machines/guest_vm.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// The test ends here, and fails, where there is none: nothing can be done without it.
template <typename T>
T needed(Result<T> result) {
  if (result) return *std::move(result);
  throw std::runtime_error(result.error().message + " " + result.error().hint);
}

}  // namespace

TemplateRequest TemplateVmFixture::request(const std::string& kernel_id, Modules modules) {
  const Kernel kernel = needed(kernels_->find(kernel_id));
  const GuestTools tools = needed(find_guest_tools(kernel.arch));
  ModuleSet set;
  if (modules == Modules::with) set = needed(collect_modules(*kernel.modules, wanted_modules()));
  const std::string archive = needed(build_initramfs(tools, set));
  const fs::path file = scratch_->path() / "initramfs";
  EXPECT_TRUE(write_file(file, archive));
  TemplateRequest wanted{.key = {vm_spec(kernel, Accel::tcg), kernel.image_sha256,
                                 sha256_hex(archive), needed(qemu_build(kernel.arch))}};
  wanted.key.spec.initramfs = file;
  return wanted;
}

TemplateRequest TemplateVmFixture::without_files(TemplateRequest wanted) {
  wanted.key.spec.kernel = "/no/such/kernel";
  wanted.key.spec.initramfs = "/no/such/initramfs";
  return wanted;
}

Template TemplateVmFixture::get(const TemplateRequest& wanted) {
  return needed(templates_.get(wanted));
}

GuestClone TemplateVmFixture::clone(const Template& made) {
  return needed(clone_guest(made, "", soon()));
}

fs::path TemplateVmFixture::folder(const TemplateRequest& wanted) const {
  return templates_.folder(to_string(wanted.key));
}

std::size_t TemplateVmFixture::entries() const {
  std::error_code missing;
  const fs::directory_iterator all(scratch_->path() / "store" / "templates", missing);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace bpfmatrix
