#include "run/kernel_types.h"

#include <fmt/format.h>

#include "base/file.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxBtfBytes = 256 << 20;

}  // namespace

Result<std::shared_ptr<const Btf>> KernelTypes::read(const std::filesystem::path& file) {
  const std::lock_guard lock(mutex_);
  if (types_ && file_ == file) return types_;
  Result<std::string> bytes = read_file(file, kMaxBtfBytes);
  if (!bytes) return std::move(bytes).error();
  Result<Btf> btf = Btf::parse(*std::move(bytes));
  if (!btf) return wrap(fmt::format("'{}'", file.string()), std::move(btf).error());
  file_ = file;
  types_ = std::make_shared<const Btf>(*std::move(btf));
  return types_;
}

void KernelTypes::forget() {
  const std::lock_guard lock(mutex_);
  types_.reset();
}

}  // namespace bpfmatrix
