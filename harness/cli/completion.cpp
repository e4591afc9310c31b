#include "cli/completion.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>

#include "base/data_dir.h"
#include "base/text.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/known_kernels.h"
#include "cli/talk.h"
#include "matrix/case_spec.h"

namespace bpfmatrix {

namespace {

/// The scripts know this line.
constexpr std::string_view kFiles = ":files";

constexpr const char* kBash = R"(# bpfmatrix completion bash > /etc/bash_completion.d/bpfmatrix
_bpfmatrix() {
  local line current=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]/#\~/$HOME}
  [ "$current" != = ] || current=
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = :files ]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    else
      COMPREPLY+=("${line%%$'\t'*}")
    fi
  done < <("$program" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _bpfmatrix bpfmatrix
)";

constexpr const char* kZsh = R"(#compdef bpfmatrix
# bpfmatrix completion zsh > "${fpath[1]}/_bpfmatrix"
_bpfmatrix() {
  local line files
  local -a found
  for line in "${(@f)$("${words[1]/#\~/$HOME}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :files ]]; then
      files=1
    elif [[ -n $line ]]; then
      found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    fi
  done
  (( ${#found} )) && _describe -V bpfmatrix found
  [[ -n $files ]] && _files
}
if [ "${funcstack[1]}" = _bpfmatrix ]; then
  _bpfmatrix "$@"
else
  compdef _bpfmatrix bpfmatrix
fi
)";

constexpr const char* kFish =
    R"(# bpfmatrix completion fish > ~/.config/fish/completions/bpfmatrix.fish
function __bpfmatrix_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l program (string replace -r '^~' $HOME -- $words[1])
  for line in ($program complete -- $words[2..-1] "$current" 2>/dev/null)
    if test "$line" = :files
      __fish_complete_path "$current"
    else
      echo $line
    end
  end
end
complete -c bpfmatrix -f -k -a '(__bpfmatrix_complete)'
)";

const std::map<std::string, const char*> kScripts{{"bash", kBash}, {"fish", kFish}, {"zsh", kZsh}};

/// "TEXT:{x86_64,aarch64}" has a closed list.
std::vector<std::string> closed_values(const std::string& type) {
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open);
  std::vector<std::string> values;
  if (open == std::string::npos || close == std::string::npos) return values;
  for (const std::string_view value :
       split(std::string_view(type).substr(open + 1, close - open - 1), ','))
    values.emplace_back(value);
  return values;
}

/// What is no name of a file.
bool is_plain_value(std::string_view type) {
  for (const char* plain : {"INT", "UINT", "FLOAT", "MIB", "N:", "URL", "I/N"}) {
    if (type.starts_with(plain) || type == plain) return true;
  }
  return type == "N";
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }
bool takes_several(const CLI::Option& option) { return option.get_allow_extra_args(); }

class Completion {
 public:
  Completion(const CLI::App& app, const KnownNames& names) : command_(&app), names_(names) {}

  Candidates of(const std::vector<std::string>& words) {
    if (words.empty()) return {};
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] == "--") return {.files = true};
      pass(words[i]);
    }
    last(words.back() == "=" ? "" : words.back());
    return std::move(found_);
  }

 private:
  const CLI::Option* find(const std::string& name) const {
    for (const CLI::Option* option : command_->get_options()) {
      if (option->check_name(name)) return option;
    }
    return nullptr;
  }

  /// A word that is complete.
  void pass(const std::string& word) {
    if (word == "=" && option_ != nullptr) return;
    if (word.starts_with("-") && word.size() > 1) {
      const std::size_t equals = word.find('=');
      const CLI::Option* option = find(word.substr(0, equals));
      const bool waits = option != nullptr && takes_value(*option) && equals == std::string::npos;
      option_ = waits ? option : nullptr;
      has_value_ = false;
      return;
    }
    if (option_ != nullptr) {
      has_value_ = true;
      if (!takes_several(*option_)) option_ = nullptr;
      return;
    }
    const auto is_meant = [&](const CLI::App* below) { return below->check_name(word); };
    const std::vector<const CLI::App*> below = command_->get_subcommands(is_meant);
    if (below.empty()) {
      ++positionals_;
      return;
    }
    command_ = below.front();
    positionals_ = 0;
  }

  void last(const std::string& word) {
    const std::size_t equals = word.find('=');
    const bool is_option = word.starts_with("-") && (option_ == nullptr || has_value_);
    if (is_option && equals != std::string::npos) {
      const CLI::Option* option = find(word.substr(0, equals));
      if (option != nullptr) values(*option, word.substr(0, equals + 1), word.substr(equals + 1));
    } else if (is_option) {
      options(word);
    } else if (option_ != nullptr) {
      values(*option_, "", word);
    } else {
      commands(word);
      positional(word);
    }
  }

  void add(const std::string& before, const std::string& typed, const std::string& value,
           const std::string& help = "") {
    if (value.starts_with(typed)) found_.words.push_back({before + value, help});
  }

  void options(const std::string& typed) {
    for (const CLI::Option* option : command_->get_options()) {
      if (option->get_group().empty()) continue;
      for (const std::string& name : option->get_lnames())
        add("", typed, "--" + name, option->get_description());
      for (const std::string& name : option->get_snames())
        add("", typed, "-" + name, option->get_description());
    }
  }

  void commands(const std::string& typed) {
    for (const CLI::App* below : command_->get_subcommands([](const CLI::App*) { return true; })) {
      if (!below->get_group().empty()) add("", typed, below->get_name(), below->get_description());
    }
  }

  /// The one whose turn it is; one that takes several is the last.
  void positional(const std::string& typed) {
    int turn = positionals_;
    for (const CLI::Option* option : command_->get_options()) {
      if (!option->get_positional()) continue;
      if (turn == 0 || takes_several(*option)) return values(*option, "", typed);
      --turn;
    }
  }

  void values(const CLI::Option& option, const std::string& before, const std::string& typed) {
    const std::string type = option.get_type_name();
    const std::vector<std::string> closed = closed_values(type);
    const std::string name = option.get_name();
    std::vector<std::string> known = closed;
    if (name == "--kernel" || name == "KERNEL") known = names_.kernels();
    if (name == "--case") known = names_.cases();
    for (const std::string& value : known) add(before, typed, value);
    found_.files = found_.files || (closed.empty() && name != "--case" && !is_plain_value(type));
  }

  const CLI::App* command_;
  const KnownNames& names_;
  /// Waits for a value, or, where it takes several, for another.
  const CLI::Option* option_ = nullptr;
  bool has_value_ = false;
  int positionals_ = 0;
  Candidates found_{};
};

