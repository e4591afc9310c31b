// The loader `app`: a program that knows nothing of us, run and watched, and what it asks of
// the kernel put into the words of loader_contract.md.
#include <sys/prctl.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "guest/loader/app/app_run.h"
#include "guest/loader/common/loader_main.h"
#include "guest/loader/common/report.h"

namespace bpfmatrix::guest {

namespace {

Result<> run() {
  std::string line;
  std::getline(std::cin, line);
  Result<AppRequest> request = parse_app_request(line);
  if (!request) return std::move(request).error();
  // Nobody but root may look into it.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  report_loader(request->name, request->version);
  if (Result<> ran = AppRun(*std::move(request)).run(); !ran) return ran;
  report_done();
  return {};
}

}  // namespace

}  // namespace bpfmatrix::guest

int main() { return bpfmatrix::guest::run_loader(bpfmatrix::guest::run); }
