// What in a store nothing refers to any more, and what was not used for long.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "kernels/store.h"

namespace bpfmatrix {

enum class Collect { remove, only_look };

struct Garbage {
  /// tree, blob or build.
  std::string kind{};
  std::filesystem::path path{};
  /// On the disk.
  std::uint64_t bytes = 0;
};

struct Collected {
  std::vector<Garbage> garbage{};
  /// Trees are left alone: another process works with them (Store::use).
  bool trees_in_use = false;
};

/// Trees to which no link leads; downloaded files, and builds that came to no kernel, which were
/// not used for `max_age`, an hour at least. Nothing that another process is at.
Collected collect_garbage(const Store& store, std::chrono::hours max_age, Collect what);

/// Of a file, or of all below a folder; what cannot be read counts nothing.
std::uint64_t bytes_on_disk(const std::filesystem::path& path);

}  // namespace bpfmatrix
