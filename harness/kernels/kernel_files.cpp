#include "kernels/kernel_files.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "kernels/image/kernel_image.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxStubBytes = 4096;

std::optional<fs::path> if_file(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return std::nullopt;
  return path;
}

std::optional<fs::path> if_folder(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return std::nullopt;
  return path;
}

Result<> check_image(const KernelImage& image, Arch arch, const std::string& release) {
  if (image.arch != arch) {
    return Error{
        fmt::format("the image is for {}, not {}", to_string(image.arch), to_string(arch))};
  }
  if (image.release != release) {
    return Error{
        fmt::format("the image says it is '{}', its files say '{}'", image.release, release)};
  }
  return {};
}

}  // namespace

bool is_real_system_map(const fs::path& path) {
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(path, error);
  if (error || bytes == 0) return false;
  if (bytes > kMaxStubBytes) return true;
  const Result<std::string> text = read_file(path, kMaxStubBytes);
  return text && text->find("The real System.map is in") == std::string::npos;
}

bool btf_agrees_with_config(const std::string& btf, const std::optional<fs::path>& config) {
  if (!btf.empty() || !config) return true;
  const Result<std::string> text = read_file(*config, kMaxConfigBytes);
  if (!text) return true;
  for (const std::string_view line : split(*text, '\n')) {
    if (trim(line) == "CONFIG_DEBUG_INFO_BTF=y") return false;
  }
  return true;
}

Result<Kernel> describe_tree(const fs::path& tree, Arch arch, const std::string& release) {
  Kernel kernel;
  kernel.image = tree / "vmlinuz";
  Result<KernelImage> image = read_kernel_image(kernel.image, tree);
  if (!image) return std::move(image).error();
  if (Result<> fits = check_image(*image, arch, release); !fits) return std::move(fits).error();
  kernel.release = image->release;
  kernel.arch = arch;
  Result<std::string> sha256 = sha256_file(kernel.image);
  if (!sha256) return std::move(sha256).error();
  kernel.image_sha256 = *std::move(sha256);
  kernel.config = if_file(tree / "config");
  kernel.modules = if_folder(tree / "modules");
  kernel.system_map = if_file(tree / "System.map");
  if (kernel.system_map && !is_real_system_map(*kernel.system_map)) {
    std::error_code ignored;
    fs::remove(*kernel.system_map, ignored);
    kernel.system_map.reset();
  }
  if (!btf_agrees_with_config(image->btf, kernel.config)) {
    return Error{"built with CONFIG_DEBUG_INFO_BTF=y, but no BTF was found in the image"};
  }
  if (image->btf.empty()) return kernel;
  kernel.btf = KernelBtf{tree / "vmlinux.btf", image->btf.size(), sha256_hex(image->btf)};
  if (Result<> written = write_file(kernel.btf->file, image->btf); !written) {
    return std::move(written).error();
  }
  return kernel;
}

}  // namespace bpfmatrix
