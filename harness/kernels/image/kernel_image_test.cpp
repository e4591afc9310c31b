#include "kernels/image/kernel_image.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "kernels/testing/fake_archive.h"
#include "kernels/testing/fake_image.h"

namespace bpfmatrix {
namespace {

constexpr std::string_view kImageRelease = "6.1.0-50-cloud-amd64";
constexpr std::string_view kImageBanner = "Linux version 6.1.0-50-cloud-amd64 (me) #1 SMP";
const std::string kText = "..Linux version %s.." + std::string(kImageBanner) + "\n..";

constexpr Packing kPackings[] = {Packing::gzip, Packing::bzip2, Packing::lzma,
                                 Packing::xz,   Packing::lz4,   Packing::zstd};

std::string image_with_u32(std::string bytes, std::size_t at, std::uint32_t value) {
  put_le(bytes, at, value, 4);
  return bytes;
}

std::string vmlinux(std::uint16_t machine, const std::string& btf) {
  return fake_vmlinux({.machine = machine, .text = kText, .btf = btf});
}

/// One block that is not really compressed: a token, the length, the bytes themselves.
std::string legacy_lz4(const std::string& bytes) {
  std::string block(1, '\xf0');
  std::size_t left = bytes.size() - 15;
  for (; left >= 255; left -= 255) block += '\xff';
  block += static_cast<char>(left);
  block += bytes;
  std::string stream("\x02\x21\x4c\x18", 4);
  stream = image_with_u32(stream + "????", 4, static_cast<std::uint32_t>(block.size()));
  return stream + block;
}

class Image : public testing::Test {
 protected:
  Result<KernelImage> read(const std::string& bytes) {
    EXPECT_TRUE(write_file(dir_->path() / "vmlinuz", bytes));
    auto image = read_kernel_image(dir_->path() / "vmlinuz", dir_->path());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_->path()), {}), 1)
        << "scratch files left";
    return image;
  }

  void expect_refused(const std::string& bytes, const std::string& problem) {
    const auto image = read(bytes);
    ASSERT_FALSE(image) << problem;
    EXPECT_EQ(image.error().message, "'" + (dir_->path() / "vmlinuz").string() + "': " + problem);
  }

  /// What QEMU is given for it.
  Result<std::string> bootable(const std::string& bytes) {
    EXPECT_TRUE(write_file(dir_->path() / "vmlinuz", bytes));
    const Result<TempDir> scratch = TempDir::create();
    auto file = MappedFile::open(dir_->path() / "vmlinuz", kMaxImageBytes);
    if (!file) return file.error();
    const auto opened = open_image(*std::move(file), scratch->path());
    if (!opened) return opened.error();
    const auto found = bootable_image(*opened);
    return found ? Result<std::string>(std::string(*found)) : Result<std::string>(found.error());
  }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(Image, a_bzimage_gives_release_and_btf_whatever_its_payload_is_packed_with) {
  for (const Packing packing : kPackings) {
    for (const std::string& bytes :
         {fake_bzimage(kImageRelease, fake_btf(9), packing),
          fake_bzimage_around(pack(vmlinux(EM_X86_64, fake_btf(9)), packing))}) {
      const auto image = read(bytes);
      ASSERT_TRUE(image) << static_cast<int>(packing) << ": " << image.error().message;
      EXPECT_EQ(image->format, ImageFormat::bzimage);
      EXPECT_EQ(image->arch, Arch::x86_64);
      EXPECT_EQ(image->release, kImageRelease);
      EXPECT_EQ(image->btf, fake_btf(9));
    }
  }
}

TEST_F(Image, the_kernels_own_lz4_format_is_read) {
  const auto image = read(fake_bzimage_around(legacy_lz4(vmlinux(EM_X86_64, fake_btf(20)))));
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->btf, fake_btf(20));
}

TEST_F(Image, the_banner_is_the_whole_line) {
  EXPECT_EQ(read(fake_arm64_image(kText))->banner, kImageBanner);
}

TEST_F(Image, the_banner_is_not_the_one_whose_build_number_is_left_out) {
  const std::string unnumbered = "Linux version 6.1.0-50-cloud-amd64 (me) # SMP\n";
  EXPECT_EQ(read(fake_arm64_image(unnumbered + kText))->banner, kImageBanner);
  EXPECT_EQ(read(fake_arm64_image(unnumbered))->release, kImageRelease);
}

TEST_F(Image, a_banner_may_be_a_release_and_no_more) {
  EXPECT_EQ(read(fake_arm64_image("Linux version 6.1.0-50\n"))->release, "6.1.0-50");
}

TEST_F(Image, no_btf_is_not_an_error) {
  const auto image = read(fake_bzimage(kImageRelease, ""));
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->btf, "");
}

