// The `libbpf` loader: the contract of loader_contract.md spoken by a static libbpf.
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "base/json.h"
#include "guest/loader/common/loader_main.h"
#include "guest/loader/common/observed.h"
#include "guest/loader/common/report.h"
#include "guest/loader/common/run_statistics.h"
#include "guest/loader/libbpf/attach.h"
#include "guest/loader/libbpf/btf_ahead.h"
#include "guest/loader/libbpf/event_buffers.h"
#include "guest/loader/libbpf/globals.h"
#include "guest/loader/libbpf/libbpf_log.h"
#include "guest/loader/libbpf/libbpf_object.h"
#include "guest/messages.h"

namespace bpfmatrix::guest {

namespace {

constexpr int kContract = 1;

struct Request {
  std::string object{};
  std::string btf{};
  bool attach = false;
  bool hold = false;
  Globals globals{};
  bool insns = false;
};

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
  if (const Json* globals = reader.object("globals")) {
    for (const auto& [name, value] : globals->items()) {
      if (!value.is_number_integer()) reader.fail("globals", "wanted integers only");
      if (value.is_number_integer()) request.globals[name] = value.get<std::int64_t>();
    }
  }
  request.insns = reader.optional_boolean("insns").value_or(false);
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return request;
}

void wait_for_line() {
  std::string ignored;
  std::getline(std::cin, ignored);
}

void attach_all(const LibbpfObject& object, Attacher& attacher) {
  for (const bpf_program* program : object.accepted()) {
    if (const std::optional<AttachReport> report = attacher.attach(program)) {
      report_attach(*report);
    }
  }
  for (const std::string& program : attacher.displaced()) report_displaced(program);
}

std::optional<std::uint32_t> program_id(int fd) {
  bpf_prog_info info{};
  std::uint32_t bytes = sizeof info;
  if (bpf_obj_get_info_by_fd(fd, &info, &bytes) != 0) return std::nullopt;
  return info.id;
}

/// While everything is attached: waits for the trigger, then says what came of it.
void hold(const LibbpfObject& object, const RunStatisticsSwitch& statistics) {
  EventBuffers events(object.get());
  for (const bpf_program* program : object.accepted()) {
    if (const auto id = program_id(bpf_program__fd(program)))
      report_held(bpf_program__name(program), *id);
  }
  report_ready();
  wait_for_line();
  OrderedJson values = object.observed_values();
  events.read([&](std::string_view map, std::uint64_t count) {
    values[fmt::format("received__{}", map)] = count;
  });
  if (!values.empty()) report_observed(kObservedMap, values);
  for (const bpf_program* program : object.accepted()) {
    const std::optional<RunStatistics> ran = statistics.read(bpf_program__fd(program));
    if (ran) report_ran(bpf_program__name(program), ran->run_cnt, ran->run_time_ns);
  }
}

/// Where nothing came to be attached there is nothing to wait for.
void attach_and_hold(const LibbpfObject& object, const Request& request) {
  std::optional<RunStatisticsSwitch> statistics;
  if (request.hold && !object.accepted().empty()) statistics.emplace();
  Attacher attacher;
  if (request.attach) attach_all(object, attacher);
  if (statistics && (!request.attach || attacher.any())) hold(object, *statistics);
}

Result<> run() {
  if (std::getenv(kStandbyVariable) != nullptr) BtfAhead::instance().parse_ahead();
  std::string line;
  std::getline(std::cin, line);
  const Result<Request> request = parse_request(line);
  if (!request) return request.error();
  report_loader("libbpf", LIBBPF_VERSION);

  LibbpfObject object(request->object, request->btf, request->insns);
  if (object.open(request->globals)) {
    if (!object.load()) return Error{"libbpf failed in a way that is no stage's: see above"};
    attach_and_hold(object, *request);
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
