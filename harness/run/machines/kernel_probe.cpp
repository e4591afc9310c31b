#include "run/machines/kernel_probe.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/gzip.h"
#include "base/printable.h"
#include "base/sha256.h"
#include "elf/btf.h"
#include "images/guest_tools.h"
#include "kernels/image/kernel_image.h"
#include "outcome/probe_record.h"
#include "vm/qemu_args.h"

namespace bpfmatrix {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kProbeTime = 120s;
constexpr std::chrono::seconds kAgentGrace = 10s;
constexpr std::uint64_t kMaxProbeFileBytes = 64 << 20;
constexpr std::uint64_t kMaxSettingBytes = 4096;
constexpr std::string_view kProbeInGuest = "/run/bpfmatrix/cell/probe";

/// A setting that the running kernel shows in a file of one line.
struct SettingFile {
  const char* name;
  const char* path;
};
constexpr SettingFile kSettings[] = {
    {"version", "/proc/version"},
    {"jit", "/proc/sys/net/core/bpf_jit_enable"},
    {"jit_harden", "/proc/sys/net/core/bpf_jit_harden"},
    {"unprivileged_bpf_disabled", "/proc/sys/kernel/unprivileged_bpf_disabled"},
    {"kptr_restrict", "/proc/sys/kernel/kptr_restrict"},
    {"perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid"},
    {"ftrace_enabled", "/proc/sys/kernel/ftrace_enabled"},
    {"lsm", "/sys/kernel/security/lsm"},
    {"lockdown", "/sys/kernel/security/lockdown"},
};

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  const std::size_t end = text.find_last_not_of(' ');
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text;
}

/// "none [integrity] confidentiality" -> "integrity"
std::string chosen(const std::string& text) {
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']', open);
  if (open == std::string::npos || close == std::string::npos) return text;
  return text.substr(open + 1, close - open - 1);
}

/// One kernel being asked, from the files of the host and in its guest.
class Questioning {
 public:
  Questioning(const Kernel& kernel, Session& session)
      : kernel_(kernel), session_(session), deadline_(Clock::now() + kProbeTime) {}

  Result<KernelFacts> run() {
    facts_.release = session_.hello().release;
    facts_.arch = session_.hello().arch;
    facts_.cmdline = session_.hello().kernel_cmdline;
    read_btf();
    if (Result<> asked = ask(); !asked) return std::move(asked).error();
    read_settings();
    read_config();
    read_symbols();
    read_tracepoints();
    if (session_.state() != SessionState::ready)
      return Error{"the guest was lost during the probe"};
    conclude_btf();
    count_map_types();
    return std::move(facts_);
  }

 private:
  /// The kernel's BTF lies here; that it is the guest's is checked as far as its size tells.
  void read_btf() {
    const auto& shown = session_.hello().btf_bytes;
    if (!shown) return facts_.symbols.add(SymbolList::btf, {});
    if (!kernel_.btf || static_cast<std::int64_t>(kernel_.btf->bytes) != *shown) return;
    Result<std::string> bytes = read_file(kernel_.btf->file, kMaxProbeFileBytes);
    if (!bytes) return;
    Result<Btf> btf = Btf::parse(*std::move(bytes));
    if (btf) btf_ = *std::move(btf);
    if (btf_) facts_.symbols.add(SymbolList::btf, functions_of(*btf_));
  }

  static std::vector<std::string_view> functions_of(const Btf& btf) {
    std::vector<std::string_view> names;
    for (BtfId id = 1; id < btf.type_count(); ++id) {
      const auto type = btf.type(id);
      if (type && type->kind == BtfKind::func) names.push_back(type->name);
    }
    return names;
  }

  Json btf_id(std::string_view name, BtfKind kind) const {
    const std::vector<BtfId> found = btf_ ? btf_->find(name, kind) : std::vector<BtfId>();
    return found.empty() ? Json(nullptr) : Json(found.front());
  }

  std::string request() const {
    const Json json{{"probe", 1},
                    {"function", btf_id("bpf_fentry_test1", BtfKind::func)},
                    {"lsm_hook", btf_id("bpf_lsm_file_open", BtfKind::func)},
                    {"iterator", btf_id("bpf_iter_task", BtfKind::func)},
                    {"tracepoint", btf_id("btf_trace_sys_enter", BtfKind::typedef_type)}};
    return json_text(json) + "\n";
  }

  Result<> ask() {
    const Result<GuestTools> tools = find_guest_tools(kernel_.arch);
    if (!tools) return tools.error();
    const Result<std::string> probe = read_file(tools->probe, kMaxProbeFileBytes);
    if (!probe) return probe.error();
    if (Result<> put = session_.put_file(kProbeInGuest, *probe, 0755, deadline_); !put) return put;
    ProbeRecord record;
    std::string problem;
    const RunEvents events{.on_out_line = [&](std::string_view line) {
      const Result<> added = record.add(line);
      if (!added && problem.empty()) problem = added.error().message;
    }};
    const RunRequest run{.argv = {std::string(kProbeInGuest)},
                         .deadline_ms = std::chrono::milliseconds(kProbeTime).count()};
    const Result<Exited> exited = session_.run(run, request(), events, deadline_ + kAgentGrace);
    if (!exited) return exited.error();
    if (exited->timed_out) {
      return Error{fmt::format("no answer within {} s", kProbeTime.count())};
    }
    if (exited->signal) return Error{fmt::format("killed by signal {}", *exited->signal)};
    if (!problem.empty()) return Error{problem};
    if (!record.done()) return Error{"it ended before its record was complete"};
    if (!exited->leftovers.empty()) return Error{"the probe left programs, maps or files behind"};
    record.move_into(facts_);
    facts_.probe_ms = exited->wall_ms;
    return {};
  }

