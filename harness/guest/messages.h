// The contents of the frames that carry more than bytes: one struct per frame type, to and from
// its JSON. Reading is strict on both sides. Compiled on both sides.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "guest/protocol.h"

namespace bpfmatrix {

/// The one place of the guest's file system where the host may put files.
inline constexpr std::string_view kGuestDirectory = "/run/bpfmatrix";
/// Emptied by the agent after each run but the last.
inline constexpr std::string_view kCellDirectory = "/run/bpfmatrix/cell";

/// The agent's own executable in the guest, and the argument with which it ends at once.
inline constexpr std::string_view kAgentProgram = "/init";
inline constexpr std::string_view kEndAtOnce = "--end-at-once";

/// Of one run; what goes beyond is dropped by the agent, and counted.
inline constexpr std::uint64_t kMaxOutBytes = 64 << 20;
inline constexpr std::uint64_t kMaxErrBytes = 4 << 20;

/// In the environment of a program that is started before its request is known (Park): it may do
/// ahead what needs none.
inline constexpr const char* kStandbyVariable = "BPFMATRIX_STANDBY";

struct Hello {
  static constexpr FrameType kType = FrameType::hello;
  std::string agent_version{};
  /// uname -r and uname -m.
  std::string release{};
  std::string arch{};
  /// The kernel's uptime when the agent was ready for requests.
  std::int64_t boot_ms = 0;
  std::string kernel_cmdline{};
  /// "virtio" or "serial".
  std::string channel{};
  /// Of /sys/kernel/btf/vmlinux; nothing if there is none.
  std::optional<std::int64_t> btf_bytes{};
  /// What did not go well on the way here and does no harm by itself: a module that the kernel
  /// refused, a file system it does not have.
  std::vector<std::string> notes{};
};

struct PutFile {
  static constexpr FrameType kType = FrameType::put_file;
  /// Absolute; missing folders are made. A file that is there already is replaced below
  /// kGuestDirectory only, and is an error elsewhere.
  std::string path{};
  /// With S_IFLNK a symbolic link, and the bytes are where it leads; with S_IFDIR a folder, which
  /// may be there already; else a file.
  std::int64_t mode = 0644;
  std::int64_t bytes = 0;
};

struct Stored {
  static constexpr FrameType kType = FrameType::stored;
  std::int64_t bytes = 0;
  std::int64_t crc32c = 0;
};

struct ReadFile {
  static constexpr FrameType kType = FrameType::read_file;
  std::string path{};
  std::int64_t max_bytes = 0;
};

struct FileEnd {
  static constexpr FrameType kType = FrameType::file_end;
  std::int64_t bytes = 0;
  /// There was more than max_bytes.
  bool truncated = false;
};

struct RunRequest {
  static constexpr FrameType kType = FrameType::run;
  std::vector<std::string> argv{};
  std::map<std::string, std::string> environment{};
  std::int64_t deadline_ms = 0;
  /// The child sees no BTF of the kernel's own.
  bool hide_btf = false;
  /// Standard input stays open after the blob, for `input` frames.
  bool hold_input = false;
  /// RLIMIT_MEMLOCK of the child; nothing: unlimited.
  std::optional<std::int64_t> memlock_bytes{};
  /// The child is an ordinary user with `capabilities` and no others.
  bool limit_capabilities = false;
  std::vector<std::string> capabilities{};
  /// "integrity" or "confidentiality": the kernel is locked down so far before the child starts,
  /// and stays so. Empty: as it is.
  std::string lockdown{};
  /// Files of modules, loaded in this order before the child starts.
  std::vector<std::string> modules{};
  /// Files below /proc/sys, and what is written to each before the child starts.
  std::map<std::string, std::string> sysctl{};
  /// The ids that the kernel gives out meanwhile are counted in any case, not only where nobody
  /// takes an inventory.
  bool count_ids = false;
  /// The machine is thrown away afterwards: what the child leaves behind is left.
  bool last = false;
};

struct Exited {
  static constexpr FrameType kType = FrameType::exited;
  /// One of the two, unless the agent killed it at the deadline: then `timed_out`.
  std::optional<std::int64_t> code{};
  std::optional<std::int64_t> signal{};
  bool timed_out = false;
  std::int64_t dropped_out_bytes = 0;
  std::int64_t dropped_err_bytes = 0;
  std::int64_t wall_ms = 0;
  /// Whether this kernel counts BPF memory against RLIMIT_MEMLOCK; asked where it was limited.
  std::optional<bool> memlock_counted{};
  /// How many programs and maps the kernel accepted meanwhile, from anybody, by the ids it gave
  /// out; nothing: it was not looked at, or could not be found out.
  std::optional<std::int64_t> programs_made{};
  std::optional<std::int64_t> maps_made{};
  /// Modules that the kernel did not take, settings that it did not; absent: nothing of the kind.
  std::optional<std::vector<std::string>> refused{};
  /// What of the cell could not be cleared away: the VM is spoiled for the next one.
  std::vector<std::string> leftovers{};
};

struct Input {
  static constexpr FrameType kType = FrameType::input;
  /// Nothing comes after this blob.
  bool last = false;
};

struct Park {
  static constexpr FrameType kType = FrameType::park;
  /// A program that is started now and waits for its standard input, to be had at once in each
  /// clone; empty: none.
  std::vector<std::string> standby{};
};

struct Write {
  static constexpr FrameType kType = FrameType::write;
  std::string path{};
};

/// One system call of the trigger: what the kernel returned, below 0 a negative errno.
struct Operation {
  std::string name{};
  std::int64_t ret = 0;
  friend bool operator==(const Operation&, const Operation&) = default;
};

struct TriggerRequest {
  static constexpr FrameType kType = FrameType::trigger;
  /// What the trigger's process becomes at its end; empty: the agent's own executable, which ends
  /// at once.
  std::vector<std::string> command{};
};

/// What the trigger's process did, and what is true of it, by the names of
/// cases/include/observed.h: only what it got as far as making true.
struct Triggered {
  static constexpr FrameType kType = FrameType::triggered;
  std::map<std::string, std::int64_t> numbers{};
  std::map<std::string, std::string> texts{};
  /// In the order they were made; the last that is here may be the one that did not come back.
  std::vector<Operation> performed{};
};

/// As the kernel lists it: its id, the number of its type in <linux/bpf.h>, and its name, of at
/// most 15 characters.
struct KernelProgram {
  std::uint32_t id = 0;
  std::uint32_t type = 0;
  std::string name{};
  /// How often it ran; 0 where nobody has switched the counting on (5.1).
  std::uint64_t run_cnt = 0;
};
struct KernelLink {
  std::uint32_t id = 0;
  std::uint32_t type = 0;
  /// 0: of a link that attaches no program, as one of struct_ops.
  std::uint32_t program = 0;
};

/// What of BPF came into the kernel since the running program started, and is there now.
struct Inventory {
  static constexpr FrameType kType = FrameType::inventory;
  std::vector<KernelProgram> programs{};
  /// By id.
  std::vector<std::uint32_t> maps{};
  /// All that there are; nothing: this kernel does not list them (before 5.8).
  std::optional<std::vector<KernelLink>> links{};
  /// Programs, by id, that descriptors of the running program attach, of perf events and raw
  /// tracepoints: looked at where some program may be attached so and has no link.
  std::vector<std::uint32_t> attached{};
  /// No descriptor was left out there that may attach a program.
  bool attached_whole = false;
};
/// Of each kind; what is beyond is left out.
inline constexpr std::size_t kMaxInventory = 4096;

/// What a clone cannot know, because it was asleep. Its fields travel as bytes, not as JSON: an
/// emulated machine that has just begun translates every instruction it comes to, and a parser's
/// are many.
struct Refresh {
  static constexpr FrameType kType = FrameType::refresh;
  /// The host's CLOCK_REALTIME.
  std::int64_t unix_ns = 0;
  /// For the guest's generator, kRefreshBytes at most.
  std::string random{};
};
/// As many as the kernel's generator is wide, twice.
inline constexpr std::size_t kRefreshBytes = 64;

struct Failed {
  static constexpr FrameType kType = FrameType::failed;
  std::string message{};
};

template <typename Message>
Frame to_frame(const Message& message, std::string blob = {});

/// Error: wrong type, missing or unknown key.
template <typename Message>
Result<Message> from_frame(const Frame& frame);

// Two whose content is in the frame's bytes: one is no JSON, one may be larger than a header.
template <>
Frame to_frame(const Refresh& message, std::string blob);
template <>
Result<Refresh> from_frame(const Frame& frame);
template <>
Frame to_frame(const Inventory& message, std::string blob);
template <>
Result<Inventory> from_frame(const Frame& frame);

}  // namespace bpfmatrix
