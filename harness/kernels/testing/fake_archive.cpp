#include "kernels/testing/fake_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "base/child_process.h"
#include "base/file.h"
#include "base/sha256.h"
#include "kernels/fetch/openpgp_key.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

using WriteHandle = std::unique_ptr<struct archive, decltype(&::archive_write_free)>;

void add_filter(struct archive* handle, Packing packing) {
  switch (packing) {
    case Packing::none:
      return;
    case Packing::gzip:
      ::archive_write_add_filter_gzip(handle);
      // The same bytes whenever they are made.
      ::archive_write_set_filter_option(handle, "gzip", "timestamp", nullptr);
      return;
    case Packing::bzip2:
      ::archive_write_add_filter_bzip2(handle);
      return;
    case Packing::lzma:
      ::archive_write_add_filter_lzma(handle);
      return;
    case Packing::xz:
      ::archive_write_add_filter_xz(handle);
      return;
    case Packing::lz4:
      ::archive_write_add_filter_lz4(handle);
      return;
    case Packing::zstd:
      ::archive_write_add_filter_zstd(handle);
      return;
  }
}

la_ssize_t append_to_string(struct archive*, void* text, const void* bytes, std::size_t n) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), n);
  return static_cast<la_ssize_t>(n);
}

/// What `fill` writes into an archive that `set_up` made.
std::string write_archive(const std::function<void(struct archive*)>& set_up,
                          const std::function<void(struct archive*)>& fill) {
  std::string out;
  const WriteHandle handle(::archive_write_new(), &::archive_write_free);
  set_up(handle.get());
  ::archive_write_set_bytes_in_last_block(handle.get(), 1);
  ::archive_write_open(handle.get(), &out, nullptr, append_to_string, nullptr);
  fill(handle.get());
  ::archive_write_close(handle.get());
  return out;
}

void set_kind(struct archive_entry* entry, const FakeEntry& fake) {
  ::archive_entry_set_filetype(entry, AE_IFREG);
  ::archive_entry_set_size(entry, 0);
  switch (fake.kind) {
    case FakeEntry::Kind::file:
      ::archive_entry_set_size(entry, static_cast<la_int64_t>(fake.body.size()));
      return;
    case FakeEntry::Kind::symlink:
      ::archive_entry_set_filetype(entry, AE_IFLNK);
      ::archive_entry_set_symlink(entry, fake.body.c_str());
      return;
    case FakeEntry::Kind::hardlink:
      ::archive_entry_set_hardlink(entry, fake.body.c_str());
      return;
    case FakeEntry::Kind::device:
      ::archive_entry_set_filetype(entry, AE_IFCHR);
      return;
    case FakeEntry::Kind::folder:
      ::archive_entry_set_filetype(entry, AE_IFDIR);
      return;
  }
}

void add_entry(struct archive* handle, const FakeEntry& fake) {
  struct archive_entry* entry = ::archive_entry_new();
  ::archive_entry_set_pathname(entry, fake.path.c_str());
  ::archive_entry_set_perm(entry, 0644);
  set_kind(entry, fake);
  ::archive_write_header(handle, entry);
  if (fake.kind == FakeEntry::Kind::file) {
    ::archive_write_data(handle, fake.body.data(), fake.body.size());
  }
  ::archive_entry_free(entry);
}

void put_u32(std::string& bytes, std::size_t at, std::uint32_t value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

void append_u32(std::string& bytes, std::uint32_t value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string date(std::chrono::seconds from_now) {
  const auto time = std::chrono::system_clock::now() + from_now;
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} UTC",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string stanza(const FakePackage& package, const std::string& deb) {
  std::string text =
      fmt::format("Package: {}\nVersion: {}\nArchitecture: amd64\n", package.name, package.version);
  if (!package.depends.empty()) text += "Depends: " + package.depends + "\n";
  return text + fmt::format(
                    "Description: of no use\n and more of it\nFilename: {}\nSize: {}\n"
                    "SHA256: {}\n\n",
                    FakeArchive::pool_path(package).substr(1), deb.size(), sha256_hex(deb));
}

std::string make_release(const FakeRelease& release, const std::string& index) {
  std::string text = fmt::format("Origin: Test\nSuite: {}\nCodename: {}\nDate: {}\n", release.suite,
                                 release.codename, date(release.date));
  if (release.valid_until.count() != 0) {
    text += fmt::format("Valid-Until: {}\n", date(release.valid_until));
  }
  if (!release.version.empty()) text += "Version: " + release.version + "\n";
  if (release.by_hash) text += "Acquire-By-Hash: yes\n";
  return text + fmt::format("SHA256:\n {} {} main/binary-amd64/Packages.xz\n", sha256_hex(index),
                            index.size());
}

}  // namespace

