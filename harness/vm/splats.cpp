#include "vm/splats.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>

#include "vm/console.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxComplaints = 64;
constexpr std::size_t kMaxLines = 16;
constexpr std::size_t kMaxMessageLines = 4;
constexpr std::size_t kMaxLineBytes = 300;

/// kernel/panic.c, __warn_printk() and __report_bug() in lib/bug.c, v5.8: before the message of a
/// WARN() and its WARNING.
constexpr std::string_view kCutHere = "------------[ cut here ]------------";

/// What trouble_on() does not know, because nothing ends by it.
constexpr std::array<std::string_view, 3> kMilderStarts{
    "WARNING: ",                                 // kernel/panic.c, __warn(), kernel/locking, v5.8
    "UBSAN: ",                                   // lib/ubsan.c, ubsan_prologue(), v5.8
    "INFO: trying to register non-static key.",  // kernel/locking/lockdep.c, v5.8
};

enum class Grade { milder, grave, stall };

std::optional<Grade> grade_of(std::string_view line) {
  if (const auto end = trouble_on(line)) return *end == End::hung ? Grade::stall : Grade::grave;
  static const RE2 slab(R"(BUG \S+ \([^)]*\): .*)");  // mm/slub.c, slab_bug(), v5.8
  if (RE2::FullMatch(line, slab)) return Grade::grave;
  const bool milder = std::any_of(kMilderStarts.begin(), kMilderStarts.end(),
                                  [&](auto start) { return line.starts_with(start); });
  return milder ? std::optional(Grade::milder) : std::nullopt;
}

/// kernel/panic.c, print_oops_end_marker(), v5.8.
bool ends_trace(std::string_view line) { return line.starts_with("---[ end trace"); }

/// Which registers held what says nothing to whoever reads a first summary: arch/x86/kernel/
/// process_64.c, __show_regs(), and arch/arm64/kernel/process.c, __show_regs(), v5.10.
bool is_register_line(std::string_view line) {
  static const RE2 registers(
      R"(Code: .*|(?:RSP|R[A-D]X|RBP|R\d\d|FS|CS|CR\d|DR\d|pstate|sp|x\d+) ?: .*)");
  return RE2::FullMatch(line, registers);
}

/// Both forms of a WARNING: kernel/panic.c, __warn(), v4.18, and since 28ea295f941e, v6.19:
///   WARNING: CPU: 0 PID: 214 at kernel/bpf/verifier.c:4531 check_mem_access+0x12/0x340
///   WARNING: kernel/bpf/verifier.c:4531 at check_mem_access+0x12/0x340, CPU#0: loader/214
/// Where the kernel keeps no file names only the function is there.
std::optional<std::string> name_of_warning(std::string_view line) {
  static const RE2 old_form(
      R"(WARNING: CPU: \d+ PID: \d+ at (?:([^\s:]+):\d+ )?([\w.]+)\+0x[0-9a-f]+.*)");
  static const RE2 new_form(
      R"(WARNING: (?:([^\s:]+):\d+ )?at ([\w.]+)\+0x[0-9a-f]+/0x[0-9a-f]+.*)");
  std::string file;
  std::string function;
  if (!RE2::FullMatch(line, old_form, &file, &function) &&
      !RE2::FullMatch(line, new_form, &file, &function)) {
    return std::nullopt;
  }
  return "WARNING: at " + (file.empty() ? function : file + " " + function);
}

std::string name_of(std::string_view line) {
  if (std::optional<std::string> name = name_of_warning(line)) return *std::move(name);
  // Offsets into functions; lines of sources; processes and processors; whatever else is a number.
  static const RE2 offset(R"(\+0x[0-9a-f]+/0x[0-9a-f]+)");
  static const RE2 source(R"((\.[chS]):\d+(?::\d+)?\b)");
  static const RE2 process(R"([\w.-]+[:/]\d+\b)");
  static const RE2 number(R"(#?\b(?:0x)?[0-9a-f]*\d[0-9a-f]*s?\b)");
  std::string name(line);
  RE2::GlobalReplace(&name, offset, "");
  RE2::GlobalReplace(&name, source, R"(\1)");
  RE2::GlobalReplace(&name, process, "#");
  RE2::GlobalReplace(&name, number, "#");
  return name;
}

class Finder {
 public:
  std::vector<Complaint> find(std::string_view console) {
    while (!console.empty() && found_.size() < kMaxComplaints) {
      const std::size_t end = std::min(console.find('\n'), console.size());
      take(without_stamp(console.substr(0, end)).substr(0, kMaxLineBytes));
      console.remove_prefix(std::min(end + 1, console.size()));
    }
    return std::move(found_);
  }

 private:
  void take(std::string_view line) {
    if (line == kCutHere) {
      state_ = State::in_message;
      message_.clear();
    } else if (ends_trace(line)) {
      state_ = State::between;
    } else if (const std::optional<Grade> grade = grade_of(line)) {
      begin_complaint(line, *grade);
    } else if (state_ == State::in_trace) {
      add_line(line);
    } else if (state_ == State::in_message && message_.size() < kMaxMessageLines) {
      message_.emplace_back(line);
    }
  }

  void begin_complaint(std::string_view line, Grade grade) {
    found_.push_back({.name = name_of(line), .is_stall = grade == Grade::stall});
    lines_ = 0;
    if (state_ == State::in_message) {
      for (const std::string& before : message_) add_line(before);
    }
    add_line(line);
    state_ = State::in_trace;
  }

  void add_line(std::string_view line) {
    if (is_register_line(line) || lines_++ >= kMaxLines) return;
    std::string& text = found_.back().text;
    if (!text.empty()) text += '\n';
    text += line;
  }

  enum class State { between, in_message, in_trace };
  State state_ = State::between;
  std::vector<std::string> message_{};
  std::vector<Complaint> found_{};
  /// Of the last one found.
  std::size_t lines_ = 0;
};

}  // namespace

std::vector<Complaint> find_complaints(std::string_view console) { return Finder().find(console); }

}  // namespace bpfmatrix
