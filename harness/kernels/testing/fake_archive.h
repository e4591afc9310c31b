// For tests: a Debian archive in memory, with a key of its own, and the kernels in it.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/temp_dir.h"
#include "kernels/fetch/fetch_options.h"
#include "kernels/testing/fake_server.h"

namespace bpfmatrix {

enum class Packing { none, gzip, bzip2, lzma, xz, lz4, zstd };

/// `bytes` as one stream of that kind.
std::string pack(std::string_view bytes, Packing packing);

/// A BTF blob with a task_struct and `extra` more types.
std::string fake_btf(int extra = 0);
/// The smallest thing that passes for a bzImage with BTF inside.
std::string fake_bzimage(std::string_view release, std::string_view btf,
                         Packing packing = Packing::gzip);

/// One entry of a tarball.
struct FakeEntry {
  enum class Kind { file, symlink, hardlink, device, folder };
  std::string path{};
  std::string body{};
  Kind kind = Kind::file;
};
std::string make_tar(const std::vector<FakeEntry>& entries, Packing packing = Packing::xz);
/// A cpio archive as RPM has it.
std::string make_cpio(const std::vector<FakeEntry>& entries, Packing packing = Packing::xz);
std::string make_deb(const std::vector<FakeEntry>& entries, Packing packing = Packing::xz);

struct FakePackage {
  std::string name{};
  std::string version{};
  std::string depends{};
  std::vector<FakeEntry> entries{};
};

/// Runs a program that has to succeed.
void must_run(const std::vector<std::string>& argv);

/// When a key was made, expires and signs: "20181120T000000"; empty: now.
struct FakeKeyLife {
  std::string algorithm = "ed25519";
  std::string made{};
  std::string expires = "never";
  std::string signs{};
};

/// A signing key that lives as long as this object.
class FakeKey {
 public:
  explicit FakeKey(FakeKeyLife life = {});
  ~FakeKey();
  FakeKey(const FakeKey&) = delete;
  FakeKey& operator=(const FakeKey&) = delete;

  std::string clearsign(const std::string& text) const;
  /// Writes the public key where a keyring is wanted.
  void export_to(const std::filesystem::path& path) const;
  /// The same in the armoured form that RPM takes.
  void export_armoured_to(const std::filesystem::path& path) const;
  /// Forty hex digits.
  std::string fingerprint() const;
  /// From now on the key has always been one that expires then.
  void end_at(const std::string& time) const;
  void sign_rpm(const std::filesystem::path& rpm, const std::string& digest) const;

 private:
  std::vector<std::string> gpg(const std::string& at) const;

  FakeKeyLife life_;
  TempDir home_;
};

/// What a Release file says of itself; the dates are seconds from now.
struct FakeRelease {
  std::string suite = "bookworm";
  std::string codename = "bookworm";
  std::chrono::seconds date{-3600};
  std::chrono::seconds valid_until{86400};
  bool by_hash = false;
  std::string version{};
};

/// Serves packages as a mirror would; everything can be tampered with through `server`.
class FakeArchive {
 public:
  /// Everything lies below `under`, an absolute path.
  explicit FakeArchive(std::string under = "", FakeKeyLife life = {});

  void publish(const std::vector<FakePackage>& packages, const FakeRelease& release = {});
  /// The Release text of the last publish, to be changed and served again by `serve_release`.
  const std::string& release_text() const { return release_text_; }
  void serve_release(const std::string& text, const FakeKey& key);
  /// Options that point at this archive, its keyring and a store of its own; quick to give up.
  FetchOptions options() const;

  FakeServer& server() { return server_; }
  const FakeKey& key() const { return key_; }
  /// The InRelease file as it is served.
  const std::string& release() const { return release_; }
  /// What the catalog would name: the fingerprint of `key`, without asking gpg for it.
  const std::vector<std::string>& keys() const { return keys_; }
  const std::filesystem::path& keyrings() const { return keyrings_.path(); }
  std::string release_path() const { return under_ + "/dists/bookworm/InRelease"; }
  std::string index_path() const {
    return under_ + "/dists/bookworm/main/binary-amd64/Packages.xz";
  }
  static std::string pool_path(const FakePackage& package);

 private:
  std::string under_;
  FakeServer server_{};
  FakeKey key_;
  TempDir keyrings_;
  TempDir store_;
  std::vector<std::string> keys_{};
  std::string release_text_{};
  std::string release_{};
};

/// A metapackage and its one-package image, as in Debian 12.
std::vector<FakePackage> classic_kernel(std::string_view release = "6.1.0-50-cloud-amd64");
/// The same split into linux-base, linux-binary, linux-modules, as from 7.0 on.
std::vector<FakePackage> split_kernel(std::string_view release = "7.2.12+deb13-cloud-amd64");

}  // namespace bpfmatrix
