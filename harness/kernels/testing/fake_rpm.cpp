#include "kernels/testing/fake_rpm.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxRpmBytes = 256 << 20;

/// A header without a single entry: magic, reserved, no index, no data.
std::string empty_header() { return std::string("\x8e\xad\xe8\x01\0\0\0\0\0\0\0\0\0\0\0\0", 16); }

std::string spec_of(const FakeRpm& rpm, const fs::path& tree) {
  return fmt::format(
      "Name: {}\nVersion: {}\nRelease: {}\nSummary: of no use\nLicense: none\n"
      "AutoReqProv: no\n%description\nof no use\n%install\ncp -a {}/. %{{buildroot}}/\n"
      "%files\n/lib\n",
      rpm.name, rpm.version, rpm.release, tree.string());
}

void write_entries(const FakeRpm& rpm, const fs::path& tree) {
  for (const FakeEntry& entry : rpm.entries) {
    const fs::path path = tree / entry.path;
    fs::create_directories(path.parent_path());
    if (entry.kind == FakeEntry::Kind::symlink) {
      fs::create_symlink(entry.body, path);
    } else {
      EXPECT_TRUE(write_file(path, entry.body));
    }
  }
}

}  // namespace

std::string FakeRpm::file_name() const {
  return fmt::format("{}-{}-{}.{}.rpm", name, version, release, arch);
}

std::string make_rpm(const FakeRpm& rpm, const FakeKey* key, const std::string& digest) {
  const Result<TempDir> folder = TempDir::create("rpm-");
  const fs::path& top = folder->path();
  write_entries(rpm, top / "tree");
  EXPECT_TRUE(write_file(top / "a.spec", spec_of(rpm, top / "tree")));
  must_run({"rpmbuild", "--quiet", "--target", rpm.arch, "--define", "_topdir " + top.string(),
            "--define", "_build_id_links none", "--define", "__os_install_post %{nil}", "--define",
            "_binary_payload w2.xzdio", "-bb", (top / "a.spec").string()});
  const fs::path made = top / "RPMS" / rpm.arch / rpm.file_name();
  if (key != nullptr) key->sign_rpm(made, digest);
  return *read_file(made, kMaxRpmBytes);
}

std::string wrap_in_rpm(const std::string& payload) {
  std::string lead("\xed\xab\xee\xdb\x03\x00", 6);
  lead.resize(96, '\0');
  lead[79] = 5;  // a signature header follows
  return lead + empty_header() + empty_header() + payload;
}

std::vector<FakeRpm> enterprise_kernel(const std::string& release) {
  const std::string r = fmt::format("4.18.0-{}.x86_64", release);
  const std::string folder = "lib/modules/" + r + "/";
  return {{.release = release,
           .entries = {{.path = folder + "vmlinuz", .body = fake_bzimage(r, fake_btf())},
                       {.path = folder + "config", .body = "CONFIG_DEBUG_INFO_BTF=y\n"},
                       {.path = folder + "System.map", .body = "ffffffff81000000 T _text\n"},
                       {.path = folder + ".vmlinuz.hmac", .body = "text"},
                       {.path = folder + "modules.builtin", .body = "builtin"},
                       {.path = folder + "kernel/fs/a.ko.xz", .body = "module"},
                       {.path = folder + "build",
                        .body = "/usr/src/kernels/" + r,
                        .kind = FakeEntry::Kind::symlink}}},
          {.name = "kernel-modules",
           .release = release,
           .entries = {{.path = folder + "kernel/net/b.ko.xz", .body = "module"}}}};
}

}  // namespace bpfmatrix
