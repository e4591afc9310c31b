#include "cli/history_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/ids.h"
#include "base/nearest.h"
#include "cli/exit_code.h"
#include "cli/history_options.h"
#include "cli/talk.h"
#include "elf/object.h"
#include "matrix/case_spec.h"
#include "report/history_text.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

struct HistoryArguments {
  /// A cell or case, or a glob; of `since` also an object's file.
  std::string what{};
  HistoryOptions history{};
  bool json = false;
};

Result<HistoryFile> open_history(const HistoryOptions& options) {
  const auto path = history_file_of(options);
  if (!path) return path.error();
  if (!*path)
    return Error{"there is no history: BPFMATRIX_HISTORY is empty", "name one: --history"};
  return HistoryFile::open(**path, HistoryFile::For::reading);
}

/// Those of `known` that are meant. Error: there is none.
Result<std::vector<std::string>> matching(const std::string& glob, std::vector<std::string> known,
                                          std::string_view noun, const HistoryFile& file) {
  std::vector<std::string> found;
  for (const std::string& name : known) {
    if (glob_match(glob, name)) found.push_back(name);
  }
  if (!found.empty()) return found;
  return Error{fmt::format("no {} '{}' in the history '{}'", noun, glob, file.path().string()),
               hint_for_unknown(glob, known)};
}

Result<> show_history(const HistoryArguments& arguments) {
  const Result<HistoryFile> file = open_history(arguments.history);
  if (!file) return file.error();
  auto known = file->cells();
  if (!known) return std::move(known).error();
  const auto cells = matching(arguments.what, *std::move(known), "cell", *file);
  if (!cells) return cells.error();
  OrderedJson all = OrderedJson::array();
  bool is_first = true;
  for (const std::string& cell : *cells) {
    const auto entries = file->of_cell(cell);
    if (!entries) return entries.error();
    if (arguments.json) {
      for (OrderedJson& entry : to_json(*entries)) all.push_back(std::move(entry));
    } else {
      print_text((is_first ? "" : "\n") + render_history(*entries));
    }
    is_first = false;
  }
  if (arguments.json) print_text(json_text(all, 1) + "\n");
  return {};
}

/// An object's file names a case and one version of it.
struct Wanted {
  std::string cases{};
  std::string sha256{};
};

Result<Wanted> wanted_of(const std::string& what) {
  std::error_code none;
  if (!fs::is_regular_file(what, none)) return Wanted{what, ""};
  const Result<ObjectInfo> object = read_object(what);
  if (!object) return object.error();
  return Wanted{case_for_object(what).id, object->sha256};
}

Error never_run(const HistoryArguments& arguments, const HistoryFile& file) {
  return Error{fmt::format("'{}': no run of this very object in the history '{}'", arguments.what,
                           file.path().string()),
               fmt::format("run it, or ask for the newest that was run: bpfmatrix since {}",
                           case_for_object(arguments.what).id)};
}

Result<> show_since(const HistoryArguments& arguments) {
  const Result<HistoryFile> file = open_history(arguments.history);
  if (!file) return file.error();
  const Result<Wanted> wanted = wanted_of(arguments.what);
  if (!wanted) return wanted.error();
  auto known = file->cases();
  if (!known) return std::move(known).error();
  const auto cases = matching(wanted->cases, *std::move(known), "case", *file);
  if (!cases) return cases.error();
  SupportTable table;
  for (const std::string& case_id : *cases) {
    const auto entries = file->of_case(case_id);
    if (!entries) return entries.error();
    const bool is_there =
        wanted->sha256.empty() ||
        std::any_of(entries->begin(), entries->end(), [&](const HistoryEntry& entry) {
          return entry.cell.object_sha256 == wanted->sha256;
        });
    if (!is_there) return never_run(arguments, *file);
    table.merge(support_of(*entries, wanted->sha256));
  }
  print_text(arguments.json ? json_text(to_json(table), 1) + "\n" : render_since(table));
  return {};
}

}  // namespace

void add_history_commands(CLI::App& app, int& exit_code) {
  const auto add = [&](const char* name, const char* help, const char* what, const char* what_help,
                       Result<> (*show)(const HistoryArguments&)) {
    const auto arguments = std::make_shared<HistoryArguments>();
    CLI::App* command = app.add_subcommand(name, help);
    command->add_option(what, arguments->what, what_help)->required();
    command
        ->add_option("--history", arguments->history.file,
                     "File that keeps what runs came to; default: history.db of the store")
        ->type_name("FILE");
    command->add_flag("--json", arguments->json, "As JSON");
    command->callback([arguments, show, &exit_code] {
      const Result<> done = show(*arguments);
      exit_code = done ? static_cast<int>(as_expected) : end_with(done.error(), wrong_command);
    });
  };
  add("history", "Print what a cell came to in earlier runs, with each version of its object",
      "CELL", "Cell id, or a glob over cell ids", show_history);
  add("since", "Print since which kernel each program works, and what stops it on older ones",
      "OBJECT|CASE", "An object's file, or a case id or glob", show_since);
}

}  // namespace bpfmatrix
