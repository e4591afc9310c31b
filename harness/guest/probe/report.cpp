#include "guest/probe/report.h"

#include <cstdio>

#include "base/json.h"
#include "guest/common/errno_name.h"

namespace bpfmatrix::guest {

namespace {

void emit(const OrderedJson& line) { std::printf("%s\n", json_text(line).c_str()); }

std::string_view to_string(Answer answer) {
  switch (answer) {
    case Answer::no:
      return "no";
    case Answer::yes:
      return "yes";
    case Answer::unknown:
      return "unknown";
  }
  return "unknown";
}

}  // namespace

void report_probed(std::string_view group, std::string_view name, const Probed& probed) {
  emit({{"probed", name},
        {"group", group},
        {"answer", to_string(probed.answer)},
        {"errno", probed.error != 0 ? OrderedJson(errno_name(probed.error)) : nullptr}});
}

void report_helpers(std::string_view program_type, const std::vector<std::uint32_t>& allowed,
                    const std::vector<std::uint32_t>& unknown) {
  emit({{"helpers_of", program_type}, {"allowed", allowed}, {"unknown", unknown}});
}

void report_helper_count(std::uint32_t count) { emit({{"helper_count", count}}); }

void report_number(std::string_view name, std::int64_t value) {
  emit({{"number", name}, {"value", value}});
}

void report_probe_done() {
  emit({{"done", true}});
  std::fflush(stdout);
}

}  // namespace bpfmatrix::guest
