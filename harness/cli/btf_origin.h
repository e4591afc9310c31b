// Where the BTF comes from that `kernels btf` writes: out of the kernel, a collection, or debug
// information; and whether it is that kernel's.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/result.h"
#include "cli/exit_code.h"
#include "kernels/kernel.h"

namespace bpfmatrix {

struct BtfRequest {
  /// A name, or the path of an image. May be empty where the rest says whose BTF is wanted: a
  /// collection with release and arch, or debug information.
  std::string kernel{};
  /// See kernels/btf_collection.h and kernels/debug_info.h; one of them, or neither.
  std::string collection{};
  std::string debug_info{};
  /// Both or neither.
  std::string release{};
  std::string arch{};
  std::string mirror{};
  bool allow_older = false;
};

struct FoundBtf {
  std::string bytes{};
  /// Nothing: none was named.
  std::optional<Kernel> kernel{};
};
struct NoBtf {
  Error error{};
  ExitCode exit_code = ExitCode::unknown;
};

/// Says what it was compared with. Blocks while a kernel is fetched, and for as long as pahole
/// takes.
std::variant<FoundBtf, NoBtf> find_btf(const BtfRequest& request);

}  // namespace bpfmatrix
