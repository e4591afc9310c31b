// bpfmatrix: will this BPF application load, relocate, attach and work on these kernels, and if
// not, why?
#include <CLI/CLI.hpp>
#include <csignal>

#include "cli/cache_command.h"
#include "cli/cases_command.h"
#include "cli/derive_command.h"
#include "cli/exit_code.h"
#include "cli/explain_command.h"
#include "cli/inspect_command.h"
#include "cli/judge_command.h"
#include "cli/kernels_command.h"
#include "cli/run_command.h"
#include "cli/shell_command.h"

int main(int argc, char** argv) {
  // A file that may not grow is an error like a disk that is full, and not our end.
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App app("Will this BPF application load, relocate, attach and work on these kernels?",
               "bpfmatrix");
  app.set_version_flag("--version", "bpfmatrix " BPFMATRIX_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 as expected, 1 unexpected or regressed, 2 the command was wrong,\n"
      "3 something could not be found out (a kernel unavailable, a VM lost) or written down.");

  int exit_code = bpfmatrix::as_expected;
  bpfmatrix::add_run_command(app, exit_code);
  bpfmatrix::add_kernels_command(app, exit_code);
  bpfmatrix::add_cases_command(app, exit_code);
  bpfmatrix::add_cache_command(app, exit_code);
  bpfmatrix::add_inspect_command(app, exit_code);
  bpfmatrix::add_explain_command(app, exit_code);
  bpfmatrix::add_judge_command(app, exit_code);
  bpfmatrix::add_derive_command(app, exit_code);
  bpfmatrix::add_shell_command(app, exit_code);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);  // prints help or the error
    return code == 0 ? bpfmatrix::as_expected : bpfmatrix::wrong_command;
  }
  return exit_code;
}
