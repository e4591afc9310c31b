#include "vm/console.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace bpfmatrix {

namespace {

constexpr int kTailLines = 40;
constexpr std::size_t kMaxLineShown = 300;
constexpr char kEscape = '\033';

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The length of the escape sequence at the start of `text`: ECMA-48 CSI ("ESC [ ... letter"), OSC
/// ("ESC ] ... BEL"), or two characters.
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return text.size();
  const auto ends = [&text](char c) {
    return text[1] == '[' ? c >= '@' && c <= '~' : c == '\a' || c == kEscape;
  };
  if (text[1] != '[' && text[1] != ']') return 2;
  std::size_t end = 2;
  while (end < text.size() && text[end] != '\n' && !ends(text[end])) ++end;
  return end < text.size() && text[end] != '\n' ? end + 1 : end;
}

/// The length of "[    1.234567] " or "[    1.234567][    T1] " at the start of `text`, else 0.
std::size_t stamp_length(std::string_view text) {
  std::size_t at = 1;
  const auto skip = [&](auto accepts) {
    const std::size_t begin = at;
    while (at < text.size() && accepts(text[at])) ++at;
    return at - begin;
  };
  const auto expect = [&](char c) { return at < text.size() && text[at] == c && ++at > 0; };
  if (!text.starts_with('[')) return 0;
  skip([](char c) { return c == ' '; });
  if (skip(is_digit) == 0 || !expect('.') || skip(is_digit) != 6 || !expect(']')) return 0;
  if (at < text.size() && text[at] == '[') {  // CONFIG_PRINTK_CALLER
    skip([](char c) { return c != ']'; });
    if (!expect(']')) return 0;
  }
  return expect(' ') ? at : 0;
}

/// "invalid opcode: 0000 [#1] SMP": arch/x86/kernel/dumpstack.c, __die_header(), v5.8, and
/// arch/arm64/kernel/traps.c, __die(), v5.8.
bool is_die_line(std::string_view line) {
  const std::size_t at = line.find(" [#");
  return at != line.npos && at + 3 < line.size() && is_digit(line[at + 3]) &&
         line.substr(0, at).find(": ") != line.npos;
}

constexpr std::array<std::string_view, 9> kPanicStarts{
    "Kernel panic - not syncing",  // kernel/panic.c, panic(), v5.8
    "BUG: ",                     // arch/x86/mm/fault.c, show_fault_oops(), mm/kasan/report.c, v5.8
    "kernel BUG at ",            // lib/bug.c, report_bug(), v5.8
    "Oops: ",                    // arch/x86/mm/fault.c, no_context(), v5.8
    "Oops - ",                   // arch/arm64/kernel/traps.c, die("Oops - BUG"), v4.18
    "Internal error: ",          // arch/arm64/kernel/traps.c, __die(), v5.8
    "Unable to handle kernel ",  // arch/arm64/mm/fault.c, die_kernel_fault(), v5.8
    "general protection fault",  // arch/x86/kernel/traps.c, GPFSTR, v5.8
    "PANIC: ",                   // arch/x86/kernel/traps.c, handle_stack_overflow(), v5.8
};

std::string_view without_subsystem(std::string_view line) {
  for (const std::string_view prefix : {"NMI watchdog: ", "watchdog: ", "rcu: "}) {
    if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
  }
  return line;
}

bool is_lockup(std::string_view line) {
  line = without_subsystem(line);
  const auto has = [line](std::string_view part) { return line.find(part) != line.npos; };
  return line.starts_with("BUG: soft lockup - ") ||            // kernel/watchdog.c, v5.8
         line.starts_with("BUG: workqueue lockup - ") ||       // kernel/workqueue.c, v5.8
         line.starts_with("Watchdog detected hard LOCKUP") ||  // kernel/watchdog_hld.c, v5.8
         (line.starts_with("INFO: rcu_") && has("stall")) ||   // kernel/rcu/tree_stall.h, v5.8
         (line.starts_with("INFO: task ") && has(" blocked for more than "));  // kernel/hung_task.c
}

