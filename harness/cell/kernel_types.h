// The BTF of the kernel that a worker serves, and of the modules its guests have, read when the
// first object asks for it and shared by all of its cells: a parsed one is megabytes and a tenth of
// a second.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "elf/btf.h"

namespace bpfmatrix {

struct ModuleTypes {
  std::string name{};
  std::shared_ptr<const Btf> types{};
};

class KernelTypes {
 public:
  /// Safe from several threads. Error: the file cannot be read, or is no BTF; said each time.
  Result<std::shared_ptr<const Btf>> read(const std::filesystem::path& file);
  /// Of the modules that guests of the kernel load before any object (images/modules.json), in that
  /// order; `folder` is the kernel's. One whose BTF cannot be read is left out: no kernel takes it
  /// either. Error: `file` as above, or a module that is there cannot be read.
  Result<std::vector<ModuleTypes>> modules(const std::filesystem::path& file,
                                           const std::filesystem::path& folder);
  /// Nobody needs it for now.
  void forget();

 private:
  Result<std::shared_ptr<const Btf>> read_once(const std::filesystem::path& file);

  std::mutex mutex_{};
  std::filesystem::path file_{};
  std::shared_ptr<const Btf> types_{};
  /// Those that continue types_.
  std::filesystem::path folder_{};
  std::optional<std::vector<ModuleTypes>> modules_{};
};

}  // namespace bpfmatrix