TEST_F(Image, arm64_images_are_read_flat_packed_and_behind_an_efi_loader) {
  const std::string flat = fake_arm64_image(kText + fake_btf(2));
  std::vector<std::string> images{flat, fake_efi_image(kText + fake_btf(2)), legacy_lz4(flat)};
  for (const Packing packing : kPackings) {
    images.push_back(pack(flat, packing));
    images.push_back(fake_zboot(pack(flat, packing), "any"));
  }
  for (const std::string& bytes : images) {
    const auto image = read(bytes);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->arch, Arch::aarch64);
    EXPECT_EQ(image->release, kImageRelease);
    EXPECT_EQ(image->btf, fake_btf(2));
  }
  EXPECT_EQ(read(flat)->format, ImageFormat::arm64_image);
  EXPECT_FALSE(read(flat)->wrapped);
  EXPECT_TRUE(read(pack(flat, Packing::xz))->wrapped);
  EXPECT_EQ(read(fake_zboot(pack(flat, Packing::gzip)))->format, ImageFormat::efi_zboot);
}

TEST_F(Image, vmlinux_gives_its_btf_section) {
  for (const std::string& bytes :
       {vmlinux(EM_AARCH64, fake_btf(3)), pack(vmlinux(EM_AARCH64, fake_btf(3)), Packing::gzip)}) {
    const auto image = read(bytes);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->format, ImageFormat::elf);
    EXPECT_EQ(image->arch, Arch::aarch64);
    EXPECT_EQ(image->btf, fake_btf(3));
  }
  EXPECT_EQ(read(vmlinux(EM_X86_64, ""))->btf, "");
}

TEST_F(Image, a_broken_btf_section_is_an_error_and_not_no_btf) {
  std::string btf = fake_btf(3);
  btf[8] = 9;
  expect_refused(vmlinux(EM_X86_64, btf), "its .BTF section is malformed");
}

TEST_F(Image, types_that_never_end_are_an_error_before_anybody_walks_along_them) {
  // The second of two types: a pointer to itself.
  const std::string btf = image_with_u32(image_with_u32(fake_btf(1), 36 + 4, 2U << 24), 36 + 8, 2);
  for (const std::string& image :
       {fake_bzimage(kImageRelease, btf), vmlinux(EM_X86_64, btf), fake_arm64_image(kText + btf)}) {
    expect_refused(image, "BTF: type 2 is made of itself, without a name in between");
  }
}

TEST_F(Image, types_newer_than_this_program_are_none_of_its_business) {
  const std::string btf = image_with_u32(fake_btf(1), 36 + 4, 25U << 24);
  EXPECT_EQ(read(vmlinux(EM_X86_64, btf))->btf, btf);
}

TEST_F(Image, what_is_no_kernel_is_named) {
  expect_refused("hello", "not a kernel image");
  expect_refused(pack("hello", Packing::gzip), "not a kernel image");
  expect_refused(pack(pack(fake_arm64_image(kText), Packing::gzip), Packing::gzip),
                 "payload: packed more than once");
  expect_refused(vmlinux(EM_S390, ""), "an ELF file for another machine (e_machine 22)");
  expect_refused(image_with_u32(fake_bzimage(kImageRelease, ""), 0x236, 0), "a 32-bit x86 kernel");
  expect_refused(fake_arm64_image("no banner"), "no 'Linux version' text in it");
  expect_refused(fake_zboot(pack("hello", Packing::gzip)),
                 "neither a vmlinux nor an arm64 Image is packed in it");
  EXPECT_FALSE(read(""));
}

TEST_F(Image, what_is_packed_in_another_way_is_named) {
  const std::string lzo("\x89LZO\0\r\n\x1a\n and more bytes than that", 32);
  expect_refused(fake_bzimage_around(lzo), "payload: packed with lzo, which is not supported");
  expect_refused(fake_zboot("lzo?", "lzo"),
                 "an EFI zboot image packed with 'lzo', which is not supported");
  expect_refused(std::string("\x27\x05\x19\x56 a kernel of U-Boot's", 25), "a U-Boot uImage");
  expect_refused(std::string("\xd0\x0d\xfe\xed flattened", 14),
                 "a U-Boot FIT image, or a device tree");
  expect_refused("ANDROID! boot", "an Android boot image");
}

