#include "run/testing/template_vm_fixture.h"

#include "base/file.h"
#include "base/sha256.h"
#include "images/initramfs.h"
#include "run/machines/guest_vm.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

TemplateRequest TemplateVmFixture::request(const std::string& kernel_id, Modules modules) {
  const Result<Kernel> kernel = kernels_->find(kernel_id);
  EXPECT_TRUE(kernel) << kernel.error().message;
  const Result<GuestTools> tools = find_guest_tools(kernel->arch);
  EXPECT_TRUE(tools) << tools.error().message;
  ModuleSet set;
  if (modules == Modules::with) set = *collect_modules(*kernel->modules, wanted_modules());
  const Result<std::string> archive = build_initramfs(*tools, set);
  EXPECT_TRUE(archive) << archive.error().message;
  const fs::path file = scratch_->path() / "initramfs";
  EXPECT_TRUE(write_file(file, *archive));
  const Result<QemuBuild> qemu = qemu_build(kernel->arch);
  EXPECT_TRUE(qemu) << qemu.error().message;
  TemplateRequest wanted{
      .key = {vm_spec(*kernel, Accel::tcg), kernel->image_sha256, sha256_hex(*archive), *qemu}};
  wanted.key.spec.initramfs = file;
  return wanted;
}

TemplateRequest TemplateVmFixture::without_files(TemplateRequest wanted) {
  wanted.key.spec.kernel = "/no/such/kernel";
  wanted.key.spec.initramfs = "/no/such/initramfs";
  return wanted;
}

Template TemplateVmFixture::get(const TemplateRequest& wanted) {
  Result<Template> made = templates_.get(wanted);
  EXPECT_TRUE(made) << made.error().message;
  return *std::move(made);
}

GuestClone TemplateVmFixture::clone(const Template& made) {
  Result<GuestClone> guest = clone_guest(made, "", soon());
  EXPECT_TRUE(guest) << guest.error().message << " " << guest.error().hint;
  return *std::move(guest);
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
