// The `libbpf` loader: the contract of loader_contract.md spoken by a static libbpf.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "base/json.h"
#include "guest/agent/attach.h"
#include "guest/agent/libbpf_log.h"
#include "guest/agent/libbpf_object.h"
#include "guest/agent/report.h"

namespace bpfmatrix {

namespace {

constexpr int kContract = 1;

struct Request {
  std::string object{};
  std::string btf{};
  bool attach = false;
  bool hold = false;
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
}

Result<> run() {
  std::string line;
  std::getline(std::cin, line);
  const Result<Request> request = parse_request(line);
  if (!request) return request.error();
  report_loader("libbpf", LIBBPF_VERSION);

  LibbpfObject object(request->object, request->btf);
  if (object.open()) {
    if (!object.load()) return Error{"libbpf failed in a way that is no stage's: see above"};
    Attacher attacher;
    if (request->attach) attach_all(object, attacher);
    if (request->hold) {
      report_ready();
      wait_for_line();
    }
  }
  report_done();
  return {};
}

int run_without_exceptions() {
  try {
    const Result<> done = run();
    if (done) return 0;
    std::fprintf(stderr, "error: %s\n", done.error().message.c_str());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
  }
  return 1;
}

}  // namespace

}  // namespace bpfmatrix

int main() {
  // Debug lines by the hundred: one write each would be felt under emulation.
  std::setvbuf(stderr, nullptr, _IOFBF, 64 * 1024);
  return bpfmatrix::run_without_exceptions();
}