std::string pack(std::string_view bytes, Packing packing) {
  return write_archive(
      [packing](struct archive* handle) {
        ::archive_write_set_format_raw(handle);
        add_filter(handle, packing);
      },
      [&](struct archive* handle) {
        add_entry(handle, FakeEntry{.path = "data", .body = std::string(bytes)});
      });
}

std::string fake_btf(int extra) {
  std::string types;
  for (int i = 0; i <= extra; ++i) {
    append_u32(types, 1);         // name: task_struct
    append_u32(types, 4U << 24);  // an empty struct
    append_u32(types, 64);
  }
  const std::string strings("\0task_struct\0", 13);
  std::string blob("\x9f\xeb\x01\x00", 4);
  const auto type_bytes = static_cast<std::uint32_t>(types.size());
  for (const std::uint32_t field : {24U, 0U, type_bytes, type_bytes, 13U}) append_u32(blob, field);
  return blob + types + strings;
}

std::string fake_bzimage(std::string_view release, std::string_view btf, Packing packing) {
  const std::string kernel =
      fmt::format("....Linux version %s (%s)....Linux version {} (me) #1....{}....", release, btf);
  std::string payload = pack(kernel, packing);
  if (packing != Packing::gzip) append_u32(payload, static_cast<std::uint32_t>(kernel.size()));
  std::string image(1024, '\0');
  image[0x1f1] = 1;  // one sector of setup code behind the boot sector
  image[0x1fe] = '\x55';
  image[0x1ff] = '\xaa';
  image.replace(0x202, 4, "HdrS");
  image[0x206] = 0x0f;
  image[0x207] = 0x02;
  image[0x236] = 1;  // 64-bit
  put_u32(image, 0x248, 0);
  put_u32(image, 0x24c, static_cast<std::uint32_t>(payload.size()));
  return image + payload;
}

std::string make_tar(const std::vector<FakeEntry>& entries, Packing packing) {
  return write_archive(
      [packing](struct archive* handle) {
        ::archive_write_set_format_gnutar(handle);
        add_filter(handle, packing);
      },
      [&](struct archive* handle) {
        for (const FakeEntry& entry : entries) add_entry(handle, entry);
      });
}

std::string make_cpio(const std::vector<FakeEntry>& entries, Packing packing) {
  return write_archive(
      [packing](struct archive* handle) {
        ::archive_write_set_format_cpio_newc(handle);
        add_filter(handle, packing);
      },
      [&](struct archive* handle) {
        for (const FakeEntry& entry : entries) add_entry(handle, entry);
      });
}

std::string make_deb(const std::vector<FakeEntry>& entries, Packing packing) {
  const char* ending = packing == Packing::zstd ? ".zst" : packing == Packing::gzip ? ".gz" : ".xz";
  return write_archive(
      [](struct archive* handle) { ::archive_write_set_format_ar_svr4(handle); },
      [&](struct archive* handle) {
        add_entry(handle, {.path = "debian-binary", .body = "2.0\n"});
        add_entry(handle, {.path = "control.tar.xz",
                           .body = make_tar({{.path = "./control"}}, Packing::xz)});
        add_entry(handle,
                  {.path = std::string("data.tar") + ending, .body = make_tar(entries, packing)});
      });
}