/// Of this installation; what cannot be read has none.
std::vector<std::string> kernels_here() {
  const Result<Store> store = open_store("");
  const Result<Catalog> catalog = store ? known_kernels(*store) : known_kernels();
  return catalog ? ids_of(*catalog) : std::vector<std::string>();
}

std::vector<std::string> cases_here() {
  std::vector<std::string> ids;
  const Result<std::filesystem::path> folder = find_data("cases");
  const auto suite = folder ? read_suite(*folder) : Result<std::vector<CaseSpec>>(folder.error());
  if (!suite) return ids;
  for (const CaseSpec& spec : *suite) ids.push_back(spec.id);
  return ids;
}

void print_candidates(const Candidates& found) {
  for (const Candidate& candidate : found.words) {
    print_text(printable(candidate.word) + "\t" + printable(candidate.help) + "\n");
  }
  if (found.files) print_text(std::string(kFiles) + "\n");
}

}  // namespace

Candidates complete(const CLI::App& app, const std::vector<std::string>& words,
                    const KnownNames& names) {
  return Completion(app, names).of(words);
}

std::string completion_script(const std::string& shell) {
  const auto script = kScripts.find(shell);
  return script != kScripts.end() ? script->second : "";
}

void add_completion_commands(CLI::App& app, int& exit_code) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* completion =
      app.add_subcommand("completion", "Print the script by which a shell completes bpfmatrix");
  completion->add_option("SHELL", *shell, "bash, zsh or fish; its first lines say where it goes")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->required();
  completion->callback([shell, &exit_code] {
    print_text(completion_script(*shell));
    exit_code = as_expected;
  });

  const auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* ask = app.add_subcommand("complete", "What the last of these words can become");
  ask->group("");
  ask->add_option("WORDS", *words, "The words behind the program's name");
  ask->callback([&app, words, &exit_code] {
    print_candidates(complete(app, *words, {.kernels = kernels_here, .cases = cases_here}));
    exit_code = as_expected;
  });
}

}  // namespace bpfmatrix
