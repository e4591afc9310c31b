// A file as bytes in the address space, not in memory of our own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

class MappedFile {
 public:
  /// Error: not a regular file, unreadable, empty, or larger than `max_bytes`. The file must not
  /// shrink while it is mapped: hand in only what nobody else writes to.
  static Result<MappedFile> open(const std::filesystem::path& path, std::uint64_t max_bytes);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  std::string_view bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::string_view bytes) : bytes_(bytes) {}

  std::string_view bytes_;
};

}  // namespace bpfmatrix
