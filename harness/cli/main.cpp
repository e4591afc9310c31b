// bpfmatrix: will this BPF application load, relocate, attach and work on these kernels, and if
// not, why?
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <sstream>
#include <string>
#include <vector>

#include "cli/cache_command.h"
#include "cli/cases_command.h"
#include "cli/command_line.h"
#include "cli/completion.h"
#include "cli/derive_command.h"
#include "cli/exit_code.h"
#include "cli/explain_command.h"
#include "cli/history_command.h"
#include "cli/init_command.h"
#include "cli/inspect_command.h"
#include "cli/judge_command.h"
#include "cli/kernels_command.h"
#include "cli/merge_command.h"
#include "cli/our_bug.h"
#include "cli/report_command.h"
#include "cli/repro_command.h"
#include "cli/run_command.h"
#include "cli/shell_command.h"
#include "cli/talk.h"

namespace {

/// The words of the command line that are not understood are in it.
std::string failure_message(const CLI::App* app, const CLI::Error& error) {
  const std::string hint = bpfmatrix::hint_for_words(*app);
  return bpfmatrix::printable(error.what()) + "\n" +
         (hint.empty() ? "" : "hint: " + bpfmatrix::printable(hint) + "\n") +
         "Run with --help for more information.\n";
}

/// Prints help, or the error.
int said_by(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = app.exit(error, out, err);
  bpfmatrix::print_text(out.str());
  bpfmatrix::say_drawn(err.str());
  return code == 0 ? bpfmatrix::as_expected : bpfmatrix::wrong_command;
}

}  // namespace

int main(int argc, char** argv) {
  // A file that may not grow is an error like a disk that is full, and not our end.
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App app("Will this BPF application load, relocate, attach and work on these kernels?",
               "bpfmatrix");
  app.set_version_flag("--version", "bpfmatrix " BPFMATRIX_VERSION);
  app.require_subcommand(1);
  app.failure_message(failure_message);
  app.footer(
      "Exit codes: 0 as expected, 1 unexpected or regressed, 2 the command was wrong,\n"
      "3 something could not be found out (a kernel unavailable, a VM lost) or written down,\n"
      "70 a bug in bpfmatrix itself.");

  int exit_code = bpfmatrix::as_expected;
  bpfmatrix::add_run_command(app, exit_code);
  bpfmatrix::add_kernels_command(app, exit_code);
  bpfmatrix::add_cases_command(app, exit_code);
  bpfmatrix::add_cache_command(app, exit_code);
  bpfmatrix::add_inspect_command(app, exit_code);
  bpfmatrix::add_explain_command(app, exit_code);
  bpfmatrix::add_judge_command(app, exit_code);
  bpfmatrix::add_report_command(app, exit_code);
  bpfmatrix::add_history_commands(app, exit_code);
  bpfmatrix::add_merge_command(app, exit_code);
  bpfmatrix::add_repro_command(app, exit_code);
  bpfmatrix::add_derive_command(app, exit_code);
  bpfmatrix::add_shell_command(app, exit_code);
  bpfmatrix::add_init_command(app, exit_code);
  bpfmatrix::add_completion_commands(app, exit_code);

  return bpfmatrix::guarded([&] {
    try {
      std::vector<std::string> words = bpfmatrix::words_of(argc, argv);
      std::reverse(words.begin(), words.end());  // as CLI11 wants them
      app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
      return said_by(app, error);
    }
    if (exit_code == bpfmatrix::as_expected && !bpfmatrix::all_was_printed()) {
      bpfmatrix::say_error({"standard output did not take all that was printed", ""});
      return static_cast<int>(bpfmatrix::unknown);
    }
    return exit_code;
  });
}
