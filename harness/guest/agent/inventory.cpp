#include "guest/agent/inventory.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/fd.h"
#include "guest/agent/small_map.h"

namespace bpfmatrix::guest {

namespace {

/// The kernel's own ENOTSUPP, which no libc knows: a descriptor that has nothing to do with BPF.
constexpr int kNotSupported = 524;
/// So many descriptors in turn that a process does not have are the end of them. The kernel gives
/// out the lowest that is free.
constexpr std::uint32_t kFewestMissing = 64;

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

/// Hands the id of each object above `id` to `take`. False: this kernel does not list them. The
/// command is BPF_PROG_GET_NEXT_ID or the like (4.13; of links 5.8).
template <typename Take>
bool each_above(std::uint32_t id, int command, const Take& take) {
  for (std::size_t count = 0; count < kMaxInventory; ++count) {
    bpf_attr attr{};
    attr.start_id = id;
    if (call(command, attr) != 0) return errno == ENOENT;
    id = attr.next_id;
    take(id);
  }
  return true;
}

/// It may be gone by now.
template <typename Info>
std::optional<Info> info_by_id(int command, std::uint32_t id) {
  bpf_attr attr{};
  attr.prog_id = id;
  return info_of<Info>(call_for_fd(command, attr));
}

std::string name_in(const char* name) { return {name, ::strnlen(name, BPF_OBJ_NAME_LEN)}; }

/// Types that a perf event or raw tracepoint may attach without a link.
bool may_lack_link(const KernelProgram& program) {
  switch (program.type) {
    case BPF_PROG_TYPE_KPROBE:
    case BPF_PROG_TYPE_TRACEPOINT:
    case BPF_PROG_TYPE_PERF_EVENT:
    case BPF_PROG_TYPE_RAW_TRACEPOINT:
    case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
      return true;
    default:
      return false;  // the kernel's own list, and open-ended
  }
}

bool needs_descriptors(const Inventory& inventory) {
  const auto linked = [&](const KernelProgram& program) {
    return inventory.links &&
           std::any_of(inventory.links->begin(), inventory.links->end(),
                       [&](const KernelLink& l) { return l.program == program.id; });
  };
  return std::any_of(inventory.programs.begin(), inventory.programs.end(),
                     [&](const KernelProgram& p) { return may_lack_link(p) && !linked(p); });
}

/// The programs that descriptors of another process attach: of perf events, and of raw tracepoints
/// where they are no links (BPF_TASK_FD_QUERY, 4.18).
void ask_descriptors(pid_t process, Inventory& inventory) {
  for (std::uint32_t fd = 0, missing = 0; missing < kFewestMissing; ++fd) {
    bpf_attr attr{};
    attr.task_fd_query.pid = static_cast<std::uint32_t>(process);
    attr.task_fd_query.fd = fd;
    const int error = call(BPF_TASK_FD_QUERY, attr) == 0 ? 0 : errno;
    missing = error == EBADF ? missing + 1 : 0;
    if (error == 0) inventory.attached.push_back(attr.task_fd_query.prog_id);
    const bool none = error == EBADF || error == ENOENT || error == kNotSupported;
    if ((error != 0 && !none) || inventory.attached.size() == kMaxInventory) {
      inventory.attached_whole = false;
      return;
    }
  }
}

}  // namespace

std::optional<IdMarks> mark_ids() {
  const auto program = id_of<bpf_prog_info>(load_small_program());
  const auto map = id_of<bpf_map_info>(make_small_map());
  if (!program || !map) return std::nullopt;
  return IdMarks{*program, *map};
}

std::optional<Inventory> take_inventory(const IdMarks& since, pid_t loader) {
  Inventory inventory;
  const bool lists_programs =
      each_above(since.program, BPF_PROG_GET_NEXT_ID, [&](std::uint32_t id) {
        const auto info = info_by_id<bpf_prog_info>(BPF_PROG_GET_FD_BY_ID, id);
        if (info)
          inventory.programs.push_back({id, info->type, name_in(info->name), info->run_cnt});
      });
  if (!lists_programs) return std::nullopt;
  each_above(since.map, BPF_MAP_GET_NEXT_ID,
             [&](std::uint32_t id) { inventory.maps.push_back(id); });
  std::vector<KernelLink> links;
  const bool listed = each_above(0, BPF_LINK_GET_NEXT_ID, [&](std::uint32_t id) {
    const auto info = info_by_id<bpf_link_info>(BPF_LINK_GET_FD_BY_ID, id);
    if (info) links.push_back({id, info->type, info->prog_id});
  });
  if (listed) inventory.links = std::move(links);
  inventory.attached_whole = true;
  if (needs_descriptors(inventory)) ask_descriptors(loader, inventory);
  return inventory;
}

}  // namespace bpfmatrix::guest
