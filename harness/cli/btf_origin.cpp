#include "cli/btf_origin.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/file.h"
#include "cli/known_kernels.h"
#include "cli/talk.h"
#include "kernels/build/debug_info.h"
#include "kernels/find/btf_collection.h"
#include "kernels/find/local_kernel.h"
#include "kernels/image/kernel_signs.h"
#include "run/objects/kernel_finder.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxBtfBytes = 64 << 20;

Result<> check_request(const BtfRequest& request) {
  if (!request.release.empty() && !request.kernel.empty()) {
    return Error{fmt::format("'{}', or the kernel of --release and --arch?", request.kernel),
                 "each further object needs its own --min"};
  }
  if (!request.arch.empty() && !parse_arch(request.arch)) {
    return Error{fmt::format("--arch '{}': unknown architecture", request.arch),
                 "known: x86_64, aarch64"};
  }
  if (!request.kernel.empty() || !request.release.empty() || !request.debug_info.empty()) return {};
  return Error{"which kernel?", request.collection.empty()
                                    ? "name one; 'bpfmatrix kernels list' prints them"
                                    : "name one, or give --release and --arch"};
}

bool is_path(const std::string& kernel, const Catalog& catalog) {
  std::error_code ignored;
  return kernel.find('/') != std::string::npos ||
         (!contains(catalog, kernel) && fs::is_regular_file(kernel, ignored));
}

/// What this kernel's own parser must not see; none of a kernel that is not built from source here.
std::vector<std::string> pahole_flags(const Catalog& catalog, const std::string& id) {
  for (const CatalogEntry& entry : catalog.entries) {
    const auto* source = std::get_if<BuildSource>(&entry.source);
    if (entry.id == id && source != nullptr) return source->pahole_flags;
  }
  return {};
}

/// As it is in the store, whole and of the kernel's architecture.
Result<std::string> btf_in_kernel(const Kernel& kernel) {
  const KernelBtf* file = btf_of(kernel);
  if (file == nullptr) {
    return Error{fmt::format("kernel '{}' has no BTF", kernel.id),
                 "--collection uses BTF that others made, --from-debug-info makes it"};
  }
  Result<std::string> bytes = read_file(file->file, kMaxBtfBytes);
  if (!bytes) return bytes;
  if (Result<BtfShare> own = match_signs(*bytes, {kernel.release, kernel.arch, {}, {}}); !own) {
    return wrap(fmt::format("BTF of '{}'", kernel.id), std::move(own).error());
  }
  return bytes;
}

/// What was compared says how well the BTF is known to be the kernel's.
std::string share_words(const BtfShare& share, const std::optional<Kernel>& kernel) {
  if (!kernel) return "no kernel to compare it with: only the architecture was compared";
  if (share.compared == 0) {
    return fmt::format(
        "not compared with '{}': the image has no symbols, or the BTF has no functions",
        kernel->id);
  }
  return fmt::format("'{}' has {} of its {} functions", kernel->id, share.alike, share.compared);
}

class BtfFinder {
 public:
  BtfFinder(const BtfRequest& request, Store store, Catalog catalog)
      : request_(request), store_(std::move(store)), catalog_(std::move(catalog)) {}

  std::variant<FoundBtf, NoBtf> run() {
    if (!request_.kernel.empty()) {
      if (std::optional<NoBtf> none = find_kernel()) return *std::move(none);
    }
    Result<std::string> bytes = find_bytes();
    if (!bytes) return NoBtf{std::move(bytes).error()};
    return FoundBtf{*std::move(bytes), std::move(kernel_)};
  }

 private:
  std::optional<NoBtf> find_kernel() {
    if (is_path(request_.kernel, catalog_)) {
      Result<Kernel> kernel = local_kernel(request_.kernel, store_);
      if (!kernel) return NoBtf{std::move(kernel).error(), wrong_command};
      kernel_ = *std::move(kernel);
      return std::nullopt;
    }
    Result<RunSettings> settings = default_settings(request_.mirror);
    if (!settings) return NoBtf{std::move(settings).error(), wrong_command};
    settings->fetch.allow_older = request_.allow_older;
    settings->fetch.notice = [](std::string_view line) { say(line); };
    Result<Kernel> kernel = KernelFinder(catalog_, *settings).find(request_.kernel);
    if (!kernel) {
      return NoBtf{std::move(kernel).error(),
                   contains(catalog_, request_.kernel) ? ExitCode::unknown : wrong_command};
    }
    kernel_ = *std::move(kernel);
    return std::nullopt;
  }

  Result<std::string> find_bytes() const {
    if (!request_.collection.empty()) return from_collection();
    if (!request_.debug_info.empty()) return from_debug_info();
    return btf_in_kernel(*kernel_);
  }

  Result<std::string> from_collection() const {
    const Result<KernelSigns> wanted = kernel_ ? kernel_signs() : asked_signs();
    if (!wanted) return wanted.error();
    Result<CollectedBtf> found =
        find_collected_btf(request_.collection, wanted->release, wanted->arch);
    if (!found) return std::move(found).error();
    return checked(std::move(found->bytes), found->archive, *wanted);
  }

  Result<std::string> from_debug_info() const {
    const Result<KernelSigns> given = read_debug_info_signs(request_.debug_info);
    if (!given) return given.error();
    const Result<KernelSigns> wanted = kernel_ ? kernel_signs() : given;
    if (!wanted) return wanted.error();
    if (Result<> same = match_build(*given, *wanted); !same) {
      return about(request_.debug_info, std::move(same).error());
    }
    const Result<fs::path> folder = scratch();
    if (!folder) return folder.error();
    const std::vector<std::string> flags = pahole_flags(catalog_, request_.kernel);
    Result<std::string> made = make_btf(request_.debug_info, flags, *folder);
    if (!made) return made;
    return checked(*std::move(made), request_.debug_info, *wanted);
  }

  Result<KernelSigns> kernel_signs() const {
    const Result<fs::path> folder = scratch();
    if (!folder) return folder.error();
    return read_kernel_signs(kernel_->image, *folder);
  }

  /// Of a kernel that is only named by its release.
  Result<KernelSigns> asked_signs() const {
    return KernelSigns{request_.release, *parse_arch(request_.arch), {}, {}};
  }

  Result<fs::path> scratch() const {
    if (Result<> ready = store_.prepare(); !ready) return std::move(ready).error();
    return store_.root() / "tmp";
  }

  Result<std::string> checked(std::string bytes, const fs::path& from,
                              const KernelSigns& wanted) const {
    const Result<BtfShare> share = match_signs(bytes, wanted);
    if (!share) return about(from, share.error());
    say(fmt::format("from '{}': {}", from.string(), share_words(*share, kernel_)));
    return bytes;
  }

  static Error about(const fs::path& file, Error error) {
    return wrap(fmt::format("'{}'", file.string()), std::move(error));
  }

  const BtfRequest& request_;
  Store store_;
  Catalog catalog_;
  std::optional<Kernel> kernel_{};
};

}  // namespace

std::variant<FoundBtf, NoBtf> find_btf(const BtfRequest& request) {
  if (Result<> clear = check_request(request); !clear) {
    return NoBtf{std::move(clear).error(), wrong_command};
  }
  Result<Store> store = open_store("");
  if (!store) return NoBtf{std::move(store).error(), wrong_command};
  Result<Catalog> catalog = known_kernels(*store);
  if (!catalog) return NoBtf{std::move(catalog).error()};
  return BtfFinder(request, *std::move(store), *std::move(catalog)).run();
}

}  // namespace bpfmatrix
