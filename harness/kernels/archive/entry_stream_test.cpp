#include "kernels/archive/entry_stream.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "kernels/archive/cpio_names.h"
#include "kernels/archive/deb_archive.h"
#include "kernels/archive/decompress.h"
#include "kernels/archive/rpm_archive.h"
#include "kernels/archive/tar_tree.h"
#include "kernels/testing/fake_archive.h"
#include "kernels/testing/fake_rpm.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Result<std::optional<std::string>> take_all_entries(std::string_view path) {
  return std::optional<std::string>(path);
}

/// The header of a file of holes as old GNU tar wrote it: nothing in it, and as large as it says.
std::string sparse_header(const std::string& name, std::uint64_t size, bool goes_on = false) {
  std::string header(512, '\0');
  const auto put = [&header](std::size_t at, std::string_view text) {
    header.replace(at, text.size(), text);
  };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, "00000000000");
  put(136, "00000000000");
  put(148, "        ");
  put(156, "S");
  put(257, "ustar  ");
  put(386, fmt::format("{:011o}", size));  // where the only, empty, piece is
  put(398, fmt::format("{:011o}", 0));
  if (goes_on) header[482] = 1;
  put(483, fmt::format("{:011o}", size));
  unsigned sum = 0;
  for (const unsigned char byte : header) sum += byte;
  put(148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  return header;
}

/// A header of a cpio archive with a name and a file of these sizes.
std::string cpio_header(std::uint32_t name_bytes, std::uint32_t file_bytes) {
  return "070701" + std::string(48, '0') + fmt::format("{:08x}", file_bytes) +
         std::string(32, '0') + fmt::format("{:08x}", name_bytes) + std::string(8, '0');
}

class Entries : public ::testing::Test {
 protected:
  std::string error_of(const Result<>& done) const { return done ? "" : done.error().message; }
  Result<> unpack(const std::string& tar, std::uint64_t max_bytes) {
    EXPECT_TRUE(write_file(file_, tar));
    return unpack_tree(file_, dir_->path() / "tree", {.max_bytes = max_bytes});
  }

  Result<TempDir> dir_ = TempDir::create();
  fs::path file_ = dir_->path() / "archive";
};

TEST_F(Entries, holes_count_as_what_they_will_be) {
  const std::string end(1024, '\0');
  const std::uint64_t size = 64 << 20;
  const std::string tar = sparse_header("k/a", size) + sparse_header("k/b", size) + end;
  ASSERT_EQ(error_of(unpack(tar, 2 * size)), "");
  EXPECT_EQ(fs::file_size(dir_->path() / "tree" / "b"), size);
  fs::remove_all(dir_->path() / "tree");
  EXPECT_EQ(error_of(unpack(tar, 2 * size - 1)),
            fmt::format("'{}': 'b': more than {} bytes", file_.string(), 2 * size - 1));
}

TEST_F(Entries, holes_without_end_do_not_fill_the_memory) {
  std::string more(512, '\0');
  more[504] = 1;  // and another block of them follows
  std::string tar = sparse_header("k/a", 64, true);
  while (tar.size() < (17 << 20)) tar += more;
  EXPECT_THAT(error_of(unpack(pack(tar, Packing::zstd), 1 << 20)),
              HasSubstr("a header of more than 16777216 bytes"));
}

TEST_F(Entries, a_name_in_a_package_does_not_take_the_memory_that_it_says) {
  ASSERT_TRUE(write_file(
      file_, wrap_in_rpm(pack(cpio_header(0xDD000000, 0) + std::string(400, 'x'), Packing::gzip))));
  EXPECT_THAT(error_of(unpack_rpm(file_, dir_->path() / "into", take_all_entries)),
              HasSubstr("a name of 3707764736 bytes in it"));
}

TEST_F(Entries, only_a_regular_file_is_an_archive) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  const std::string error = "'" + file_.string() + "': not a regular file";
  const fs::path into = dir_->path() / "into";
  EXPECT_EQ(error_of(unpack_tree(file_, into)), error);
  EXPECT_EQ(error_of(unpack_rpm(file_, into, take_all_entries)), error);
  EXPECT_EQ(error_of(unpack_deb(file_, into, take_all_entries)), error);
  const auto sink = [](std::string_view) { return Result<>(); };
  EXPECT_EQ(error_of(decompress_file(file_, 1000, sink)), error);
}

TEST(CpioNames, are_found_however_the_archive_is_cut) {
  const auto entry = [](const std::string& name, const std::string& body) {
    std::string bytes = cpio_header(static_cast<std::uint32_t>(name.size() + 1),
                                    static_cast<std::uint32_t>(body.size()));
    bytes += name;
    bytes.append(4 - bytes.size() % 4, '\0');
    bytes += body;
    return bytes.append((4 - bytes.size() % 4) % 4, '\0');
  };
  const std::string end = entry("TRAILER!!!", "") + "what comes after it does not matter";
  const std::string good = entry("a", "") + entry("bc", "body") + entry("d", std::string(999, 'x'));
  const std::string long_name = cpio_header((1 << 16) + 1, 0) + std::string(100, 'n');
  for (const std::size_t size : {1, 7, 121, 100'000}) {
    const auto error_of = [size](std::string_view bytes) {
      CpioNames names;
      for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) {
        if (const Result<> ok = names.take(bytes.substr(0, size)); !ok) return ok.error().message;
      }
      return std::string();
    };
    EXPECT_EQ(error_of(good + end), "");
    EXPECT_EQ(error_of(good + long_name), "a name of 65537 bytes in it");
    EXPECT_EQ(error_of(good + std::string(200, '0')), "not a cpio archive as rpm writes it");
    EXPECT_EQ(error_of("070701" + std::string(200, 'g')), "not a cpio archive as rpm writes it");
  }
}

// libarchive goes on to the next header where ours would be none, and does not end there.
TEST(CpioNames, are_those_that_libarchive_will_come_to) {
  const std::string long_name = cpio_header((1 << 16) + 1, 0) + std::string(100, 'n');
  std::string damaged = cpio_header(2, 1000) + std::string(100, '\0');
  damaged[10] = 'x';
  EXPECT_EQ(CpioNames().take(damaged + long_name).error().message,
            "not a cpio archive as rpm writes it");
  EXPECT_EQ(CpioNames().take(cpio_header(1 << 30, 0)).error().message,
            "a name of 1073741824 bytes in it");
  const std::string like_the_end = cpio_header(13, 0) + std::string("TRAILER!!!\0x\0\0", 14);
  EXPECT_EQ(CpioNames().take(like_the_end + long_name).error().message,
            "a name of 65537 bytes in it");
}

}  // namespace
}  // namespace bpfmatrix
