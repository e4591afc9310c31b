#include "images/cpio.h"

#include <fmt/format.h>

#include <cassert>
#include <cstdint>
#include <iterator>
#include <set>
#include <string_view>

namespace bpfmatrix {

namespace {

// The type bits of st_mode, as the format stores them on every architecture.
constexpr unsigned kDirectory = 0040000;
constexpr unsigned kRegular = 0100000;
constexpr unsigned kSymlink = 0120000;
constexpr unsigned kCharDevice = 0020000;

/// The bytes of one entry in the archive.
struct Record {
  unsigned mode = 0;
  unsigned links = 1;
  unsigned major = 0;
  unsigned minor = 0;
  std::string_view bytes{};
};

Record record_of(const CpioEntry& entry) {
  struct {
    unsigned permissions;
    Record operator()(const CpioDirectory&) const { return {kDirectory | permissions, 2}; }
    Record operator()(const CpioFile& file) const {
      return {kRegular | permissions, 1, 0, 0, file.bytes};
    }
    Record operator()(const CpioSymlink& link) const {
      return {kSymlink | 0777, 1, 0, 0, link.target};
    }
    Record operator()(const CpioCharDevice& device) const {
      return {kCharDevice | permissions, 1, device.major, device.minor, {}};
    }
  } visitor{entry.permissions};
  return std::visit(visitor, entry.what);
}

class Archive {
 public:
  void add(std::string_view path, const Record& record) {
    assert(record.bytes.size() <= UINT32_MAX);
    // magic ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize
    // check
    fmt::format_to(
        std::back_inserter(bytes_),
        "070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}",
        inode_++, record.mode, 0, 0, record.links, 0, record.bytes.size(), 0, 0, record.major,
        record.minor, path.size() + 1, 0);
    bytes_ += path;
    bytes_ += '\0';
    pad_to(4);
    bytes_ += record.bytes;
    pad_to(4);
  }

  void add_parents(std::string_view path) {
    for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
      const std::string_view parent = path.substr(0, slash);
      if (!directories_.contains(parent)) add_entry({std::string(parent), CpioDirectory{}});
    }
  }

  void add_entry(const CpioEntry& entry) {
    if (std::holds_alternative<CpioDirectory>(entry.what)) directories_.insert(entry.path);
    add(entry.path, record_of(entry));
  }

  std::string finish() {
    inode_ = 0;
    add("TRAILER!!!", Record{});
    pad_to(512);  // as cpio(1) does; some kernels read an initrd in whole blocks
    return std::move(bytes_);
  }

  void reserve(std::size_t size) { bytes_.reserve(size); }

 private:
  void pad_to(std::size_t alignment) {
    bytes_.append((alignment - bytes_.size() % alignment) % alignment, '\0');
  }

  std::string bytes_{};
  std::set<std::string, std::less<>> directories_{};
  unsigned inode_ = 1;
};

}  // namespace

std::string cpio_newc(const std::vector<CpioEntry>& entries) {
  Archive archive;
  std::size_t size = 1024;
  for (const CpioEntry& entry : entries) size += record_of(entry).bytes.size() + 512;
  archive.reserve(size);
  for (const CpioEntry& entry : entries) {
    archive.add_parents(entry.path);
    archive.add_entry(entry);
  }
  return archive.finish();
}

}  // namespace bpfmatrix
