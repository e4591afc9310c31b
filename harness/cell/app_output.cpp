#include "cell/app_output.h"

#include <fmt/format.h>
#include <re2/re2.h>

namespace bpfmatrix {

namespace {

std::string by_lines(const std::string& pattern) { return "(?m)" + pattern; }

RE2::Options quietly() {
  RE2::Options options;
  options.set_log_errors(false);
  return options;
}

}  // namespace

Result<> check_pattern(const std::string& pattern, std::string_view option) {
  const RE2 tried(by_lines(pattern), quietly());
  if (tried.ok()) return {};
  return Error{fmt::format("{} '{}': no regular expression: {}", option, pattern, tried.error()),
               "the syntax is RE2's"};
}

bool matches_output(std::string_view output, const std::string& pattern) {
  const RE2 wanted(by_lines(pattern), quietly());
  return wanted.ok() && RE2::PartialMatch(output, wanted);
}

}  // namespace bpfmatrix
