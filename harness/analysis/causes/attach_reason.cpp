#include "analysis/causes/attach_reason.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/section_name.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxNamed = 3;

using Names = std::vector<std::string>;

bool is_refused(const StageOutcome& stage) { return stage.result == StageResult::refused; }

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

/// Since when a wrapper is what it is: nothing that anything is decided by.
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
        "'{}' does not exist here, nor does anything by a similar name: it was "
        "inlined, renamed, or is not built into this kernel",
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
  if (asked.blacklisted == true) {
    return fmt::format("'{}' is on the kernel's blacklist of kprobes: no probe may stand there",
                       asked.symbol);
  }
  if (asked.in_kallsyms == true && asked.traceable == false) {
    return fmt::format(
        "'{}' exists but is not traceable: it is marked notrace, or was built "
        "without the call that tracing needs",
        asked.symbol);
  }
  if (attach.stage.errno_name == "EILSEQ" && is_within_function(attach.asked)) {
    return "a probe stands on the first byte of an instruction, and none begins there";
  }
  return "";
}

std::string about_btf_target(const AttachOutcome& attach, std::string_view method) {
  const AttachCandidate& asked = attach.candidates.front();
  if (asked.in_kallsyms == false && asked.in_btf != true) {
    return about_missing_function(attach, asked.symbol);
  }
  if (asked.in_btf == false) {
    return fmt::format("'{}' is no function in this kernel's BTF, where {} looks for it",
                       asked.symbol, method);
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

/// perf_event_set_bpf_prog() of kernel/events/core.c: nothing else is refused so once the event is
/// open.
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
  if (outcome.btf_source == "kernel") return "";
  return fmt::format(
      "{} needs the kernel's own BTF, which was hidden from the loader (BTF source "
      "'{}')",
      method, outcome.btf_source);
}

std::string about_trampolines(const Outcome& outcome, std::string_view method,
                              const KernelFacts* kernel) {
  std::string text = fmt::format(
      "{} loads and its attach ends with ENOTSUPP (524): no trampolines for kernel functions",
      method);
  if (outcome.kernel.arch == "aarch64") text += " on arm64 before about 6.4";
  if (kernel == nullptr || kernel->probe("attach", "fentry").answer != Truth::no) return text;
  return text + "; the probe could attach no fentry program to this kernel either";
}

std::string about_multi(const KernelFacts* kernel, std::string_view method) {
  if (kernel == nullptr) return "";
  const ProbedFact fact = kernel->probe("attach", "kprobe_multi");
  if (fact.answer != Truth::no) return "";
  if (fact.errno_name == "EINVAL") {
    return fmt::format("{} is no kind of link that this kernel knows (5.18 brought it)", method);
  }
  const bool unset = kernel->configured("FPROBE") == Truth::no;
  return fmt::format("this kernel knows {} and cannot serve it{}", method,
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
  if (attaches_by_btf(method)) return about_btf_target(attach, method);
  return is_kprobe(method) ? about_kprobe_target(attach) : "";
}

}  // namespace

std::string attach_reason(const Outcome& outcome, const ProgramOutcome& program,
                          const KernelFacts* kernel) {
  const std::string method = method_of(program);
  const bool attach_refused = is_refused(program.attach.stage);
  // What attaches by BTF looks for its target when it is loaded.
  const bool load_refused = is_refused(program.load.stage) || is_refused(outcome.relocation.stage);
  if (!attach_refused && !(load_refused && attaches_by_btf(method))) return "";
  if (attaches_by_btf(method)) {
    if (std::string text = about_missing_btf(outcome, method); !text.empty()) return text;
  }
  return about_target(outcome, program, method, kernel);
}

}  // namespace bpfmatrix
