// Any bytes as the BTF of a kernel whose header somebody wants: libbpf walks along its types.
#include "base/testing/fuzz_target.h"
#include "elf/vmlinux_h.h"

namespace bpfmatrix {
namespace {

void try_header(std::string_view bytes) {
  const FuzzFile btf(bytes);
  const Result<std::string> header = vmlinux_header(btf.path());
  if (!header) require(!header.error().message.empty(), "a refusal says why");
}

const FuzzTarget target("vmlinux_h", try_header);

}  // namespace
}  // namespace bpfmatrix
