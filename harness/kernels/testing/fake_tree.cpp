#include "kernels/testing/fake_tree.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr const char* kMakefile = R"(allnoconfig:
	grep -v CONFIG_DROPPED $(KCONFIG_ALLCONFIG) > $(O)/.config
bzImage:
	@echo "  CC      init/main.o"
	$(CC) $(KCFLAGS) -g -c -o $(O)/vmlinux vmlinux.c
	mkdir -p $(O)/arch/x86/boot $(O)/include/config
	cp image $(O)/arch/x86/boot/bzImage
	echo "ffffffff81000000 T _text" > $(O)/System.map
	echo 5.4.1-own > $(O)/include/config/kernel.release
)";

constexpr const char* kVmlinux =
    "struct task_struct { int pid; long state; } init_task;\nint main(void) { return 0; }\n";

}  // namespace

std::vector<FakeEntry> fake_tree(const std::string& btf) {
  return {{.path = "Makefile", .body = kMakefile},
          {.path = "vmlinux.c", .body = kVmlinux},
          {.path = "image", .body = fake_bzimage("5.4.1-own", btf)},
          {.path = "link", .body = "vmlinux.c", .kind = FakeEntry::Kind::symlink}};
}

void write_tree(const std::vector<FakeEntry>& entries, const fs::path& folder) {
  for (const FakeEntry& entry : entries) {
    fs::create_directories((folder / entry.path).parent_path());
    if (entry.kind == FakeEntry::Kind::symlink) {
      fs::create_symlink(entry.body, folder / entry.path);
    } else {
      ASSERT_TRUE(write_file(folder / entry.path, entry.body));
    }
  }
}

std::string tar_tree(const std::vector<FakeEntry>& entries) {
  std::vector<FakeEntry> below = entries;
  for (FakeEntry& entry : below) entry.path = "linux-5.4.1/" + entry.path;
  return make_tar(below);
}

}  // namespace bpfmatrix
