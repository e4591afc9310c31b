// The loader `command`: a program that knows nothing of us, run and watched, and what it asks of
// the kernel put into the words of loader_contract.md.
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "guest/agent/command/command_run.h"
#include "guest/agent/report.h"

namespace bpfmatrix {

namespace {

Result<> run() {
  std::string line;
  std::getline(std::cin, line);
  Result<CommandRequest> request = parse_command_request(line);
  if (!request) return std::move(request).error();
  report_loader(request->name, request->version);
  if (Result<> ran = CommandRun(*std::move(request)).run(); !ran) return ran;
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

int main() { return bpfmatrix::run_without_exceptions(); }
