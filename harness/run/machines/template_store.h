// The templates of a store, shared by any number of processes:
//
//   templates/<key>/        a template that was checked; gone when it is too old or too much
//   templates/<key>.new/    one in the making, by whoever holds the lock; rubbish if nobody does
//   locks/template-<key>
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "guest/session.h"
#include "kernels/store.h"
#include "kernels/store_gc.h"
#include "vm/template.h"

namespace bpfmatrix {

/// A QEMU that may read what another has frozen.
struct QemuBuild {
  std::string version{};
  /// Of the program itself: two builds of one version need not agree.
  std::string sha256{};
};
/// Error: it is not installed, or does not say its version. Blocks at most ten seconds. A program
/// is looked at once: it is taken that it does not change while this process lives.
Result<QemuBuild> qemu_build(Arch arch);

/// What makes one template another.
struct TemplateKey {
  /// As it will be booted; with KVM the processor of this host counts as well.
  VmSpec spec{};
  std::string image_sha256{};
  std::string initramfs_sha256{};
  QemuBuild qemu{};
  /// Of TemplateRequest::files and ::standby, any text that names them.
  std::string files{};
};
/// 64 characters of [0-9a-f].
std::string to_string(const TemplateKey& key);

/// A guest whose agent has answered, cloned from a template.
struct GuestClone {
  Vm vm;
  /// Destroyed before the machine it talks to.
  std::unique_ptr<Session> session;
};
/// Blocks until the agent of a new clone has answered with its own time and random numbers. Error:
/// it did not; whoever gets this discards the template.
Result<GuestClone> clone_guest(const Template& from, const std::filesystem::path& console_log,
                               Clock::time_point deadline);
/// The same in a machine that Template::start() gave.
Result<GuestClone> clone_guest(const Template& from, Vm started, Clock::time_point deadline);

/// What every clone finds in its guest.
struct TemplateFile {
  std::string guest_path{};
  std::filesystem::path file{};
};

struct TemplateRequest {
  TemplateKey key{};
  std::chrono::milliseconds boot_timeout{120'000};
  std::vector<TemplateFile> files{};
  /// A program of the guest that waits for its standard input in each clone; empty: none.
  std::vector<std::string> standby{};
  /// Asked of the booted machine and of a clone of it: the answers must be the same. Must not load
  /// a BPF program: see warm_up() in template_store.cpp.
  std::function<Result<std::string>(Session&)> witness{};
  /// Asked of a clone, before the template is used. Error: it is not what it should be.
  std::function<Result<>(Session&)> approve{};
  /// Called once if another process is making the same template.
  std::function<void()> on_wait{};
};

struct TemplateEntry {
  std::string key{};
  /// Empty for one that is damaged.
  std::string release{};
  /// On the disk.
  std::uint64_t bytes = 0;
  std::filesystem::file_time_type last_use{};
};

struct TemplateLimits {
  std::uint64_t max_bytes = std::uint64_t{8} << 30;
  std::chrono::hours max_age{24 * 30};
  Collect what = Collect::remove;
};

class TemplateStore {
 public:
  explicit TemplateStore(Store store) : store_(std::move(store)) {}

  /// The template that is there, else a new one: boots, warms up, freezes, and holds two clones
  /// against the booted machine. Blocks for twice `boot_timeout` at most, and as long as another
  /// process makes the same one. Error: it cannot be had, now or with this QEMU; boot instead.
  Result<Template> get(const TemplateRequest& request) const;
  /// For one whose clones do not answer: the next get() makes it anew.
  Result<> discard(const TemplateKey& key) const;

  /// Sorted by last use, the latest first.
  std::vector<TemplateEntry> list() const;
  /// Removes what was left by the dead or is damaged, what has not been used for too long, and then
  /// the least recently used until the rest is small enough. Gives what it removed, or would.
  /// Running clones are not disturbed.
  std::vector<TemplateEntry> gc(const TemplateLimits& limits) const;

  std::filesystem::path folder(std::string_view key) const;

 private:
  std::filesystem::path unfinished(std::string_view key) const;
  Result<Template> find(const TemplateKey& key) const;
  Result<Template> make(const TemplateRequest& request) const;
  Result<> publish(std::string_view key) const;
  /// False if somebody is making a template of that key.
  bool remove(std::string_view key, Collect what = Collect::remove) const;
  std::vector<std::string> abandoned() const;

  Store store_;
};

}  // namespace bpfmatrix
