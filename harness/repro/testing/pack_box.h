// For tests: where a pack is opened, and what must not have happened there.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "base/temp_dir.h"
#include "repro/open_pack.h"

namespace bpfmatrix {

/// A pack in a folder, and beside it the one that it is unpacked into.
class PackBox {
 public:
  Result<OpenedPack> open(const std::string& bytes) {
    EXPECT_TRUE(write_file(file(), bytes, Durability::unsynced));
    EXPECT_TRUE(std::filesystem::create_directory(into()));
    return open_pack(file(), into());
  }
  /// Whatever was in the pack.
  void expect_tidy() const {
    std::size_t beside = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_->path())) {
      const bool inside = entry.path().string().starts_with(into().string());
      beside += inside ? 0 : 1;
      EXPECT_FALSE(entry.is_symlink()) << entry.path();
      EXPECT_TRUE(entry.is_directory() || entry.is_regular_file()) << entry.path();
    }
    EXPECT_EQ(beside, 1U) << "the pack itself";
  }
  std::filesystem::path file() const { return dir_->path() / "case.bpfrepro"; }
  std::filesystem::path into() const { return dir_->path() / "into"; }

 private:
  Result<TempDir> dir_ = TempDir::create();
};

}  // namespace bpfmatrix