void must_run(const std::vector<std::string>& argv) {
  const Result<CommandOutput> output = run_command(Command{.argv = argv}, std::chrono::seconds(60));
  if (!output || !output->status.success()) {
    ADD_FAILURE() << shell_quote(argv) << ": " << (output ? output->err : output.error().message);
    std::abort();
  }
}

FakeKey::FakeKey(FakeKeyLife life) : life_(std::move(life)), home_(*TempDir::create("key-")) {
  std::vector<std::string> argv = gpg(life_.made);
  argv.insert(argv.end(), {"--quick-gen-key", "Test Archive <archive@example.invalid>",
                           life_.algorithm, "sign", life_.expires});
  must_run(argv);
}

FakeKey::~FakeKey() { must_run({"gpgconf", "--homedir", home_.path(), "--kill", "gpg-agent"}); }

std::vector<std::string> FakeKey::gpg(const std::string& at) const {
  std::vector<std::string> argv{
      "gpg",     "--homedir",    home_.path(), "--batch",         "--yes",
      "--quiet", "--passphrase", "",           "--pinentry-mode", "loopback"};
  if (!at.empty()) argv.insert(argv.end(), {"--faked-system-time", at});
  return argv;
}

std::string FakeKey::clearsign(const std::string& text) const {
  const fs::path in = home_.path() / "text";
  const fs::path out = home_.path() / "signed";
  EXPECT_TRUE(write_file(in, text));
  std::vector<std::string> argv = gpg(life_.signs);
  argv.insert(argv.end(), {"--digest-algo", "SHA256", "--output", out, "--clearsign", in});
  must_run(argv);
  return *read_file(out, 1 << 20);
}

void FakeKey::export_to(const fs::path& path) const {
  std::vector<std::string> argv = gpg("");
  argv.insert(argv.end(), {"--output", path, "--export"});
  must_run(argv);
}

void FakeKey::export_armoured_to(const fs::path& path) const {
  std::vector<std::string> argv = gpg("");
  argv.insert(argv.end(), {"--armor", "--output", path, "--export"});
  must_run(argv);
}

std::string FakeKey::fingerprint() const {
  std::vector<std::string> argv = gpg("");
  argv.insert(argv.end(), {"--with-colons", "--list-keys"});
  const Result<CommandOutput> listed = run_command(Command{.argv = argv}, std::chrono::seconds(60));
  const auto at = listed->out.find("\nfpr:");
  return listed->out.substr(listed->out.find_first_not_of(':', at + 4), 40);
}

void FakeKey::end_at(const std::string& time) const {
  std::vector<std::string> argv = gpg(life_.signs);
  argv.insert(argv.end(), {"--quick-set-expire", fingerprint(), time});
  must_run(argv);
}

void FakeKey::sign_rpm(const fs::path& rpm, const std::string& digest) const {
  std::vector<std::string> argv{"rpmsign",
                                "--define",
                                "_gpg_name Test Archive",
                                "--define",
                                "_gpg_path " + home_.path().string(),
                                "--define",
                                "_gpg_digest_algo " + digest,
                                "--define",
                                "__gpg /usr/bin/gpg"};
  if (!life_.signs.empty()) {
    argv.insert(argv.end(),
                {"--define", "_gpg_sign_cmd_extra_args --faked-system-time " + life_.signs});
  }
  argv.insert(argv.end(), {"--addsign", rpm.string()});
  must_run(argv);
}

FakeArchive::FakeArchive(std::string under, FakeKeyLife life)
    : under_(std::move(under)),
      key_(std::move(life)),
      keyrings_(*TempDir::create()),
      store_(*TempDir::create()) {
  const fs::path keyring = keyrings_.path() / "test.gpg";
  key_.export_to(keyring);
  keys_ = {read_keyring(*read_file(keyring, 1 << 20))->front().primary.fingerprint};
}

std::string FakeArchive::pool_path(const FakePackage& package) {
  return fmt::format("/pool/main/l/linux/{}_{}_amd64.deb", package.name, package.version);
}