  /// Nothing where the guest has no such file.
  std::optional<std::string> guest_file(std::string_view path, std::uint64_t max_bytes) {
    Result<std::string> bytes = session_.read_file(path, max_bytes, deadline_);
    return bytes ? std::optional(*std::move(bytes)) : std::nullopt;
  }

  void read_settings() {
    for (const SettingFile& setting : kSettings) {
      const auto text = guest_file(setting.path, kMaxSettingBytes);
      if (text) facts_.options[setting.name] = valid_text(one_line(*text));
    }
    const auto lockdown = facts_.options.find("lockdown");
    if (lockdown != facts_.options.end()) lockdown->second = chosen(lockdown->second);
  }

  void read_config() {
    if (const auto packed = guest_file("/proc/config.gz", kMaxConfigBytes)) {
      const Result<std::string> text = gunzip(*packed, kMaxConfigBytes);
      if (text) facts_.config = parse_kernel_config(*text);
    }
    if (facts_.config || !kernel_.config) return;
    const Result<std::string> text = read_file(*kernel_.config, kMaxConfigBytes);
    if (text) facts_.config = parse_kernel_config(*text);
  }

  void read_symbols() {
    const auto add = [&](SymbolList list, const char* path, auto names_in) {
      if (const auto text = guest_file(path, kMaxProbeFileBytes)) {
        facts_.symbols.add(list, names_in(*text));
      }
    };
    add(SymbolList::kallsyms, "/proc/kallsyms", names_in_kallsyms);
    add(SymbolList::traceable, "/sys/kernel/tracing/available_filter_functions",
        names_in_filter_functions);
    add(SymbolList::blacklist, "/sys/kernel/debug/kprobes/blacklist", names_in_blacklist);
  }

  void read_tracepoints() {
    const auto text = guest_file("/sys/kernel/tracing/available_events", kMaxProbeFileBytes);
    if (!text) return;
    facts_.tracepoints.emplace();
    for (const std::string_view name : names_in_filter_functions(*text)) {
      if (!name.empty()) facts_.tracepoints->push_back(valid_text(name));
    }
  }

  /// 5.2 and 5.3 show their BTF nowhere, but are configured with it.
  void conclude_btf() {
    ProbedFact& btf = facts_.probed["behaviour"]["vmlinux_btf"];
    if (btf.answer == Ternary::unknown) btf.answer = facts_.configured("DEBUG_INFO_BTF");
  }

  /// The kernel's BTF has their numbers. Without it: they are given out in order, so who does not
  /// know the newest of those that were tried knows none beyond.
  void count_map_types() {
    for (const BtfId id :
         btf_ ? btf_->find("bpf_map_type", BtfKind::enum_type) : std::vector<BtfId>()) {
      for (const BtfEnumerator& one : btf_->enumerators(*btf_->type(id))) {
        if (one.name == "__MAX_BPF_MAP_TYPE") {
          facts_.numbers["map_type_count"] = static_cast<std::int64_t>(one.value);
        }
      }
    }
    constexpr std::int64_t kNewest = 34;  // BPF_MAP_TYPE_INSN_ARRAY
    if (facts_.feature("BPF_MAP_TYPE_INSN_ARRAY") == Ternary::no) {
      facts_.numbers.emplace("map_type_count", kNewest);
    }
  }

  const Kernel& kernel_;
  Session& session_;
  Clock::time_point deadline_;
  std::optional<Btf> btf_{};
  KernelFacts facts_{};
};

Result<> add_file(Sha256& key, const std::optional<std::filesystem::path>& file) {
  const Result<std::string> hash = file ? sha256_file(*file) : Result<std::string>("-");
  if (!hash) return hash.error();
  key.update(*hash + "\n");
  return {};
}

}  // namespace

Result<KernelFacts> probe_kernel(const Kernel& kernel, Session& session) {
  Result<KernelFacts> facts = Questioning(kernel, session).run();
  if (!facts) return wrap(fmt::format("probe of '{}'", kernel.id), std::move(facts).error());
  return facts;
}

Result<std::filesystem::path> kept_facts_path(const Store& store, const Kernel& kernel) {
  const Result<GuestTools> tools = find_guest_tools(kernel.arch);
  if (!tools) return tools.error();
  const auto btf = kernel.btf ? std::optional(kernel.btf->file) : std::nullopt;
  Sha256 key;
  key.update(fmt::format("{}\n", kKernelFactsSchema));
  key.update(kernel_command_line({.arch = kernel.arch}) + "\n");
  for (const auto& file : {std::optional(tools->probe), std::optional(tools->agent),
                           std::optional(kernel.image), kernel.config, btf}) {
    if (Result<> added = add_file(key, file); !added) return std::move(added).error();
  }
  return store.root() / "facts" / (key.finish() + ".json.gz");
}

}  // namespace bpfmatrix
