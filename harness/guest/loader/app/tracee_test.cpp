#include "guest/loader/app/tracee.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"

namespace bpfmatrix::guest {
namespace {

// The ids as 6.1 prints them.
TEST(Fdinfo, ids_of_programs_maps_and_btf) {
  EXPECT_EQ(parse_fdinfo("pos:\t0\nflags:\t02000002\nmnt_id:\t15\nprog_type:\t2\nprog_jited:\t1\n"
                         "prog_tag:\t57cd311f2e27366b\nmemlock:\t4096\nprog_id:\t37\n"),
            (DescriptorIds{.program = 37}));
  EXPECT_EQ(parse_fdinfo("map_type:\t2\nkey_size:\t4\nvalue_size:\t16\nmap_id:\t5\nfrozen:\t0\n"),
            (DescriptorIds{.map = 5}));
  EXPECT_EQ(parse_fdinfo("pos:\t0\nbtf_id:\t1\n"), (DescriptorIds{.btf = 1}));
}

TEST(Fdinfo, a_link_is_not_the_program_it_names) {
  EXPECT_EQ(parse_fdinfo("link_type:\ttracing\nlink_id:\t3\nprog_tag:\taa\nprog_id:\t37\n"),
            DescriptorIds());
}

TEST(Fdinfo, damaged_text_has_no_ids) {
  for (const char* text : {"", "prog_id", "prog_id:\t", "prog_id:\tx\n", "prog_id:\t99999999999\n",
                           "my_prog_id:\t3\n", "\n\n\n"}) {
    EXPECT_EQ(parse_fdinfo(text), DescriptorIds()) << text;
  }
}

std::uint64_t address_of(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

TEST(Tracee, memory_is_read_exactly_or_not_at_all) {
  const Tracee self(::gettid());
  const char text[] = "seven bytes";
  EXPECT_EQ(self.read(address_of(text), 5), "seven");
  EXPECT_FALSE(self.read(8, 1));
  EXPECT_FALSE(self.read(~std::uint64_t{0} - 4, 16));
  EXPECT_EQ(self.read_text(address_of(text), 64), "seven bytes");
  EXPECT_EQ(self.read_text(address_of(text), 3), "sev");
  EXPECT_EQ(self.read_text(0, 64), "");
  EXPECT_EQ(self.read_text(8, 64), "");
}

TEST(Tracee, text_that_runs_into_unmapped_memory_ends_there) {
  constexpr std::size_t kPage = 4096;
  char* pages = static_cast<char*>(
      ::mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(pages, MAP_FAILED);
  ASSERT_EQ(::munmap(pages + kPage, kPage), 0);
  std::fill_n(pages, kPage, 'a');
  EXPECT_EQ(Tracee(::gettid()).read_text(address_of(pages + kPage - 3), 64), "aaa");
  ::munmap(pages, kPage);
}

TEST(Tracee, descriptors) {
  const Tracee self(::gettid());
  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(self.target(null.get()), "/dev/null");
  EXPECT_EQ(self.ids(null.get()), DescriptorIds());
  EXPECT_EQ(self.target(12345), "");
  EXPECT_EQ(self.ids(12345), DescriptorIds());
}

}  // namespace
}  // namespace bpfmatrix::guest
