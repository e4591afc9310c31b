#include "analysis/causes/attach_reason.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/section_name.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxNamed = 3;

using Names = std::vector<std::string>;

/// What the section says goes for a program that was never attached.
std::string method_of(const ProgramOutcome& program) {
  if (!program.attach.method.empty()) return program.attach.method;
  return std::string(parse_section_name(program.section).method);
}

bool attaches_by_btf(std::string_view method) {
  return method == "fentry" || method == "fexit" || method == "fmod_ret" || method == "lsm" ||
         method == "tp_btf" || method == "iter";
}

bool is_kprobe(std::string_view method) {
  return method.starts_with("kprobe") || method.starts_with("kretprobe");
}

bool is_multi(std::string_view method) { return method.find('.') != std::string_view::npos; }

bool is_wrapper(std::string_view symbol) {
  return symbol.starts_with("__x64_sys_") || symbol.starts_with("__arm64_sys_");
}

std::string quoted(const Names& names) {
  const Names some(names.begin(), names.begin() + std::min(names.size(), kMaxNamed));
  return fmt::format("'{}'{}", fmt::join(some, "', '"), names.size() > kMaxNamed ? "..." : "");
}

/// The other names that a program of this method could take.
Names others(const AttachOutcome& attach, bool (*good)(const AttachCandidate&)) {
  Names names;
  for (std::size_t i = 1; i < attach.candidates.size(); ++i) {
    if (good(attach.candidates[i])) names.push_back(attach.candidates[i].symbol);
  }
  return names;
}

bool is_function_here(const AttachCandidate& one) { return one.in_kallsyms.value_or(false); }
bool is_event_here(const AttachCandidate& one) { return one.is_event.value_or(false); }

/// Since when system calls have wrappers: x86_64 fa697140f9a2, arm64 4378a7d4be30. For the text
/// only; nothing is decided by it.
std::string_view wrapped_since(std::string_view wrapper) {
  return wrapper.starts_with("__x64") ? "4.17" : "4.19";
}

std::string about_missing_function(const AttachOutcome& attach, const std::string& asked) {
  const Names there = others(attach, is_function_here);
  const auto wrapper = std::find_if(there.begin(), there.end(), is_wrapper);
  if (wrapper != there.end()) {
    return fmt::format(
        "'{}' does not exist here: since {} the entry of this system call is '{}'; ksyscall/{} "
        "resolves it on every kernel",
        asked, wrapped_since(*wrapper), *wrapper, wrapper->substr(wrapper->find("sys_") + 4));
  }
  if (there.empty()) {
    return fmt::format(
        "'{}' does not exist here, and no similar symbol does: it was inlined or renamed, or is "
        "not built into this kernel",
        asked);
  }
  return fmt::format("'{}' does not exist here; {} {}", asked, quoted(there),
                     there.size() == 1 ? "does" : "do");
}

/// "vfs_read+0x4": as the loader writes where a probe shall stand.
bool is_within_function(std::string_view asked) {
  const std::size_t plus = asked.find("+0x");
  return plus != std::string_view::npos && asked.substr(plus) != "+0x0";
}

std::string about_kprobe_target(const AttachOutcome& attach) {
  const AttachCandidate& asked = attach.candidates.front();
  if (asked.in_kallsyms == false) return about_missing_function(attach, asked.symbol);
  // kernel/kprobes.c, check_kprobe_address_safe(), v5.8.
  if (asked.blacklisted == true) {
    return fmt::format("'{}' is on the kernel's blacklist of kprobes: it cannot be probed",
                       asked.symbol);
  }
  if (asked.in_kallsyms == true && asked.traceable == false) {
    return fmt::format(
        "'{}' exists but is not traceable: it is marked notrace, or was built "
        "without the call that tracing needs",
        asked.symbol);
  }
  // arch/x86/kernel/kprobes/core.c, arch_prepare_kprobe(), v5.8.
  if (attach.stage.errno_name == "EILSEQ" && is_within_function(attach.requested)) {
    return "a probe must be at the first byte of an instruction, and no instruction begins there";
  }
  return "";
}

/// Since 5.11 modules bring their own (36e68442d1af).
std::string about_btf_of_modules(const std::string& asked, std::string_view method,
                                 const std::vector<std::string>& modules) {
  return fmt::format(
      "'{}' is not in the kernel itself but in a module (loaded here: {}), and {} needs BTF of "
      "that "
      "module: kernels have it from 5.11 on",
      asked, fmt::join(modules, ", "), method);
}

std::string about_btf_target(const AttachOutcome& attach, std::string_view method,
                             const std::optional<std::vector<std::string>>& modules) {
  const AttachCandidate& asked = attach.candidates.front();
  if (modules && asked.in_kallsyms == false && asked.in_btf == false)
    return about_btf_of_modules(asked.symbol, method, *modules);
  if (asked.in_kallsyms == false && asked.in_btf != true) {
    return about_missing_function(attach, asked.symbol);
  }
  if (asked.in_btf == false) {
    return fmt::format("the BTF of this kernel has no function '{}', which {} needs", asked.symbol,
                       method);
  }
  return asked.traceable == false ? about_kprobe_target(attach) : "";
}

