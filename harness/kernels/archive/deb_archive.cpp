#include "kernels/archive/deb_archive.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>

#include "base/file.h"
#include "kernels/archive/archive_handle.h"
#include "kernels/archive/entry_stream.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// Lets the inner archive read the bytes of the outer one's current member.
struct Member {
  struct archive* outer = nullptr;
  std::array<char, kArchiveBlockBytes> block{};
};

la_ssize_t read_member(struct archive* inner, void* data, const void** bytes) {
  auto* member = static_cast<Member*>(data);
  const la_ssize_t n =
      ::archive_read_data(member->outer, member->block.data(), member->block.size());
  if (n < 0) {
    ::archive_set_error(inner, EIO, "%s", archive_problem(member->outer).c_str());
  }
  *bytes = member->block.data();
  return n;
}

Result<> unpack_data(struct archive* outer, const fs::path& into, const PlaceFile& place,
                     const UnpackRules& rules) {
  Member member{outer};
  ArchiveHandle tar(::archive_read_new());
  ::archive_read_support_format_tar(tar.get());
  ::archive_read_support_format_empty(tar.get());
  EntryStream entries(new_archive_reader(), std::move(tar));
  if (Result<> opened = entries.open_with(read_member, &member); !opened) return opened;
  return unpack_entries(entries, into, place, rules);
}

Result<> check_first_member(struct archive* outer, struct archive_entry* entry) {
  std::array<char, 16> text{};
  const char* name = ::archive_entry_pathname(entry);
  if (name == nullptr || std::string_view(name) != "debian-binary" ||
      ::archive_read_data(outer, text.data(), text.size()) < 2 || text[0] != '2') {
    return Error{"not a Debian package of format 2"};
  }
  return {};
}

Result<> unpack_members(struct archive* outer, const fs::path& into, const PlaceFile& place,
                        const UnpackRules& rules) {
  struct archive_entry* entry = nullptr;
  if (::archive_read_next_header(outer, &entry) != ARCHIVE_OK) {
    return Error{"not a Debian package"};
  }
  if (Result<> known = check_first_member(outer, entry); !known) return known;
  while (::archive_read_next_header(outer, &entry) == ARCHIVE_OK) {
    const std::string_view name = ::archive_entry_pathname(entry);
    if (name.starts_with("data.tar")) return unpack_data(outer, into, place, rules);
  }
  return Error{"a Debian package without data"};
}

}  // namespace

Result<> unpack_deb(const fs::path& deb, const fs::path& into, const PlaceFile& place,
                    const UnpackRules& rules) {
  const auto named = [&deb](Error error) {
    return wrap(fmt::format("'{}'", deb.filename().string()), std::move(error));
  };
  const Result<Fd> file = open_file(deb, kMaxArchiveBytes);
  if (!file) return file.error();
  const ArchiveHandle outer(::archive_read_new());
  ::archive_read_support_format_ar(outer.get());
  if (::archive_read_open_fd(outer.get(), file->get(), kArchiveBlockBytes) != ARCHIVE_OK) {
    return named(Error{archive_problem(outer.get())});
  }
  Result<> done = unpack_members(outer.get(), into, place, rules);
  if (!done) return named(std::move(done).error());
  return done;
}

}  // namespace bpfmatrix