/// A panic that a lockup became: kernel/watchdog.c, watchdog_timer_fn() (softlockup_panic);
/// kernel/hung_task.c, check_hung_uninterruptible_tasks(); kernel/rcu/tree_stall.h,
/// panic_on_rcu_stall(); kernel/watchdog_hld.c, watchdog_overflow_callback(); all v5.8.
bool is_lockup_panic(std::string_view line) {
  return line.starts_with("Kernel panic - not syncing: softlockup: ") ||
         line.starts_with("Kernel panic - not syncing: hung_task: ") ||
         line.starts_with("Kernel panic - not syncing: RCU Stall") ||
         line.starts_with("Kernel panic - not syncing: Hard LOCKUP");
}

std::string reason_of_loss(const ExitFacts& facts) {
  if (!facts.qemu) return facts.detail;
  std::string reason = fmt::format("QEMU ended with {}", to_string(*facts.qemu));
  const std::string said = last_lines(clean_console(facts.qemu_stderr), 1);
  return said.empty() ? reason : fmt::format("{}: {}", reason, said);
}

}  // namespace

std::string_view without_stamp(std::string_view line) {
  for (std::size_t at = line.find('['); at != line.npos; at = line.find('[', at + 1)) {
    if (const std::size_t length = stamp_length(line.substr(at))) return line.substr(at + length);
  }
  return line;
}

std::optional<End> trouble_on(std::string_view line) {
  if (is_lockup(line) || is_lockup_panic(line)) return End::hung;
  const bool panics = std::any_of(kPanicStarts.begin(), kPanicStarts.end(),
                                  [&](auto start) { return line.starts_with(start); });
  return panics || is_die_line(line) ? std::optional(End::panicked) : std::nullopt;
}

std::string clean_console(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  while (!raw.empty()) {
    const char c = raw.front();
    if (c == kEscape) {
      raw.remove_prefix(escape_length(raw));
      continue;
    }
    if (c == '\n' || c == '\t' || (c >= ' ' && c <= '~')) {
      text += c;
    } else if (c != '\r' && c != '\0') {
      text += '?';
    }
    raw.remove_prefix(1);
  }
  return text;
}

std::string last_lines(std::string_view text, int count) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::size_t begin = text.size();
  while (count-- > 0 && begin != 0) {
    const std::size_t newline = text.rfind('\n', begin - 1);
    if (newline == text.npos) return std::string(text);
    begin = newline;
  }
  if (begin < text.size() && text[begin] == '\n') ++begin;
  return std::string(text.substr(begin));
}

std::optional<Trouble> find_trouble(std::string_view console) {
  std::optional<Trouble> hung;
  while (!console.empty()) {
    const std::size_t end = std::min(console.find('\n'), console.size());
    const std::string_view line = without_stamp(console.substr(0, end));
    console.remove_prefix(std::min(end + 1, console.size()));
    const auto trouble = trouble_on(line);
    if (!trouble) continue;
    Trouble found{*trouble, std::string(line.substr(0, kMaxLineShown))};
    if (found.end == End::panicked) return found;
    if (!hung) hung = std::move(found);
  }
  return hung;
}

VmExit classify_exit(const ExitFacts& facts) {
  const std::string console = clean_console(facts.console);
  const std::string tail = last_lines(console, kTailLines);
  if (facts.stop == Stop::finished) return {End::completed, "", tail};
  if (facts.console.empty() && !facts.booted_before) {
    const std::string why = reason_of_loss(facts);
    return {End::lost, fmt::format("not one byte on the console{}{}", why.empty() ? "" : "; ", why),
            ""};
  }
  if (auto trouble = find_trouble(console)) return {trouble->end, std::move(trouble->line), tail};
  if (facts.qemu) return {End::lost, reason_of_loss(facts), tail};
  return {facts.stop == Stop::deadline ? End::hung : End::lost, facts.detail, tail};
}

}  // namespace bpfmatrix
