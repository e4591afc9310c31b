#include "cli/inspect_command.h"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/exit_code.h"
#include "cli/talk.h"
#include "elf/inspect.h"
#include "elf/object.h"

namespace bpfmatrix {

namespace {

struct InspectOptions {
  std::string file{};
  bool json = false;
};

int inspect(const InspectOptions& options) {
  const Result<ObjectInfo> info = read_object(options.file);
  if (!info) {
    say_error(info.error());
    return wrong_command;
  }
  if (options.json) {
    // Names are bytes of the file; those that are no UTF-8 come out as U+FFFD.
    fmt::print("{}\n", inspect_json(*info, options.file)
                           .dump(2, ' ', false, OrderedJson::error_handler_t::replace));
  } else {
    fmt::print("{}", inspect_text(*info, options.file));
  }
  return as_expected;
}

}  // namespace

void add_inspect_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<InspectOptions>();
  CLI::App* command = app.add_subcommand(
      "inspect",
      "Print what is in an object: programs, maps, relocations, license, what is missing");
  command->add_option("FILE", options->file, "A BPF object")->required();
  command->add_flag("--json", options->json, "For scripts");
  command->callback([options, &exit_code] { exit_code = inspect(*options); });
}

}  // namespace bpfmatrix
