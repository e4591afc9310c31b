#include "kernels/archive/tar_zst.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "kernels/archive/archive_handle.h"
#include "kernels/archive/entry_stream.h"

namespace bpfmatrix {

namespace {

/// Twice the time of zstd's own default, and a tenth less.
constexpr const char* kLevel = "9";
/// A header of a tarball and the end of its file's last block.
constexpr std::uint64_t kBytesPerEntry = 1024;
constexpr std::uint64_t kEndOfTarball = 64 << 10;

struct WriterFree {
  void operator()(struct archive* handle) const { ::archive_write_free(handle); }
};
using WriterHandle = std::unique_ptr<struct archive, WriterFree>;

struct EntryFree {
  void operator()(struct archive_entry* entry) const { ::archive_entry_free(entry); }
};
using EntryHandle = std::unique_ptr<struct archive_entry, EntryFree>;

la_ssize_t append(struct archive*, void* text, const void* bytes, std::size_t size) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

WriterHandle new_writer(std::string& text) {
  WriterHandle handle(::archive_write_new());
  ::archive_write_set_format_ustar(handle.get());
  ::archive_write_add_filter_zstd(handle.get());
  ::archive_write_set_filter_option(handle.get(), "zstd", "compression-level", kLevel);
  ::archive_write_set_bytes_in_last_block(handle.get(), 1);
  ::archive_write_open(handle.get(), &text, nullptr, append, nullptr);
  return handle;
}

/// Of a frame; others of zstd's hold no data.
constexpr std::string_view kMagic = "\x28\xb5\x2f\xfd";

/// libarchive's word for what it cannot read says nothing to a person.
Result<> is_zstd(const std::filesystem::path& file) {
  const Result<Fd> opened = open_file(file, kMaxArchiveBytes);
  if (!opened) return opened.error();
  char magic[kMagic.size()] = {};
  const ssize_t n = ::pread(opened->get(), magic, sizeof magic, 0);
  if (n == sizeof magic && std::string_view(magic, sizeof magic) == kMagic) return {};
  return Error{"not packed with zstd"};
}

}  // namespace

struct TarZst::State {
  // The handle writes to it until it goes.
  std::string text{};
  WriterHandle handle = new_writer(text);
};

TarZst::TarZst() : state_(std::make_unique<State>()) {}
TarZst::~TarZst() = default;

Result<> TarZst::add(const std::string& path, std::string_view bytes) {
  struct archive* handle = state_->handle.get();
  const EntryHandle entry(::archive_entry_new());
  ::archive_entry_set_pathname(entry.get(), path.c_str());
  ::archive_entry_set_filetype(entry.get(), AE_IFREG);
  ::archive_entry_set_perm(entry.get(), 0644);
  ::archive_entry_set_mtime(entry.get(), 0, 0);
  ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
  const bool whole = ::archive_write_header(handle, entry.get()) == ARCHIVE_OK &&
                     ::archive_write_data(handle, bytes.data(), bytes.size()) ==
                         static_cast<la_ssize_t>(bytes.size());
  if (whole) return {};
  return Error{fmt::format("'{}': cannot be packed: {}", path, archive_problem(handle))};
}

Result<std::string> TarZst::finish() {
  if (::archive_write_close(state_->handle.get()) == ARCHIVE_OK) return std::move(state_->text);
  return Error{archive_problem(state_->handle.get())};
}

Result<> unpack_tar_zst(const std::filesystem::path& archive, const std::filesystem::path& into,
                        const PlaceFile& place, UnpackRules rules) {
  if (Result<> good = is_zstd(archive); !good) return good;
  ArchiveHandle packed(::archive_read_new());
  ::archive_read_support_filter_zstd(packed.get());
  ArchiveHandle format(::archive_read_new());
  ::archive_read_support_format_tar(format.get());
  std::uint64_t room = rules.max_bytes + rules.max_entries * kBytesPerEntry + kEndOfTarball;
  EntryStream entries(std::move(packed), std::move(format),
                      [&](std::string_view piece) -> Result<> {
                        if (piece.size() > room) return Error{"unpacks to more than was agreed"};
                        room -= piece.size();
                        return {};
                      });
  if (Result<> opened = entries.open_file(archive); !opened) return opened;
  if (::archive_filter_count(entries.packed()) > 2) return Error{"packed more than once"};
  rules.files_only = true;
  return unpack_entries(entries, into, place, rules);
}

}  // namespace bpfmatrix
