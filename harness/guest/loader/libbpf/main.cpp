// The `libbpf` loader: the contract of loader_contract.md spoken by a static libbpf.
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/json.h"
#include "guest/loader/common/loader_main.h"
#include "guest/loader/common/observed.h"
#include "guest/loader/common/report.h"
#include "guest/loader/common/run_statistics.h"
#include "guest/loader/libbpf/attach.h"
#include "guest/loader/libbpf/btf_ahead.h"
#include "guest/loader/libbpf/companions.h"
#include "guest/loader/libbpf/event_buffers.h"
#include "guest/loader/libbpf/globals.h"
#include "guest/loader/libbpf/libbpf_log.h"
#include "guest/loader/libbpf/libbpf_object.h"
#include "guest/messages.h"

namespace bpfmatrix::guest {

namespace {

constexpr int kContract = 1;
constexpr std::chrono::milliseconds kLateness{250};
constexpr std::chrono::milliseconds kPause{10};

struct Request {
  std::string object{};
  std::string btf{};
  bool attach = false;
  bool hold = false;
  GlobalValues globals{};
  LoadSettings load{};
  std::vector<CompanionRequest> together{};
  bool insns = false;
};

template <typename T>
void take(ObjectReader& reader, std::string_view key, T& into) {
  const Json* json = reader.object(key);
  if (json == nullptr) return;
  Result<T> value = from_json<T>(*json, reader.where(key));
  if (!value) reader.adopt(value.error());
  if (value) into = *std::move(value);
}

std::vector<CompanionRequest> read_companions(ObjectReader& reader) {
  constexpr std::string_view kKey = "together";
  std::vector<CompanionRequest> companions;
  const Json* all = reader.array(kKey);
  if (all == nullptr) return companions;
  for (const Json& json : *all) {
    ObjectReader one(json, reader.where(kKey));
    companions.push_back({one.string("name"), one.string("object")});
    if (const Result<> read = one.finish(); !read) reader.adopt(read.error());
  }
  return companions;
}

Result<Request> parse_request(const std::string& line) {
  const Result<Json> json = parse_json(line, "request");
  if (!json) return json.error();
  ObjectReader reader(*json, "request");
  if (reader.integer("contract") != kContract) reader.fail("contract", "this loader speaks 1");
  Request request;
  request.object = reader.string("object");
  request.btf = reader.optional_string("btf").value_or("");
  request.attach = reader.boolean("attach");
  request.hold = reader.boolean("hold");
  take(reader, "globals", request.globals);
  take(reader, "load", request.load);
  request.together = read_companions(reader);
  request.insns = reader.optional_boolean("insns").value_or(false);
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return request;
}

void wait_for_line() {
  std::string ignored;
  std::getline(std::cin, ignored);
}

void attach_all(const LibbpfObject& object, const LoadSettings& settings, Attacher& attacher) {
  for (const bpf_program* program : object.accepted()) {
    const std::string name = bpf_program__name(program);
    const auto& left = settings.unattached;
    if (std::find(left.begin(), left.end(), name) != left.end()) continue;
    const auto to = settings.attach.find(name);
    const std::optional<AttachReport> report =
        attacher.attach(program, to != settings.attach.end() ? to->second : AttachTo{});
    if (report) report_attach(*report);
  }
  for (const std::string& program : attacher.displaced()) report_displaced(program);
}

std::optional<std::uint32_t> program_id(int fd) {
  bpf_prog_info info{};
  std::uint32_t bytes = sizeof info;
  if (bpf_obj_get_info_by_fd(fd, &info, &bytes) != 0) return std::nullopt;
  return info.id;
}

using ProgramIds = std::vector<std::pair<std::string, std::uint32_t>>;

/// Asked before anything is attached: a program for LSM hooks may forbid it.
ProgramIds ids_of(const LibbpfObject& object) {
  ProgramIds ids;
  for (const bpf_program* program : object.accepted()) {
    if (const auto id = program_id(bpf_program__fd(program)))
      ids.emplace_back(bpf_program__name(program), *id);
  }
  return ids;
}

/// It may run later than what set it off: after a grace period of RCU, from a timer or a work
/// queue. What the network runs is done when the packet has passed.
bool may_run_late(const bpf_program* program) {
  switch (bpf_program__type(program)) {
    case BPF_PROG_TYPE_KPROBE:
    case BPF_PROG_TYPE_TRACEPOINT:
    case BPF_PROG_TYPE_RAW_TRACEPOINT:
    case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
    case BPF_PROG_TYPE_TRACING:
      return true;
    default:
      return false;  // the kernel's own list, and open-ended
  }
}

/// Until each has run, or for longer than such things take: a grace period is 20 to 80 ms of an
/// emulated guest's life.
void wait_for_late(const std::vector<const bpf_program*>& programs,
                   const RunStatisticsSwitch& statistics) {
  const auto deadline = std::chrono::steady_clock::now() + kLateness;
  const auto has_not_run = [&](const bpf_program* program) {
    const std::optional<RunStatistics> ran = statistics.read(bpf_program__fd(program));
    return may_run_late(program) && ran && ran->run_cnt == 0;
  };
  while (std::any_of(programs.begin(), programs.end(), has_not_run) &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kPause);
  }
}

/// While everything is attached: waits for the trigger, then says what came of it.
void hold(const LibbpfObject& object, const ProgramIds& ids, const RunStatisticsSwitch& statistics,
          const Companions& companions) {
  EventBuffers events(object.get());
  for (const auto& [name, id] : ids) report_held(name, id);
  report_ready();
  wait_for_line();
  wait_for_late(object.accepted(), statistics);
  OrderedJson values = object.observed_values();
  events.read([&](std::string_view map, std::uint64_t count) {
    values[fmt::format("received__{}", map)] = count;
  });
  if (!values.empty()) report_observed(kObservedMap, values);
  for (const bpf_program* program : object.accepted()) {
    // What replaces another program's function runs as part of that, and is not counted.
    if (bpf_program__type(program) == BPF_PROG_TYPE_EXT) continue;
    const std::optional<RunStatistics> ran = statistics.read(bpf_program__fd(program));
    if (ran) report_ran(bpf_program__name(program), ran->run_cnt, ran->run_time_ns);
  }
  companions.report_runs(statistics);
}

/// Where nothing came to be attached there is nothing to wait for.
void attach_and_hold(const LibbpfObject& object, const Request& request,
                     const Companions& companions) {
  std::optional<RunStatisticsSwitch> statistics;
  if (request.hold && !object.accepted().empty()) statistics.emplace();
  const ProgramIds ids = ids_of(object);
  Attacher attacher(object.get());
  if (request.attach) attach_all(object, request.load, attacher);
  if (statistics && (!request.attach || attacher.any())) hold(object, ids, *statistics, companions);
}

Result<> run() {
  if (std::getenv(kStandbyVariable) != nullptr) BtfAhead::instance().parse_ahead();
  std::string line;
  std::getline(std::cin, line);
  const Result<Request> request = parse_request(line);
  if (!request) return request.error();
  report_loader("libbpf", LIBBPF_VERSION);

  Companions companions;
  companions.set_up(request->together, request->btf);
  const ProgramThere there = [&](std::string_view name) { return companions.program_fd(name); };
  LibbpfObject object(request->object, request->btf, request->insns);
  if (object.open(request->globals, request->load, there)) {
    if (!object.load()) return Error{"libbpf failed in a way that is no stage's: see above"};
    attach_and_hold(object, *request, companions);
  }
  report_done();
  return {};
}

}  // namespace

}  // namespace bpfmatrix::guest

int main() {
  // Debug lines by the hundred: one write each would be felt under emulation.
  std::setvbuf(stderr, nullptr, _IOFBF, 64 * 1024);
  return bpfmatrix::guest::run_loader(bpfmatrix::guest::run);
}
