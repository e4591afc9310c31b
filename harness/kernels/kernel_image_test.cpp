#include "kernels/kernel_image.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/file.h"
#include "base/temp_dir.h"
#include "kernels/fake_archive.h"

namespace bpfmatrix {
namespace {

constexpr std::string_view kRelease = "6.1.0-50-cloud-amd64";
constexpr std::string_view kText = "..Linux version %s..Linux version 6.1.0-50-cloud-amd64 (me)..";

std::string with_u32(std::string bytes, std::size_t at, std::uint32_t value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

std::string flat_arm64(const std::string& btf) {
  std::string image(64, '\0');
  image.replace(0x38, 4, "ARM\x64");
  return image + std::string(kText) + btf;
}

std::string zboot(const std::string& payload) {
  std::string image(64, '\0');
  image.replace(0, 2, "MZ");
  image.replace(4, 4, "zimg");
  image = with_u32(with_u32(image, 8, 64), 12, static_cast<std::uint32_t>(payload.size()));
  return image + payload;
}

/// An ELF file with the text, a .BTF section (unless empty) and the section names.
std::string elf_kernel(std::uint16_t machine, const std::string& btf) {
  const std::string names("\0.BTF\0.names\0", 13);
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = machine;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  header.e_shstrndx = 2;
  header.e_shoff = sizeof header;
  Elf64_Shdr sections[3] = {};
  const std::size_t data = sizeof header + sizeof sections;
  sections[1].sh_name = btf.empty() ? 6 : 1;
  sections[1].sh_type = SHT_PROGBITS;
  sections[1].sh_offset = data;
  sections[1].sh_size = btf.size();
  sections[2].sh_name = 6;
  sections[2].sh_type = SHT_STRTAB;
  sections[2].sh_offset = data + btf.size();
  sections[2].sh_size = names.size();
  std::string out(reinterpret_cast<const char*>(&header), sizeof header);
  out.append(reinterpret_cast<const char*>(sections), sizeof sections);
  return out + btf + names + std::string(kText);
}

/// One block that is not really compressed: a token, the length, the bytes themselves.
std::string legacy_lz4(const std::string& bytes) {
  std::string block(1, '\xf0');
  std::size_t left = bytes.size() - 15;
  for (; left >= 255; left -= 255) block += '\xff';
  block += static_cast<char>(left);
  block += bytes;
  std::string stream("\x02\x21\x4c\x18", 4);
  stream = with_u32(stream + "????", 4, static_cast<std::uint32_t>(block.size()));
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

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(Image, a_bzimage_gives_release_and_btf_whatever_its_payload_is_packed_with) {
  for (const Packing packing :
       {Packing::gzip, Packing::bzip2, Packing::lzma, Packing::xz, Packing::lz4, Packing::zstd}) {
    const auto image = read(fake_bzimage(kRelease, fake_btf(9), packing));
    ASSERT_TRUE(image) << static_cast<int>(packing) << ": " << image.error().message;
    EXPECT_EQ(image->format, ImageFormat::bzimage);
    EXPECT_EQ(image->arch, Arch::x86_64);
    EXPECT_EQ(image->release, kRelease);
    EXPECT_EQ(image->btf, fake_btf(9));
  }
}

TEST_F(Image, the_kernels_own_lz4_format_is_read) {
  const std::string kernel = elf_kernel(EM_X86_64, fake_btf(20));
  std::string payload = legacy_lz4(kernel) + "size";
  std::string image = fake_bzimage(kRelease, "").substr(0, 1024) + payload;
  image = with_u32(image, 0x24c, static_cast<std::uint32_t>(payload.size()));
  const auto read_back = read(image);
  ASSERT_TRUE(read_back) << read_back.error().message;
  EXPECT_EQ(read_back->btf, fake_btf(20));
}

TEST_F(Image, no_btf_is_not_an_error) {
  const auto image = read(fake_bzimage(kRelease, ""));
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->btf, "");
}

TEST_F(Image, arm64_images_are_read_flat_compressed_and_behind_an_efi_loader) {
  const std::string flat = flat_arm64(fake_btf(2));
  for (const std::string& bytes : {flat, pack(flat, Packing::gzip), pack(flat, Packing::zstd),
                                   zboot(pack(flat, Packing::gzip))}) {
    const auto image = read(bytes);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->arch, Arch::aarch64);
    EXPECT_EQ(image->btf, fake_btf(2));
    EXPECT_EQ(image->wrapped, bytes.starts_with("\x1f\x8b") || bytes.starts_with("\x28\xb5"));
  }
  EXPECT_EQ(read(zboot(pack(flat, Packing::gzip)))->format, ImageFormat::efi_zboot);
}

TEST_F(Image, vmlinux_gives_its_btf_section) {
  const auto image = read(elf_kernel(EM_AARCH64, fake_btf(3)));
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->format, ImageFormat::elf);
  EXPECT_EQ(image->arch, Arch::aarch64);
  EXPECT_EQ(image->btf, fake_btf(3));
  EXPECT_EQ(read(elf_kernel(EM_X86_64, ""))->btf, "");
}

TEST_F(Image, a_broken_btf_section_is_an_error_and_not_no_btf) {
  std::string btf = fake_btf(3);
  btf[8] = 9;
  EXPECT_FALSE(read(elf_kernel(EM_X86_64, btf)));
}

TEST_F(Image, what_is_no_kernel_is_named) {
  const auto text = read("hello");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message,
            "'" + (dir_->path() / "vmlinuz").string() + "': not a kernel image");
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read(pack("hello", Packing::gzip)));
  EXPECT_FALSE(read(elf_kernel(EM_S390, "")));
  EXPECT_FALSE(read(with_u32(fake_bzimage(kRelease, ""), 0x236, 0)));  // 32-bit
}

TEST_F(Image, truncated_images_are_errors) {
  const std::string image = fake_bzimage(kRelease, fake_btf(500), Packing::xz);
  for (std::size_t size = 0; size < image.size(); size += 101) {
    EXPECT_FALSE(read(image.substr(0, size))) << size;
  }
}

TEST_F(Image, damaged_images_are_errors_or_read_but_never_more) {
  const std::string image = fake_bzimage(kRelease, fake_btf(50));
  for (std::size_t at = 0x1f0; at < image.size(); at += 31) {
    std::string damaged = image;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
    (void)read(damaged);
  }
  const std::string elf = elf_kernel(EM_X86_64, fake_btf(2));
  for (std::size_t at = 0; at < sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Shdr); at += 3) {
    std::string damaged = elf;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    (void)read(damaged);
  }
}

}  // namespace
}  // namespace bpfmatrix
