// Any bytes as the file of a kernel module, packed or not.
#include "base/testing/fuzz_target.h"
#include "images/modinfo.h"

namespace bpfmatrix {
namespace {

void try_module(std::string_view bytes) {
  const FuzzFile file(bytes);
  Result<std::string> module = read_module(file.path());
  if (!module) return require(!module.error().message.empty(), "a refusal says why");
  const Result<Modinfo> info = read_modinfo(*module);
  if (!info) return require(!info.error().message.empty(), "a refusal says why");
  for (const std::string& name : info->depends) {
    require(module_name(name) == name, "names are as the kernel says them");
  }
}

const FuzzTarget target("module", try_module);

}  // namespace
}  // namespace bpfmatrix
