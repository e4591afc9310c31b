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
    print_text(json_text(inspect_json(*info, options.file), 2) + "\n");
  } else {
    print_text(inspect_text(*info, options.file));
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
