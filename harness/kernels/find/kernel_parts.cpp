#include "kernels/find/kernel_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "base/text.h"
#include "base/unfinished.h"
#include "kernels/archive/decompress.h"
#include "kernels/archive/tar_tree.h"
#include "kernels/find/kernel_match.h"
#include "kernels/image/kallsyms.h"
#include "kernels/image/kernel_image.h"
#include "kernels/kernel_files.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxSystemMapBytes = 64 << 20;
constexpr std::uint64_t kMaxModuleBytes = 64 << 20;
constexpr std::size_t kMaxModuleFiles = 50'000;
/// A distribution's whole set has less than 1 GiB.
constexpr std::uint64_t kMaxModulesBytes = std::uint64_t{2} << 30;
/// Of files and folders looked at: a folder that holds something else is not walked to its end.
constexpr std::size_t kMaxModuleEntries = 200'000;
/// Reading all of a distribution's five thousand would take half a minute.
constexpr std::size_t kModulesMatched = 64;
constexpr TarLimits kArchiveLimits{.max_bytes = 1ULL << 30, .max_entries = 10'000, .links = false};

Result<> copy_regular(const fs::path& from, const fs::path& to, std::uint64_t max_bytes) {
  std::error_code error;
  const fs::file_status status = fs::status(from, error);
  if (!fs::exists(status)) return file_error(from, Error{"no such file"});
  if (!fs::is_regular_file(status)) return file_error(from, Error{"not a regular file"});
  if (fs::file_size(from, error) > max_bytes || error) {
    return file_error(from, Error{fmt::format("larger than the limit of {} bytes", max_bytes)});
  }
  fs::create_directories(to.parent_path(), error);
  if (!error) fs::copy_file(from, to, error);
  if (error) return file_error(to, error);
  return {};
}

/// The text of a file that may be compressed.
Result<std::string> read_packed(const fs::path& file, std::uint64_t max_bytes) {
  std::string text;
  const Result<> read = decompress_file(file, max_bytes, [&](std::string_view piece) -> Result<> {
    text += piece;
    return {};
  });
  if (!read) return read.error();
  return text;
}

bool is_module(const fs::path& file) {
  const std::string name = file.filename().string();
  for (const std::string_view end : {".ko", ".ko.xz", ".ko.zst", ".ko.gz"}) {
    if (name.ends_with(end)) return true;
  }
  return false;
}

Error too_much_in(const fs::path& folder, const std::string& what) {
  return {file_error(folder, Error{what}).message,
          "give --modules the folder /lib/modules/<release> of that kernel, stripped of debug "
          "information, or the part of it that guests need"};
}

/// Modules, and the lists about them: modules.builtin, modules.dep. Error: more files or bytes than
/// any kernel has; nothing was read yet then.
Result<std::vector<fs::path>> list_module_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::uint64_t bytes = 0;
  std::size_t seen = 0;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (++seen > kMaxModuleEntries) {
      return too_much_in(folder, fmt::format("more than {} files and folders", kMaxModuleEntries));
    }
    if (!fs::is_regular_file(at->symlink_status(error))) continue;
    const fs::path file = at->path().lexically_relative(folder);
    const bool list = at.depth() == 0 && file.string().starts_with("modules.");
    if (!list && !is_module(file)) continue;
    files.push_back(file);
    if (files.size() > kMaxModuleFiles) {
      return too_much_in(folder, fmt::format("more than {} modules", kMaxModuleFiles));
    }
    std::error_code unknown;  // then the copy says it
    const std::uint64_t size = fs::file_size(at->path(), unknown);
    if (!unknown) bytes += std::min(size, kMaxModulesBytes + 1);
    if (bytes > kMaxModulesBytes) {
      return too_much_in(
          folder, fmt::format("its modules have more than {} bytes together", kMaxModulesBytes));
    }
  }
  if (error) return file_error(folder, error);
  std::sort(files.begin(), files.end());
  return files;
}

class Assembler {
 public:
  Assembler(const KernelParts& parts, const fs::path& tree, const OpenedImage& opened,
            KernelImage image)
      : parts_(parts), tree_(tree), opened_(opened), image_(std::move(image)) {}

