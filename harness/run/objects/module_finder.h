// Modules that an object needs and does not name: what it attaches to, or calls, is not in the
// kernel itself and is in a module that the kernel ships.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cell/object_file.h"
#include "outcome/kernel_facts.h"

namespace bpfmatrix {

/// Functions of the kernel that an object names: those that its sections attach to, and those that
/// it calls or whose address it takes.
std::set<std::string> named_functions(const ObjectFile& object);

/// Of one kernel. Safe from several threads.
class ModuleFinder {
 public:
  /// Absent: the kernel has no modules.
  explicit ModuleFinder(std::optional<std::filesystem::path> folder) : folder_(std::move(folder)) {}

  /// The modules that have those of the object's functions which the kernel was seen not to have,
  /// sorted. Reads all modules when it is first asked for a name: seconds.
  std::vector<std::string> modules_for(const ObjectFile& object, const KernelFacts& facts);

 private:
  void look_up(const std::set<std::string>& names);

  std::optional<std::filesystem::path> folder_;
  std::mutex mutex_{};
  /// Name -> module; empty: none has it.
  std::map<std::string, std::string> known_{};
};

}  // namespace bpfmatrix