std::string about_missing_event(const AttachOutcome& attach) {
  const AttachCandidate& asked = attach.candidates.front();
  if (asked.is_event != false) return "";
  const Names near = others(attach, is_event_here);
  if (near.empty()) return fmt::format("there is no tracepoint '{}' here", asked.symbol);
  return fmt::format("there is no tracepoint '{}' here; {} {}", asked.symbol, quoted(near),
                     near.size() == 1 ? "is one" : "are");
}

/// kernel/events/core.c, perf_event_set_bpf_prog(), v5.8: the only EACCES once the event is open.
bool reads_past_record(const AttachOutcome& attach) {
  return attach.candidates.front().is_event == true && attach.stage.errno_name == "EACCES" &&
         attach.stage.message.find("perf_event FD") != std::string::npos;
}

std::string about_short_record(const std::string& event) {
  std::string folder = event;
  std::replace(folder.begin(), folder.end(), ':', '/');
  return fmt::format(
      "the program reads past the end of the record of '{}', which is checked when it is attached; "
      "/sys/kernel/tracing/events/{}/format has the fields of this kernel",
      event, folder);
}

std::string about_event(const AttachOutcome& attach) {
  return reads_past_record(attach) ? about_short_record(attach.candidates.front().symbol)
                                   : about_missing_event(attach);
}

std::string about_missing_btf(const Outcome& outcome, std::string_view method) {
  if (!outcome.kernel.btf_present) {
    return fmt::format("{} needs the kernel's own BTF, and this kernel has none", method);
  }
  if (outcome.btf_source == "kernel" || outcome.btf_source == "both") return "";
  return fmt::format(
      "{} needs the kernel's own BTF, which was hidden from the loader (BTF source "
      "'{}')",
      method, outcome.btf_source);
}

/// arm64 has trampolines since 6.0 (efc9909fdce0), for functions of the kernel since 6.4
/// (2aa6ac03516d).
std::string about_trampolines(const Outcome& outcome, std::string_view method,
                              const KernelFacts* kernel) {
  std::string text = fmt::format(
      "{} loads, and its attach fails with ENOTSUPP (524): no trampolines for kernel functions",
      method);
  if (outcome.kernel.arch == "aarch64") text += " on arm64 before about 6.4";
  if (kernel == nullptr || kernel->probe("attach", "fentry").answer != Ternary::no) return text;
  return text + "; the probe could not attach an fentry program to this kernel either";
}

/// kprobe.multi came in 5.18 (0dcac2725406) and needs CONFIG_FPROBE, which arm64 has since 6.14
/// (4346ba160409).
std::string about_multi(const KernelFacts* kernel, std::string_view method) {
  if (kernel == nullptr) return "";
  const ProbedFact fact = kernel->probe("attach", "kprobe_multi");
  if (fact.answer != Ternary::no) return "";
  if (fact.errno_name == "EINVAL") {
    return fmt::format("this kernel does not know links of kind {} (they came in 5.18)", method);
  }
  const bool unset = kernel->configured("FPROBE") == Ternary::no;
  return fmt::format("this kernel knows {} but does not support it{}", method,
                     unset ? ": it was built without CONFIG_FPROBE" : "");
}

std::string about_target(const Outcome& outcome, const ProgramOutcome& program,
                         std::string_view method, const KernelFacts* kernel) {
  const AttachOutcome& attach = program.attach;
  if (attach.stage.errno_name == "ENOTSUPP" && attaches_by_btf(method)) {
    return about_trampolines(outcome, method, kernel);
  }
  if (is_kprobe(method) && is_multi(method)) {
    if (std::string text = about_multi(kernel, method); !text.empty()) return text;
  }
  if (attach.candidates.empty()) return "";
  if (attach.candidates.front().is_event) return about_event(attach);
  if (attaches_by_btf(method)) return about_btf_target(attach, method, outcome.modules);
  return is_kprobe(method) ? about_kprobe_target(attach) : "";
}

}  // namespace

std::string attach_reason(const Outcome& outcome, const ProgramOutcome& program,
                          const KernelFacts* kernel) {
  const std::string method = method_of(program);
  const bool attach_refused = program.attach.stage.failed();
  // What attaches by BTF looks up its target at load: kernel/bpf/verifier.c, check_attach_btf_id(),
  // v5.8.
  const bool load_failed = program.load.stage.failed() || outcome.relocate.stage.failed();
  if (!attach_refused && !(load_failed && attaches_by_btf(method))) return "";
  if (attaches_by_btf(method)) {
    if (std::string text = about_missing_btf(outcome, method); !text.empty()) return text;
  }
  return about_target(outcome, program, method, kernel);
}

}  // namespace bpfmatrix