  Result<AssembledKernel> run() {
    for (const auto step :
         {&Assembler::take_identity, &Assembler::take_image, &Assembler::take_config,
          &Assembler::take_symbols, &Assembler::take_modules, &Assembler::take_btf}) {
      if (Result<> taken = (this->*step)(); !taken) return std::move(taken).error();
    }
    return std::move(result_);
  }

 private:
  Result<> take_identity() {
    if (parts_.arch && *parts_.arch != image_.arch) {
      return file_error(parts_.image,
                        Error{fmt::format("the image is for {}, not {}", to_string(image_.arch),
                                          to_string(*parts_.arch))});
    }
    if (parts_.release && *parts_.release != image_.release) {
      return Error{fmt::format("the image says it is '{}', the machine that ran it '{}'",
                               image_.release, *parts_.release),
                   "was the kernel updated there, and not yet rebooted into?"};
    }
    kernel().release = image_.release;
    kernel().arch = image_.arch;
    result_.format = std::string(to_string(image_.format)) + (image_.wrapped ? ", packed" : "");
    result_.build_id = image_.build_id;
    return {};
  }

  Result<> take_image() {
    Result<std::string_view> bootable = bootable_image(opened_);
    if (!bootable) return file_error(parts_.image, std::move(bootable).error());
    kernel().image = tree_ / "vmlinuz";
    kernel().image_sha256 = sha256_hex(*bootable);
    const std::string given = sha256_hex(opened_.file.bytes());
    kernel().origin = Origin{.kind = "local", .sha256 = given};
    kernel().origin.chain = {
        fmt::format("given as '{}': sha256 {}", parts_.image.filename().string(), given)};
    return write_file(kernel().image, *bootable);
  }

  Result<> take_config() {
    if (parts_.config) {
      Result<std::string> text = read_packed(*parts_.config, kMaxConfigBytes);
      if (!text) return std::move(text).error();
      if (Result<> matched = match_config(*text, image_); !matched) {
        return file_error(*parts_.config, std::move(matched).error());
      }
      return put(kernel().config, "config", *text);
    }
    if (image_.config.empty()) return {};
    return put(kernel().config, "config", image_.config);
  }

  Result<> take_symbols() {
    symbols_ = find_kallsyms(opened_.kernel);
    result_.symbols = symbols_.size();
    if (parts_.system_map) {
      Result<std::string> text = read_file(*parts_.system_map, kMaxSystemMapBytes);
      if (!text) return std::move(text).error();
      if (Result<> matched = match_system_map(*text, opened_.kernel, image_); !matched) {
        return file_error(*parts_.system_map, std::move(matched).error());
      }
      return put(kernel().system_map, "System.map", *text);
    }
    if (symbols_.empty() || !symbols_.front().address) return {};
    return put(kernel().system_map, "System.map", system_map_text(symbols_));
  }

  Result<> take_modules() {
    if (!parts_.modules) return {};
    Result<std::vector<fs::path>> files = list_module_files(*parts_.modules);
    if (!files) return std::move(files).error();
    // OpenWRT keeps them without folders.
    std::error_code ignored;
    const bool flat = !fs::is_directory(*parts_.modules / "kernel", ignored);
    kernel().modules = tree_ / "modules";
    for (const fs::path& file : *files) {
      if (Result<> taken = take_module_file(file, flat); !taken) return taken;
    }
    if (!files->empty()) return {};
    return file_error(*parts_.modules, Error{"neither a module nor a modules.builtin in it"});
  }

  Result<> take_module_file(const fs::path& file, bool flat) {
    const fs::path from = *parts_.modules / file;
    const bool module = is_module(file);
    if (module && result_.modules++ < kModulesMatched) {
      const Result<std::string> bytes = read_packed(from, kMaxModuleBytes);
      if (!bytes) return bytes.error();
      if (Result<> matched = match_module(*bytes, image_); !matched) {
        return file_error(from, std::move(matched).error());
      }
    }
    const fs::path below = module && flat ? fs::path("kernel") / file : file;
    return copy_regular(from, *kernel().modules / below, kMaxModuleBytes);
  }