void FakeArchive::publish(const std::vector<FakePackage>& packages, const FakeRelease& release) {
  std::string index = "Package: kmod\nVersion: 1\nArchitecture: amd64\n\n";
  for (const FakePackage& package : packages) {
    const std::string deb = make_deb(package.entries);
    server_.put(under_ + pool_path(package), deb);
    index += stanza(package, deb);
  }
  const std::string packed = pack(index, Packing::xz);
  if (release.by_hash) {
    server_.put(under_ + "/dists/bookworm/main/binary-amd64/by-hash/SHA256/" + sha256_hex(packed),
                packed);
  } else {
    server_.put(index_path(), packed);
  }
  release_text_ = make_release(release, packed);
  serve_release(release_text_, key_);
}

void FakeArchive::serve_release(const std::string& text, const FakeKey& key) {
  release_ = key.clearsign(text);
  server_.put(release_path(), release_);
}

FetchOptions FakeArchive::options() const {
  FetchOptions options{.mirror = server_.url(), .store = Store(store_.path() / "cache")};
  options.keyrings = keyrings_.path();
  options.limits.retry_pause = std::chrono::milliseconds(0);
  options.limits.retries = 1;
  options.limits.stall_timeout = std::chrono::seconds(1);
  options.lock_timeout = std::chrono::seconds(30);
  return options;
}

std::vector<FakePackage> classic_kernel(std::string_view release) {
  const std::string r(release);
  const std::string image = "linux-image-" + r;
  return {{.name = "linux-image-cloud-amd64",
           .version = "6.1.176-1",
           .depends = image + " (= 6.1.176-1)",
           .entries = {}},
          {.name = image,
           .version = "6.1.176-1",
           .depends = "kmod, linux-base (>= 4.3~), initramfs-tools (>= 0.120+deb8u2) | "
                      "linux-initramfs-tool",
           .entries = {{.path = "./boot/vmlinuz-" + r, .body = fake_bzimage(release, fake_btf())},
                       {.path = "./boot/config-" + r, .body = "CONFIG_DEBUG_INFO_BTF=y\n"},
                       {.path = "./boot/System.map-" + r,
                        .body = "ffffffffffffffff B The real System.map is in the " + image +
                                "-dbg package\n"},
                       {.path = "./lib/modules/" + r + "/kernel/fs/a.ko", .body = "module"},
                       {.path = "./lib/modules/" + r + "/modules.builtin", .body = "builtin"},
                       {.path = "./lib/modules/" + r + "/build",
                        .body = "/usr/src/linux-headers",
                        .kind = FakeEntry::Kind::symlink},
                       {.path = "./usr/share/doc/x/changelog", .body = "text"}}}};
}

std::vector<FakePackage> split_kernel(std::string_view release) {
  const std::string r(release);
  const std::string version = "7.2.12-1~bpo13+1";
  const auto exact = [&](const std::string& name) {
    return fmt::format("linux-{}-{} (= {})", name, r, version);
  };
  const std::string folder = "./usr/lib/modules/" + r;
  return {{.name = "linux-image-cloud-amd64",
           .version = version,
           .depends = fmt::format("linux-base-cloud-amd64 (= {}), {}", version, exact("image")),
           .entries = {}},
          {.name = "linux-image-" + r,
           .version = version,
           .depends = "dracut | initramfs-tools, " + exact("base") + ", " + exact("binary") + ", " +
                      exact("modules"),
           .entries = {}},
          {.name = "linux-base-" + r,
           .version = version,
           .depends = "",
           .entries = {{.path = folder + "/config", .body = "CONFIG_DEBUG_INFO_BTF=y\n"},
                       {.path = folder + "/System.map", .body = "ffffffff81000000 T _text\n"}}},
          {.name = "linux-binary-" + r,
           .version = version,
           .depends = exact("base"),
           .entries = {{.path = folder + "/vmlinuz", .body = fake_bzimage(release, fake_btf())}}},
          {.name = "linux-modules-" + r,
           .version = version,
           .depends = "kmod, " + exact("base"),
           .entries = {{.path = folder + "/kernel/fs/a.ko.xz", .body = "module"}}}};
}

}  // namespace bpfmatrix
