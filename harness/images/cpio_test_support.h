// A cpio archive read back by libarchive, for tests.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace bpfmatrix {

/// What another implementation reads out of an archive: "path" -> "mode size [-> target|bytes]".
inline std::map<std::string, std::string> read_back(const std::string& bytes) {
  std::map<std::string, std::string> found;
  archive* reader = archive_read_new();
  archive_read_support_format_cpio(reader);
  EXPECT_EQ(archive_read_open_memory(reader, bytes.data(), bytes.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    std::string text(archive_entry_strmode(entry));
    text.erase(text.find_last_not_of(' ') + 1);
    if (const char* target = archive_entry_symlink(entry)) text += std::string(" -> ") + target;
    if (archive_entry_filetype(entry) == AE_IFCHR) {
      text += ' ' + std::to_string(archive_entry_rdevmajor(entry)) + ':' +
              std::to_string(archive_entry_rdevminor(entry));
    }
    if (archive_entry_filetype(entry) == AE_IFREG) {
      std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
      EXPECT_EQ(archive_read_data(reader, content.data(), content.size()),
                static_cast<la_ssize_t>(content.size()));
      text += ' ' + content;
    }
    EXPECT_EQ(archive_entry_uid(entry), 0);
    EXPECT_EQ(archive_entry_mtime(entry), 0);
    found[archive_entry_pathname(entry)] = text;
  }
  EXPECT_EQ(archive_errno(reader), 0) << archive_error_string(reader);
  archive_read_free(reader);
  return found;
}

}  // namespace bpfmatrix