  Result<> take_btf() {
    std::string btf = image_.btf;
    if (parts_.btf) {
      Result<std::string> given = read_file(*parts_.btf, kMaxKernelBtfBytes);
      if (!given) return std::move(given).error();
      if (Result<> matched = match_btf(*given, image_, symbols_); !matched) {
        return file_error(*parts_.btf, std::move(matched).error());
      }
      btf = *std::move(given);
    }
    if (!btf_agrees_with_config(btf, kernel().config)) {
      return Error{"built with CONFIG_DEBUG_INFO_BTF=y, but no BTF was found in the image",
                   "give /sys/kernel/btf/vmlinux of that machine with --btf"};
    }
    if (btf.empty()) return {};
    // Its config says whether it has it inside, or it was made for a kernel without.
    const bool own = !image_.btf.empty() || !btf_agrees_with_config("", kernel().config);
    const KernelBtf kept{tree_ / "vmlinux.btf", btf.size(), sha256_hex(btf)};
    (own ? kernel().btf : kernel().detached_btf) = kept;
    return write_file(kept.file, btf);
  }

  Result<> put(std::optional<fs::path>& where, const char* name, std::string_view text) {
    where = tree_ / name;
    return write_file(*where, text);
  }

  Kernel& kernel() { return result_.kernel; }

  const KernelParts& parts_;
  const fs::path& tree_;
  const OpenedImage& opened_;
  KernelImage image_;
  std::vector<KernelSymbol> symbols_{};
  AssembledKernel result_{};
};

std::optional<fs::path> if_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) ? std::optional(path) : std::nullopt;
}

/// What `uname -r` said there.
Result<std::string> read_release(const fs::path& file) {
  const Result<std::string> text = read_file(file, 4096);
  if (!text) return text.error();
  const std::string release(trim(*text));
  if (is_valid_id(release)) return release;
  return file_error(file.filename(), Error{"no kernel release in it"});
}

}  // namespace

Result<KernelParts> unpack_kernel_archive(const fs::path& archive, const fs::path& into) {
  if (Result<> done = unpack_tree(archive, into, kArchiveLimits); !done) {
    return std::move(done).error();
  }
  const Error foreign{"not an archive of a kernel",
                      "on that machine: the script that 'bpfmatrix kernels collect' prints"};
  const auto image = if_there(into / "vmlinuz");
  const auto release_file = if_there(into / "release");
  if (!image || !release_file) return file_error(archive, foreign);
  Result<std::string> release = read_release(*release_file);
  if (!release) return file_error(archive, std::move(release).error());
  KernelParts parts{.image = *image};
  parts.release = *std::move(release);
  parts.config = if_there(into / "config");
  parts.system_map = if_there(into / "System.map");
  parts.modules = if_there(into / "modules");
  parts.btf = if_there(into / "vmlinux.btf");
  return parts;
}

Result<AssembledKernel> assemble_kernel(const KernelParts& parts, const fs::path& tree,
                                        const fs::path& scratch) {
  const Result<TempDir> dir = TempDir::create(scratch, std::string(kUnfinishedMark));
  if (!dir) return dir.error();
  // A copy first: what is mapped must not change meanwhile.
  const fs::path copy = dir->path() / "given";
  if (Result<> copied = copy_regular(parts.image, copy, kMaxImageBytes); !copied) {
    return std::move(copied).error();
  }
  Result<MappedFile> file = MappedFile::open(copy, kMaxImageBytes);
  if (!file) return file_error(parts.image, Error{"empty, or it cannot be mapped"});
  const Result<OpenedImage> opened = open_image(*std::move(file), dir->path());
  if (!opened) return file_error(parts.image, opened.error());
  Result<KernelImage> image = describe_image(*opened);
  if (!image) return file_error(parts.image, std::move(image).error());
  return Assembler(parts, tree, *opened, *std::move(image)).run();
}

}  // namespace bpfmatrix
