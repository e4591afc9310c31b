#include "kernels/testing/fake_btf.h"

#include <bpf/btf.h>

#include <cstdint>
#include <memory>

namespace bpfmatrix {

std::string fake_kernel_btf(Arch arch, const std::vector<std::string>& functions) {
  const std::unique_ptr<btf, decltype(&btf__free)> types(btf__new_empty(), btf__free);
  const int number = btf__add_int(types.get(), "int", 4, BTF_INT_SIGNED);
  btf__add_struct(types.get(), "task_struct", 8);
  btf__add_field(types.get(), "pid", number, 0, 0);
  btf__add_field(types.get(), "tgid", number, 32, 0);
  btf__add_struct(types.get(), "pt_regs", 4);
  btf__add_field(types.get(), arch == Arch::x86_64 ? "r15" : "syscallno", number, 0, 0);
  const int prototype = btf__add_func_proto(types.get(), number);
  for (const std::string& name : functions) {
    btf__add_func(types.get(), name.c_str(), BTF_FUNC_STATIC, prototype);
  }
  std::uint32_t bytes = 0;
  const void* data = btf__raw_data(types.get(), &bytes);
  return std::string(static_cast<const char*>(data), bytes);
}

}  // namespace bpfmatrix
