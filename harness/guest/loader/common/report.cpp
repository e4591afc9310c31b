#include "guest/loader/common/report.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "guest/common/errno_name.h"

namespace bpfmatrix::guest {

namespace {

constexpr std::size_t kMaxReportedLogBytes = 1 << 20;
// A byte that is no UTF-8 or a control character grows to six in JSON: with 64 KiB a piece stays
// below the contract's 512 KiB a line whatever is in it.
constexpr std::size_t kLogPieceBytes = std::size_t{64} << 10;
/// As hex digits 64 KiB too.
constexpr std::size_t kPieceInsns = 4096;
constexpr std::size_t kMaxMessageBytes = std::size_t{8} << 10;

void emit(const OrderedJson& event) {
  const std::string line = json_text(event) + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

void add_stage(OrderedJson& event, const StageReport& stage) {
  event["result"] = stage.failed ? "failed" : "ok";
  // libbpf's own error numbers start at 4000 and say less than its message.
  constexpr int kFirstOfLibbpf = 4000;
  const bool named = stage.error != 0 && std::abs(stage.error) < kFirstOfLibbpf;
  event["errno"] = named ? OrderedJson(errno_name(stage.error)) : nullptr;
  std::string_view message = stage.message;
  if (message.size() > kMaxMessageBytes) message.remove_prefix(message.size() - kMaxMessageBytes);
  event["message"] = message.empty() ? OrderedJson(nullptr) : OrderedJson(message);
}

template <typename T>
OrderedJson or_null(const std::optional<T>& value) {
  return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

/// Cut at the start of a character, so that pieces joined again are the text that was.
std::size_t piece_end(std::string_view text) {
  std::size_t end = std::min(text.size(), kLogPieceBytes);
  constexpr std::size_t kLongestCharacter = 4;
  for (std::size_t back = 0; end < text.size() && back < kLongestCharacter; ++back) {
    if ((static_cast<unsigned char>(text[end - back]) & 0xc0) != 0x80) return end - back;
  }
  return end;
}

void report_log(std::string_view program, std::string_view log) {
  while (!log.empty()) {
    const std::size_t end = piece_end(log);
    emit({{"event", "log"}, {"program", program}, {"text", log.substr(0, end)}});
    log.remove_prefix(end);
  }
}

/// In the order of memory.
std::string hex_of(std::span<const std::uint64_t> insns) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const std::byte byte : std::as_bytes(insns)) {
    hex += kDigits[std::to_integer<unsigned>(byte) >> 4];
    hex += kDigits[std::to_integer<unsigned>(byte) & 0xf];
  }
  return hex;
}

}  // namespace

void report_loader(std::string_view name, std::string_view version) {
  emit({{"event", "loader"}, {"name", name}, {"version", version}});
}

void report_kernel_btf(bool ahead) {
  emit({{"event", "kernel_btf"}, {"parsed", ahead ? "ahead" : "now"}});
}

void report_open(const StageReport& stage) {
  OrderedJson event{{"event", "open"}};
  add_stage(event, stage);
  emit(event);
}

void report_program(std::string_view name, std::string_view section, std::string_view type) {
  emit({{"event", "program"}, {"name", name}, {"section", section}, {"type", type}});
}

void report_relocate(const StageReport& stage, std::optional<std::size_t> applied,
                     std::optional<std::size_t> skipped, std::optional<std::size_t> poisoned) {
  OrderedJson event{{"event", "relocate"}};
  add_stage(event, stage);
  event["applied"] = or_null(applied);
  event["skipped"] = or_null(skipped);
  event["poisoned"] = or_null(poisoned);
  emit(event);
}

void report_map(const MapReport& map) {
  OrderedJson event{{"event", "map"}, {"name", map.name}, {"type", map.type}};
  add_stage(event, map.stage);
  event["attributes_known"] = or_null(map.attributes_known);
  if (map.sized) event["sized"] = *map.sized;
  emit(event);
}

void report_needs(std::string_view program, std::string_view map) {
  emit({{"event", "needs"}, {"program", program}, {"map", map}});
}

void report_insns(std::string_view program, const SentProgram& sent) {
  OrderedJson functions = OrderedJson::array();
  for (const SentProgram::Function& function : sent.functions) {
    functions.push_back({{"insn", function.insn}, {"type", function.type}});
  }
  const std::span<const std::uint64_t> all(sent.insns);
  for (std::size_t first = 0; first < all.size(); first += kPieceInsns) {
    const auto piece = all.subspan(first, std::min(kPieceInsns, all.size() - first));
    OrderedJson event{
        {"event", "insns"}, {"program", program}, {"first", first}, {"hex", hex_of(piece)}};
    if (first == 0) event["functions"] = functions;
    emit(event);
  }
}

void report_relocation(const LoggedRelocation& relocation) {
  OrderedJson edits = OrderedJson::array();
  for (const RelocationEdit& edit : relocation.edits) {
    edits.push_back({{"field", edit.field}, {"before", edit.before}, {"after", edit.after}});
  }
  emit({{"event", "relocation"},
        {"function", relocation.function},
        {"index", relocation.index},
        {"insn", relocation.insn},
        {"result", relocation.result()},
        {"edits", std::move(edits)}});
}

void report_load(const LoadReport& load) {
  std::string_view log = load.log;
  const bool cut = log.size() > kMaxReportedLogBytes;
  if (cut) log.remove_prefix(log.size() - kMaxReportedLogBytes);
  report_log(load.program, log);
  OrderedJson event{{"event", "load"}, {"program", load.program}};
  add_stage(event, load.stage);
  event["stats"] = {{"insns", or_null(load.log_stats.insns)},
                    {"states_total", or_null(load.log_stats.states_total)},
                    {"states_peak", or_null(load.log_stats.states_peak)},
                    {"stack_bytes", or_null(load.log_stats.stack_bytes)},
                    {"verification_usec", or_null(load.log_stats.verification_usec)},
                    {"xlated_bytes", or_null(load.xlated_bytes)},
                    {"jited_bytes", or_null(load.jited_bytes)}};
  event["instructions"] = or_null(load.instructions);
  event["attributes_known"] = or_null(load.attributes_known);
  event["type_known"] = or_null(load.type_known);
  event["attach_type_known"] = or_null(load.attach_type_known);
  event["log_bytes"] = load.log.size();
  event["log_truncated"] = load.log_truncated || cut;
  emit(event);
}

void report_attach(const AttachReport& attach) {
  OrderedJson event{{"event", "attach"}, {"program", attach.program}};
  add_stage(event, attach.stage);
  event["method"] = attach.method;
  event["requested"] = attach.requested;
  event["actual"] = attach.actual.empty() ? OrderedJson(nullptr) : OrderedJson(attach.actual);
  emit(event);
}

void report_observed(std::string_view map, const OrderedJson& values) {
  emit({{"event", "observed"}, {"map", map}, {"values", values}});
}

void report_ran(std::string_view program, std::uint64_t run_cnt, std::uint64_t run_time_ns) {
  emit(
      {{"event", "ran"}, {"program", program}, {"run_cnt", run_cnt}, {"run_time_ns", run_time_ns}});
}

void report_app(const AppReport& app) {
  OrderedJson event{{"event", "app"}};
  event["exit_code"] = WIFEXITED(app.status) ? OrderedJson(WEXITSTATUS(app.status)) : nullptr;
  event["signal"] = WIFSIGNALED(app.status) ? OrderedJson(WTERMSIG(app.status)) : nullptr;
  event["stop_signal"] = app.stop_signal != 0 ? OrderedJson(app.stop_signal) : nullptr;
  event["probes"] = app.probes;
  if (app.never_quiet) event["never_quiet"] = true;
  emit(event);
}

void report_displaced(std::string_view program) {
  emit({{"event", "displaced"}, {"program", program}});
}

void report_held(std::string_view program, std::uint32_t id) {
  emit({{"event", "held"}, {"program", program}, {"id", id}});
}

void report_beside(const BesideReport& beside) {
  OrderedJson event{{"event", "beside"}, {"object", beside.object}, {"program", beside.program}};
  add_stage(event, beside.stage);
  event["method"] = beside.method;
  event["requested"] = beside.requested;
  emit(event);
}

void report_beside_ran(std::string_view object, std::string_view program, std::uint64_t run_cnt) {
  emit({{"event", "beside_ran"}, {"object", object}, {"program", program}, {"run_cnt", run_cnt}});
}

void report_ready() { emit({{"event", "ready"}}); }
void report_done() { emit({{"event", "done"}}); }

}  // namespace bpfmatrix::guest