TEST_F(Image, a_header_that_lies_is_an_error) {
  const std::string image = fake_bzimage(kImageRelease, fake_btf(50));
  const std::string outside = "truncated: the payload reaches past the end of the file";
  expect_refused(image_with_u32(image, 0x248, 0xffffffff), outside);
  expect_refused(image_with_u32(image, 0x24c, 0xffffffff), outside);
  expect_refused(image_with_u32(image, 0x248, static_cast<std::uint32_t>(image.size())), outside);
  std::string setup = image;
  setup[0x1f1] = '\xff';
  expect_refused(setup, outside);
  const std::string zboot = fake_zboot(pack(fake_arm64_image(kText), Packing::gzip));
  expect_refused(image_with_u32(zboot, 8, 0xfffffff0), outside);
  expect_refused(image_with_u32(zboot, 12, 0xffffffff), outside);
  expect_refused(fake_bzimage_around(pack(vmlinux(EM_AARCH64, ""), Packing::gzip)),
                 "the header is for x86_64, the kernel in it for aarch64");
  // A payload that is its own header is no compressed stream.
  EXPECT_FALSE(read(image_with_u32(zboot, 8, 0)));
}

TEST_F(Image, truncated_at_any_offset_is_an_error) {
  const std::string flat = fake_arm64_image(kText + fake_btf(50));
  for (const std::string& image :
       {fake_bzimage(kImageRelease, fake_btf(50), Packing::xz),
        fake_bzimage(kImageRelease, fake_btf(50)), fake_zboot(pack(flat, Packing::zstd)),
        fake_efi_image(kText + fake_btf(50)), pack(flat, Packing::gzip),
        vmlinux(EM_X86_64, fake_btf(50))}) {
    ASSERT_TRUE(read(image));
    for (std::size_t size = 0; size < image.size(); size += size < 64 ? 1 : 13) {
      EXPECT_FALSE(read(image.substr(0, size))) << size << " of " << image.size();
    }
    EXPECT_FALSE(read(image.substr(0, image.size() - 1)));
  }
}

TEST_F(Image, damaged_images_are_errors_or_read_but_never_more) {
  const std::string image = fake_bzimage(kImageRelease, fake_btf(50));
  for (std::size_t at = 0x1f0; at < image.size(); at += 31) {
    std::string damaged = image;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
    (void)read(damaged);
  }
  const std::string elf = fake_vmlinux(
      {.text = kText, .notes = elf_note("GNU", 3, std::string(20, 'b')), .btf = fake_btf(2)});
  for (std::size_t at = 0; at < elf.size(); at += 3) {
    std::string damaged = elf;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    (void)read(damaged);
  }
}

/// Peak of this process so far, in bytes.
std::uint64_t peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) << 10;
}

TEST_F(Image, a_bomb_ends_at_the_limit_and_takes_no_memory) {
  // Streams of gzip that follow each other are one stream: 4 GiB of zeros in 4 MiB.
  const std::string part = pack(std::string(16 << 20, '\0'), Packing::gzip);
  std::string bomb;
  for (int i = 0; i < 256; ++i) bomb += part;
  const std::uint64_t before = peak_memory();
  expect_refused(fake_bzimage_around(bomb),
                 "payload: holds more than the limit of 536870912 bytes");
  EXPECT_LT(peak_memory() - before, 64U << 20);
}

TEST_F(Image, a_file_over_the_limit_is_not_looked_at) {
  const auto path = dir_->path() / "vmlinuz";
  ASSERT_TRUE(write_file(path, "x"));
  std::filesystem::resize_file(path, kMaxImageBytes + 1);  // a hole: no byte of it is on the disk
  const auto image = read_kernel_image(path, dir_->path());
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().message,
            "'" + path.string() + "': larger than the limit of 536870912 bytes");
}

TEST_F(Image, qemu_is_given_what_it_can_start) {
  const std::string flat = fake_arm64_image(kText);
  const std::string bzimage = fake_bzimage(kImageRelease, "");
  EXPECT_EQ(*bootable(bzimage), bzimage);
  EXPECT_EQ(*bootable(pack(bzimage, Packing::xz)), bzimage);
  EXPECT_EQ(*bootable(flat), flat);
  EXPECT_EQ(*bootable(pack(flat, Packing::zstd)), flat);
  EXPECT_EQ(*bootable(fake_zboot(pack(flat, Packing::gzip))), flat);

  const auto arm64 = bootable(vmlinux(EM_AARCH64, ""));
  ASSERT_FALSE(arm64);
  EXPECT_EQ(arm64.error().message, "a vmlinux, which QEMU cannot start on aarch64");
  const auto x86 = bootable(vmlinux(EM_X86_64, ""));
  ASSERT_FALSE(x86);
  EXPECT_EQ(x86.error().message, "a vmlinux without the PVH entry, which QEMU cannot start");
  EXPECT_NE(x86.error().hint.find("bzImage"), std::string::npos);
  const std::string pvh =
      fake_vmlinux({.text = kText, .notes = elf_note("Xen", 18, std::string(8, '\0'))});
  EXPECT_EQ(*bootable(pvh), pvh);
}

}  // namespace
}  // namespace bpfmatrix
