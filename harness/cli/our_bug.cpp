#include "cli/our_bug.h"

#include <fmt/format.h>

#include <exception>
#include <string_view>

#include "cli/exit_code.h"
#include "cli/talk.h"

namespace bpfmatrix {

namespace {

int say_bug(std::string_view what) {
  say_error({fmt::format("this is a bug in bpfmatrix, please report it: {}", printable(what)),
             "a run that was under way can be continued: bpfmatrix run --resume DIR"});
  return our_bug;
}

}  // namespace

int guarded(const std::function<int()>& work) {
  try {
    return work();
  } catch (const std::exception& exception) {
    return say_bug(exception.what());
  } catch (...) {
    return say_bug("an exception without a text");
  }
}

}  // namespace bpfmatrix
