// SHA-256, in lower-case hexadecimal, through OpenSSL's libcrypto.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

/// A hash that grows with what is fed to it.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  /// 64 characters. The object must not be used afterwards.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);
/// Reads in blocks. Error: as of open_file (base/file.h); nothing that bpfmatrix takes is larger
/// than the usual limit.
Result<std::string> sha256_file(const std::filesystem::path& path,
                                std::uint64_t max_bytes = std::uint64_t{8} << 30);
/// 64 characters of [0-9a-f].
bool is_sha256(std::string_view text);

}  // namespace bpfmatrix
