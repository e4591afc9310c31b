// What the applications of the suite have in common: load the object, attach all of it, wait for
// SIGINT or SIGTERM. Like many applications they can bring BTF along for kernels that have none:
// the file that BPFMATRIX_BTF names, if any.
#pragma once

#include <bpf/libbpf.h>

#include <memory>

namespace bpfmatrix::guest {

using ObjectPtr = std::unique_ptr<bpf_object, decltype(&bpf_object__close)>;

/// How an application opens its object; null and errno: refused.
using OpenObject = ObjectPtr (*)(const char* file, const bpf_object_open_opts& options);

/// The whole of `main`. Exit code: 0; 1 if anything was refused, and says what; 2 wrong arguments.
int run_application(int argc, char** argv, OpenObject open);

}  // namespace bpfmatrix::guest
