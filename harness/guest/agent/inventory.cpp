#include "guest/agent/inventory.h"

#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "base/fd.h"

namespace bpfmatrix::guest {

namespace {

namespace fs = std::filesystem;

/// The kernel's own ENOTSUPP, which no libc knows: a descriptor that has nothing to do with BPF.
constexpr int kNotSupported = 524;

std::uint64_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

long call(int command, bpf_attr& attr) { return ::syscall(SYS_bpf, command, &attr, sizeof attr); }

Fd call_for_fd(int command, bpf_attr& attr) { return Fd(static_cast<int>(call(command, attr))); }

/// What the kernel says of an object; nothing: it will not.
template <typename Info>
std::optional<Info> info_of(const Fd& fd) {
  if (!fd.valid()) return std::nullopt;
  Info info{};
  bpf_attr attr{};
  attr.info.bpf_fd = static_cast<std::uint32_t>(fd.get());
  attr.info.info_len = sizeof info;
  attr.info.info = address(&info);
  if (call(BPF_OBJ_GET_INFO_BY_FD, attr) != 0) return std::nullopt;
  return info;
}

template <typename Info>
std::optional<std::uint32_t> id_of(const Fd& fd) {
  const std::optional<Info> info = info_of<Info>(fd);
  return info ? std::optional(info->id) : std::nullopt;
}

Fd load_small_program() {
  // r0 = 0; exit
  bpf_insn instructions[2]{};
  instructions[0].code = BPF_ALU64 | BPF_MOV | BPF_K;
  instructions[1].code = BPF_JMP | BPF_EXIT;
  bpf_attr attr{};
  attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attr.insns = address(instructions);
  attr.insn_cnt = 2;
  attr.license = address("GPL");
  return call_for_fd(BPF_PROG_LOAD, attr);
}

Fd make_small_map() {
  bpf_attr attr{};
  attr.map_type = BPF_MAP_TYPE_ARRAY;
  attr.key_size = 4;
  attr.value_size = 4;
  attr.max_entries = 1;
  return call_for_fd(BPF_MAP_CREATE, attr);
}

/// The commands that list objects of one kind (BPF_LINK_GET_NEXT_ID: 5.8, the others 4.13).
struct Kind {
  int next_id;
  int fd_by_id;
};
constexpr Kind kPrograms{BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID};
constexpr Kind kMaps{BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID};
constexpr Kind kLinks{BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID};

/// Hands each object above `id` to `take`. False: this kernel does not list them.
template <typename Info, typename Take>
bool each_above(std::uint32_t id, const Kind& kind, const Take& take) {
  for (std::size_t count = 0; count < kMaxInventory; ++count) {
    bpf_attr next{};
    next.start_id = id;
    if (call(kind.next_id, next) != 0) return errno == ENOENT;
    id = next.next_id;
    bpf_attr by_id{};
    by_id.prog_id = id;
    // It may be gone by now.
    if (const auto info = info_of<Info>(call_for_fd(kind.fd_by_id, by_id))) take(*info);
  }
  return true;
}

std::string name_in(const char* name) { return {name, ::strnlen(name, BPF_OBJ_NAME_LEN)}; }

/// The program that a descriptor of another process attaches: perf events, and raw tracepoints
/// where they are no links (BPF_TASK_FD_QUERY, 4.18).
void ask_descriptor(pid_t process, std::uint32_t fd, Inventory& inventory) {
  bpf_attr attr{};
  attr.task_fd_query.pid = static_cast<std::uint32_t>(process);
  attr.task_fd_query.fd = fd;
  if (call(BPF_TASK_FD_QUERY, attr) == 0) {
    inventory.attached.push_back(attr.task_fd_query.prog_id);
  } else if (errno != kNotSupported && errno != ENOENT && errno != EBADF) {
    inventory.attached_whole = false;
  }
}

void ask_descriptors(pid_t process, Inventory& inventory) {
  std::error_code error;
  fs::directory_iterator entry(fmt::format("/proc/{}/fd", process), error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    std::uint32_t fd = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), fd).ec != std::errc()) continue;
    if (inventory.attached.size() == kMaxInventory) inventory.attached_whole = false;
    if (inventory.attached_whole) ask_descriptor(process, fd, inventory);
  }
  if (error) inventory.attached_whole = false;
}

}  // namespace

std::optional<IdMarks> mark_ids() {
  const auto program = id_of<bpf_prog_info>(load_small_program());
  const auto map = id_of<bpf_map_info>(make_small_map());
  if (!program || !map) return std::nullopt;
  return IdMarks{*program, *map};
}

Inventory take_inventory(const IdMarks& since, pid_t loader) {
  Inventory inventory;
  each_above<bpf_prog_info>(since.program, kPrograms, [&](const bpf_prog_info& info) {
    inventory.programs.push_back({info.id, info.type, name_in(info.name), info.run_cnt});
  });
  each_above<bpf_map_info>(since.map, kMaps, [&](const bpf_map_info& info) {
    inventory.maps.push_back({info.id, info.type, name_in(info.name)});
  });
  std::vector<KernelLink> links;
  const bool listed = each_above<bpf_link_info>(0, kLinks, [&](const bpf_link_info& info) {
    links.push_back({info.id, info.type, info.prog_id});
  });
  if (listed) inventory.links = std::move(links);
  inventory.attached_whole = true;
  ask_descriptors(loader, inventory);
  return inventory;
}

}  // namespace bpfmatrix::guest
