#include "run/machines/installed_config.h"

#include "base/file.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxBytes = 4 << 20;

bool comes_in_package(const Kernel& kernel) {
  return kernel.origin.kind == "deb" || kernel.origin.kind == "rpm";
}

/// Else it can only have been given.
bool may_be_from_image(std::string_view config) {
  return config.find("\nCONFIG_IKCONFIG=") != std::string_view::npos;
}

}  // namespace

Result<std::optional<InstalledConfig>> installed_config(const Kernel& kernel) {
  if (!kernel.config) return std::optional<InstalledConfig>();
  Result<std::string> text = read_file(*kernel.config, kMaxBytes);
  if (!text) return std::move(text).error();
  if (!comes_in_package(kernel) && may_be_from_image("\n" + *text)) {
    return std::optional<InstalledConfig>();
  }
  return std::optional(InstalledConfig{kernel.release, *std::move(text)});
}

}  // namespace bpfmatrix
