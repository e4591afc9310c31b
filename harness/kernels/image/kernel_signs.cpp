#include "kernels/image/kernel_signs.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <utility>

#include "base/temp_dir.h"
#include "base/unfinished.h"
#include "elf/btf.h"
#include "kernels/image/btf_scan.h"
#include "kernels/image/kernel_image.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// Compilers give clones of a function a suffix (".isra.0") that BTF does not have.
std::set<std::string_view> function_names(const std::vector<KernelSymbol>& symbols) {
  std::set<std::string_view> names;
  for (const KernelSymbol& symbol : symbols) {
    names.insert(std::string_view(symbol.name).substr(0, symbol.name.find('.')));
  }
  return names;
}

Result<KernelSigns> signs_of(const OpenedImage& opened) {
  Result<KernelImage> image = describe_image(opened);
  if (!image) return std::move(image).error();
  return KernelSigns{image->release, image->arch, image->build_id, find_kallsyms(opened.kernel)};
}

}  // namespace

Result<KernelSigns> read_kernel_signs(const fs::path& image, const fs::path& scratch) {
  const auto named = [&image](Error error) {
    return wrap(fmt::format("'{}'", image.string()), std::move(error));
  };
  const Result<TempDir> dir = TempDir::create(scratch, std::string(kUnfinishedMark));
  if (!dir) return dir.error();
  Result<MappedFile> file = MappedFile::open(image, kMaxImageBytes);
  if (!file) return std::move(file).error();
  const Result<OpenedImage> opened = open_image(*std::move(file), dir->path());
  if (!opened) return named(opened.error());
  Result<KernelSigns> signs = signs_of(*opened);
  if (!signs) return named(std::move(signs).error());
  return signs;
}

Result<> match_build(const KernelSigns& given, const KernelSigns& kernel) {
  if (given.arch != kernel.arch) {
    return Error{
        fmt::format("of a kernel for {}, not {}", to_string(given.arch), to_string(kernel.arch))};
  }
  if (!given.build_id.empty() && !kernel.build_id.empty()) {
    if (given.build_id == kernel.build_id) return {};
    return Error{fmt::format("of another build: its build id is {}, that of {} is {}",
                             given.build_id, kernel.release, kernel.build_id)};
  }
  if (given.release.empty() || given.release == kernel.release) return {};
  return Error{fmt::format("of the kernel {}, not {}", given.release, kernel.release)};
}

Result<> check_kernel_btf(std::string_view btf) {
  const auto shape = measure_btf(btf);
  if (!shape || shape->bytes != btf.size()) {
    return Error{"not BTF, or damaged", "wanted: what /sys/kernel/btf/vmlinux holds"};
  }
  if (!is_vmlinux_btf(btf)) return Error{"not the BTF of a kernel: no task_struct in it"};
  return {};
}

Result<BtfShare> match_signs(std::string_view bytes, const KernelSigns& kernel) {
  if (Result<> whole = check_kernel_btf(bytes); !whole) return std::move(whole).error();
  const Result<Btf> btf = Btf::parse(std::string(bytes));
  if (!btf) return btf.error();
  const std::optional<Arch> arch = arch_of(*btf);
  if (arch && *arch != kernel.arch) {
    return Error{fmt::format("the BTF of a kernel for {}, not {}", to_string(*arch),
                             to_string(kernel.arch))};
  }
  if (kernel.symbols.empty()) return BtfShare{};
  const std::set<std::string_view> names = function_names(kernel.symbols);
  const BtfShare share =
      share_of_functions(*btf, [&](std::string_view name) { return names.contains(name); });
  if (share.looks_alike().value_or(true)) return share;
  return Error{
      fmt::format("does not look like the BTF of this kernel: it has {} functions, and the image "
                  "of {} has {} of them",
                  share.compared, kernel.release, share.alike)};
}

}  // namespace bpfmatrix
