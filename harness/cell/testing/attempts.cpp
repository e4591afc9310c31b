#include "cell/testing/attempts.h"

#include <utility>

namespace bpfmatrix {

namespace {

constexpr const char* kOpened[] = {
    R"({"event":"loader","name":"libbpf","version":"1.4.6"})",
    R"({"event":"kernel_btf","parsed":"ahead"})",
    R"({"event":"open","result":"ok","errno":null,"message":null})",
    R"({"event":"program","name":"on_connect","section":"kprobe/__sys_connect","type":"kprobe"})",
    R"({"event":"relocate","result":"ok","errno":null,"message":null,"applied":0,"skipped":0,"poisoned":0})",
    R"({"event":"map","name":"observed","type":"array","result":"ok","errno":null,"message":null})",
};
constexpr const char* kWorked[] = {
    R"({"event":"load","program":"on_connect","result":"ok","errno":null,"message":null,"stats":{"insns":12,"states_total":1,"states_peak":1,"stack_bytes":4,"verification_usec":100,"xlated_bytes":144,"jited_bytes":90},"instructions":12,"log_bytes":0,"log_truncated":false})",
    R"({"event":"attach","program":"on_connect","result":"ok","errno":null,"message":null,"method":"kprobe","requested":"__sys_connect","actual":"__sys_connect"})",
    R"({"event":"ready"})",
    R"({"event":"observed","map":"observed","values":{"hits":1,"fd":7,"port":4242}})",
    R"({"event":"ran","program":"on_connect","run_cnt":1,"run_time_ns":5200})",
    R"({"event":"done"})",
};
constexpr const char* kRejected[] = {
    R"({"event":"log","program":"on_connect","text":"0: (61) r6 = *(u32 *)(r1 +0)\nR1 invalid mem access 'inv'\n"})",
    R"({"event":"load","program":"on_connect","result":"failed","errno":"EACCES","message":"-13","stats":null,"log_bytes":60,"log_truncated":false})",
    R"({"event":"done"})",
};

template <std::size_t N>
void append(std::vector<std::string>& lines, const char* const (&more)[N]) {
  lines.insert(lines.end(), std::begin(more), std::end(more));
}

}  // namespace

std::vector<std::string> good_lines() {
  std::vector<std::string> lines;
  append(lines, kOpened);
  append(lines, kWorked);
  return lines;
}

std::vector<std::string> rejected_lines() {
  std::vector<std::string> lines;
  append(lines, kOpened);
  append(lines, kRejected);
  return lines;
}

Attempt completed(std::vector<std::string> lines) {
  Attempt attempt;
  attempt.accel = "tcg";
  attempt.cloned = true;
  attempt.ready_ms = 20;
  attempt.wall_ms = 100;
  attempt.lines = std::move(lines);
  attempt.triggered =
      Triggered{{{"fd", 7}, {"port", 4242}}, {{"comm", "trigger"}}, {{"connect", -111}}};
  attempt.exited = Exited{.code = 0, .wall_ms = 60};
  attempt.session = SessionState::ready;
  return attempt;
}

Attempt given_up(SessionState session, std::string console) {
  Attempt attempt;
  attempt.accel = "tcg";
  attempt.cloned = true;
  attempt.wall_ms = 1000;
  attempt.session = session;
  attempt.session_error = "guest agent: closed";
  attempt.machine_end =
      ExitFacts{.stop = session == SessionState::hung ? Stop::deadline : Stop::channel_lost,
                .detail = attempt.session_error,
                .console = std::move(console),
                .booted_before = true};
  return attempt;
}

Attempt booted(Attempt attempt) {
  attempt.cloned = false;
  return attempt;
}

Transcript transcript_of(std::vector<Attempt> attempts) {
  Transcript transcript;
  TranscriptInputs& inputs = transcript.inputs;
  inputs.cell = "debian-6.1-x86_64/connect-kprobe-inner/kernel/libbpf";
  inputs.kernel.id = "debian-6.1-x86_64";
  inputs.kernel.arch = "x86_64";
  inputs.object = {"connect_kprobe_inner.bpf.c", std::string(64, 'a')};
  inputs.spec.id = "connect-kprobe-inner";
  inputs.btf_source = "kernel";
  inputs.loader = "libbpf";
  inputs.isolation = "cell";
  inputs.timeout_s = 120;
  transcript.attempts = std::move(attempts);
  return transcript;
}

}  // namespace bpfmatrix
