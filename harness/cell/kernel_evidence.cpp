#include "cell/kernel_evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bpfmatrix {

namespace {

/// By enum bpf_prog_type of <linux/bpf.h> 6.17; libbpf's words (libbpf_bpf_prog_type_str()).
constexpr std::array<std::string_view, 33> kTypeWords{"unspec",
                                                      "socket_filter",
                                                      "kprobe",
                                                      "sched_cls",
                                                      "sched_act",
                                                      "tracepoint",
                                                      "xdp",
                                                      "perf_event",
                                                      "cgroup_skb",
                                                      "cgroup_sock",
                                                      "lwt_in",
                                                      "lwt_out",
                                                      "lwt_xmit",
                                                      "sock_ops",
                                                      "sk_skb",
                                                      "cgroup_device",
                                                      "sk_msg",
                                                      "raw_tracepoint",
                                                      "cgroup_sock_addr",
                                                      "lwt_seg6local",
                                                      "lirc_mode2",
                                                      "sk_reuseport",
                                                      "flow_dissector",
                                                      "cgroup_sysctl",
                                                      "raw_tracepoint_writable",
                                                      "cgroup_sockopt",
                                                      "tracing",
                                                      "struct_ops",
                                                      "ext",
                                                      "lsm",
                                                      "sk_lookup",
                                                      "syscall",
                                                      "netfilter"};

/// These attach by a perf event, whose descriptor says so where there is no link (5.15).
constexpr std::array<std::string_view, 2> kByPerfEvent{"kprobe", "tracepoint"};
/// By a link since 5.8 (70ed506c3bbc), before by a descriptor that says so.
constexpr std::array<std::string_view, 2> kByRawTracepoint{"raw_tracepoint",
                                                           "raw_tracepoint_writable"};
/// By a link, or since before 5.8 by a descriptor that says nothing.
constexpr std::array<std::string_view, 2> kByTrampoline{"tracing", "lsm"};

bool is_one_of(std::string_view word, const auto& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool accepted(const SaidProgram& program) { return program.load.result == StageResult::ok; }

std::string count_contradiction(std::string_view what, std::size_t said,
                                const std::optional<std::int64_t>& made) {
  if (!made || static_cast<std::int64_t>(said) <= *made) return {};
  return fmt::format(
      "the loader says that the kernel accepted {} {}{}, and the kernel gave out {} id{} for such",
      said, what, said == 1 ? "" : "s", *made, *made == 1 ? "" : "s");
}

std::string counts_contradiction(const LoaderRecord& record, const Exited& exited) {
  const auto programs = std::count_if(record.programs.begin(), record.programs.end(), accepted);
  std::string text =
      count_contradiction("program", static_cast<std::size_t>(programs), exited.programs_made);
  if (!text.empty()) return text;
  const auto maps = std::count_if(record.maps.begin(), record.maps.end(), [](const SaidMap& map) {
    return map.stage.result == StageResult::ok;
  });
  return count_contradiction("map", static_cast<std::size_t>(maps), exited.maps_made);
}

class Lists {
 public:
  Lists(const Inventory& inventory, bool app) : inventory_(inventory), app_(app) {}

  std::string contradiction(const SaidProgram& said) const {
    if (!said.id) {
      if (app_) return {};
      return fmt::format("the loader says that '{}' was accepted, and no id of it", said.name);
    }
    const KernelProgram* listed = find(*said.id);
    if (listed == nullptr) {
      if (app_) return {};
      return fmt::format(
          "the loader says that '{}' was accepted as program {}, and the kernel lists no such "
          "program",
          said.name, *said.id);
    }
    if (std::string other = another_program(said, *listed); !other.empty()) return other;
    if (attached(said) && shows_attachment(said) && !is_attached(*said.id)) {
      return fmt::format(
          "the loader says that '{}' was attached, and the kernel lists nothing that attaches "
          "program {}",
          said.name, *said.id);
    }
    if (said.run_cnt && *said.run_cnt < listed->run_cnt) {
      return fmt::format(
          "the loader says that '{}' ran {} times, and the kernel had counted {} before", said.name,
          *said.run_cnt, listed->run_cnt);
    }
    return {};
  }

 private:
  const KernelProgram* find(std::uint32_t id) const {
    const auto& all = inventory_.programs;
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const KernelProgram& one) { return one.id == id; });
    return found != all.end() ? &*found : nullptr;
  }

  static std::string another_program(const SaidProgram& said, const KernelProgram& listed) {
    const bool known = listed.type < kTypeWords.size() && said.type != "unknown";
    if (known && said.type != kTypeWords[listed.type]) {
      return fmt::format(
          "the loader says that '{}' was accepted as program {} of type {}, and the kernel lists "
          "it as {}",
          said.name, *said.id, said.type, kTypeWords[listed.type]);
    }
    if (!said.name.starts_with(listed.name)) {
      return fmt::format(
          "the loader says that '{}' was accepted as program {}, and the kernel lists it as '{}'",
          said.name, *said.id, listed.name);
    }
    return {};
  }

  /// What an application has detached again was attached.
  bool attached(const SaidProgram& said) const {
    return !app_ && said.attach.result == StageResult::ok && !said.displaced;
  }

  /// Whether there would be something to be seen.
  bool shows_attachment(const SaidProgram& said) const {
    const bool cut = inventory_.links && !lists_all_links();
    if (is_one_of(said.type, kByPerfEvent)) return inventory_.attached_whole && !cut;
    if (is_one_of(said.type, kByRawTracepoint)) {
      return lists_all_links() || (inventory_.attached_whole && !cut);
    }
    return is_one_of(said.type, kByTrampoline) && lists_all_links();
  }

  /// What is beyond the limit cannot be missed.
  bool lists_all_links() const {
    return inventory_.links && inventory_.links->size() < kMaxInventory;
  }

  bool is_attached(std::uint32_t id) const {
    const auto& fds = inventory_.attached;
    if (std::find(fds.begin(), fds.end(), id) != fds.end()) return true;
    return inventory_.links && std::any_of(inventory_.links->begin(), inventory_.links->end(),
                                           [&](const KernelLink& l) { return l.program == id; });
  }

  const Inventory& inventory_;
  bool app_;
};

}  // namespace

std::string contradiction(const LoaderRecord& record, const Attempt& attempt, bool app) {
  if (attempt.exited) {
    std::string counts = counts_contradiction(record, *attempt.exited);
    if (!counts.empty()) return counts;
  }
  if (!attempt.inventory || !record.ready) return {};
  const Lists lists(*attempt.inventory, app);
  // What is beyond the limit cannot be missed.
  if (attempt.inventory->programs.size() >= kMaxInventory) return {};
  for (const SaidProgram& said : record.programs) {
    if (!accepted(said)) continue;
    if (std::string text = lists.contradiction(said); !text.empty()) return text;
  }
  return {};
}

}  // namespace bpfmatrix
