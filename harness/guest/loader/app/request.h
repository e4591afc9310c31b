// What the host asks of the loader `app` (loader_contract.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "guest/loader/app/program_match.h"
#include "guest/loader/app/tracer.h"

namespace bpfmatrix::guest {

struct AppRequest {
  std::string object{};
  bool hold = false;
  /// The instructions that are sent are to be said.
  bool insns = false;
  /// By which name and version the application is to be called in the record.
  std::string name{};
  std::string version{};
  AppLine line{};
  /// So long must no call have been made by which something is set up.
  std::int64_t quiet_ms = 0;
  /// Not 0: it has set up its programs when a line "up" says so, or after so long, and not because
  /// it is quiet.
  std::int64_t told_ms = 0;
  /// Not 0: it is not waited any longer for it to be quiet.
  std::int64_t longest_ms = 0;
  std::vector<WantedProgram> programs{};
  std::vector<std::string> maps{};
};

/// Error: not what the contract says.
Result<AppRequest> parse_app_request(std::string_view line);

}  // namespace bpfmatrix::guest
