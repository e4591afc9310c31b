// The BTF of the kernel that a worker serves, read when the first object asks for it and shared by
// all of its cells: a parsed one is megabytes and a tenth of a second.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "base/result.h"
#include "elf/btf.h"

namespace bpfmatrix {

class KernelTypes {
 public:
  /// Safe from several threads. Error: the file cannot be read, or is no BTF; said each time.
  Result<std::shared_ptr<const Btf>> read(const std::filesystem::path& file);
  /// Nobody needs it for now.
  void forget();

 private:
  std::mutex mutex_{};
  std::filesystem::path file_{};
  std::shared_ptr<const Btf> types_{};
};

}  // namespace bpfmatrix
