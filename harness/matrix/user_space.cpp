#include "matrix/user_space.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "base/ids.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxOneOf = 1024;
constexpr std::string_view kNever = "not always";
constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

template <typename T>
std::optional<T> take(ObjectReader& reader, std::string_view key, const Json& json) {
  Result<T> value = from_json<T>(json, reader.where(key));
  if (!value) reader.adopt(value.error());
  return value ? std::optional(*std::move(value)) : std::nullopt;
}

Condition parse_when(ObjectReader& reader, std::string_view key, std::string_view text) {
  Result<Condition> when = Condition::parse(text);
  if (!when) reader.fail(key, when.error().message, when.error().hint);
  return when ? *std::move(when) : Condition();
}

/// Takes "when" out of `json`; always without one.
Condition take_when(ObjectReader& reader, std::string_view key, Json& json) {
  if (!json.is_object() || !json.contains("when")) return {};
  const Json when = json["when"];
  json.erase("when");
  if (when.is_string()) return parse_when(reader, key, when.get_ref<const std::string&>());
  reader.fail(key, "'when': wanted a condition");
  return {};
}

std::map<std::string, MapSettings> read_maps(ObjectReader& reader) {
  const Json* json = reader.object("maps");
  if (json == nullptr) return {};
  using Maps = std::map<std::string, MapSettings>;
  return take<Maps>(reader, "maps", *json).value_or(Maps{});
}

bool has_choices(const Json& value) {
  return value.is_array() && !value.empty() && value.front().is_object();
}

GlobalChoice read_global_choice(ObjectReader& reader, Json json) {
  constexpr std::string_view kKey = "globals";
  GlobalChoice choice{.when = take_when(reader, kKey, json)};
  const bool is_one = json.is_object() && json.size() == 1;
  if (is_one && json.contains("value")) {
    choice.value = take<GlobalValue>(reader, kKey, json["value"]).value_or(GlobalValue{});
  } else if (is_one && json.contains("btf") && json["btf"].is_string()) {
    Result<BtfQuestion> question = parse_btf_question(json["btf"].get_ref<const std::string&>());
    if (!question) reader.fail(kKey, question.error().message, question.error().hint);
    if (question) choice.btf = *std::move(question);
  } else {
    reader.fail(kKey, "a choice: wanted 'value' or 'btf', and 'when' beside it");
  }
  return choice;
}

std::map<std::string, std::vector<GlobalChoice>> read_globals(ObjectReader& reader) {
  constexpr std::string_view kKey = "globals";
  std::map<std::string, std::vector<GlobalChoice>> globals;
  const Json* json = reader.object(kKey);
  if (json == nullptr) return globals;
  for (const auto& [name, value] : json->items()) {
    std::vector<GlobalChoice>& choices = globals[name];
    if (has_choices(value)) {
      for (const Json& one : value) choices.push_back(read_global_choice(reader, one));
    } else if (value.is_object()) {
      choices.push_back(read_global_choice(reader, value));
    } else {
      choices.push_back({{}, take<GlobalValue>(reader, kKey, value).value_or(GlobalValue{})});
    }
  }
  return globals;
}

Condition never() { return *Condition::parse(kNever); }

std::map<std::string, Condition> read_autoload(ObjectReader& reader) {
  constexpr std::string_view kKey = "autoload";
  std::map<std::string, Condition> autoload;
  const Json* json = reader.object(kKey);
  if (json == nullptr) return autoload;
  for (const auto& [glob, value] : json->items()) {
    if (value.is_boolean()) {
      autoload[glob] = value.get<bool>() ? Condition() : never();
    } else if (value.is_string()) {
      autoload[glob] = parse_when(reader, kKey, value.get_ref<const std::string&>());
    } else {
      reader.fail(kKey, fmt::format("'{}': wanted true, false or a condition", glob));
    }
  }
  return autoload;
}

/// What is said of a place must be a place.
const char* problem_of(const AttachTo& to) {
  const int places = (to.function ? 1 : 0) + (to.tracepoint ? 1 : 0) + (to.file ? 1 : 0) +
                     (to.interface ? 1 : 0) + (to.map ? 1 : 0) + (to.program ? 1 : 0);
  if (places != 1)
    return "wanted one of 'function', 'tracepoint', 'file', 'interface', 'map', 'program'";
  if ((to.symbol || to.offset) && !to.file) return "'symbol' and 'offset' need 'file'";
  if (to.file && !to.symbol && !to.offset) return "'file' needs 'symbol' or 'offset'";
  if (to.tracepoint && to.tracepoint->find(':') == std::string::npos)
    return "'tracepoint': wanted CATEGORY:NAME";
  return nullptr;
}

AttachChoice read_choice(ObjectReader& parent, const std::string& program, Json json) {
  constexpr std::string_view kKey = "attach";
  AttachChoice choice{.when = take_when(parent, kKey, json)};
  choice.to = take<AttachTo>(parent, kKey, json).value_or(AttachTo{});
  if (const char* problem = problem_of(choice.to); problem != nullptr)
    parent.fail(kKey, fmt::format("'{}': {}", program, problem));
  return choice;
}

/// An object only: true and false, which say it of all programs, are the case's.
std::map<std::string, std::vector<AttachChoice>> read_attach(ObjectReader& reader) {
  constexpr std::string_view kKey = "attach";
  std::map<std::string, std::vector<AttachChoice>> attach;
  const Json* json = reader.any(kKey);
  if (json == nullptr || !json->is_object()) return attach;
  for (const auto& [glob, value] : json->items()) {
    std::vector<AttachChoice>& choices = attach[glob];
    if (value.is_array()) {
      for (const Json& one : value) choices.push_back(read_choice(reader, glob, one));
      if (value.empty()) reader.fail(kKey, fmt::format("'{}': names no place", glob));
    } else if (value.is_object()) {
      choices.push_back(read_choice(reader, glob, value));
    } else if (value.is_boolean()) {
      if (value.get<bool>()) choices.emplace_back();
    } else {
      reader.fail(kKey, fmt::format("'{}': wanted true, false, a place, or several", glob));
    }
  }
  return attach;
}

std::vector<OneOf> read_one_of(ObjectReader& reader) {
  constexpr std::string_view kKey = "one_of";
  const Json* json = reader.array(kKey);
  if (json == nullptr) return {};
  auto groups = take<std::vector<OneOf>>(reader, kKey, *json).value_or(std::vector<OneOf>{});
  const bool small =
      std::any_of(groups.begin(), groups.end(), [](const OneOf& one) { return one.size() < 2; });
  if (small) reader.fail(kKey, "a group needs two programs or more");
  if (groups.size() > kMaxOneOf) reader.fail(kKey, fmt::format("more than {} groups", kMaxOneOf));
  return groups;
}

std::vector<std::string> read_modules(ObjectReader& reader) {
  const auto modules = reader.optional_strings("modules").value_or(std::vector<std::string>{});
  for (const std::string& module : modules) {
    if (module.empty() || module.find_first_not_of(kNameCharacters) != std::string::npos)
      reader.fail("modules", fmt::format("'{}' is no name of a module", module));
  }
  return modules;
}

std::map<std::string, std::string> read_sysctl(ObjectReader& reader) {
  constexpr std::string_view kKey = "sysctl";
  std::map<std::string, std::string> settings;
  const Json* json = reader.object(kKey);
  if (json == nullptr) return settings;
  for (const auto& [name, value] : json->items()) {
    const std::string characters = std::string(kNameCharacters) + "./";
    const bool plain = !name.empty() && name.find_first_not_of(characters) == std::string::npos &&
                       name.find("..") == std::string::npos && name.front() != '/';
    if (!plain) reader.fail(kKey, fmt::format("'{}' is no name of a setting", name));
    if (value.is_number_integer()) {
      settings[name] = std::to_string(value.get<std::int64_t>());
    } else if (value.is_string()) {
      settings[name] = value.get<std::string>();
    } else {
      reader.fail(kKey, fmt::format("'{}': wanted a number or a text", name));
    }
  }
  return settings;
}

Error not_known(const std::string& subject, const Condition& when) {
  return Error{fmt::format("'{}': not known whether '{}' holds", subject, when.text()),
               "it was not found out of this kernel: see 'bpfmatrix kernels show'"};
}

Ternary is_loaded(const UserSpace& user, const std::string& program, const ConditionFacts& facts,
                  const Condition*& asked) {
  if (const auto own = user.autoload.find(program); own != user.autoload.end()) {
    asked = &own->second;
    return own->second.holds(facts);
  }
  Ternary loaded = Ternary::yes;
  for (const auto& [glob, when] : user.autoload) {
    if (!glob_match(glob, program)) continue;
    const Ternary holds = when.holds(facts);
    if (holds != Ternary::yes || asked == nullptr) asked = &when;
    loaded = loaded && holds;
  }
  return loaded;
}

const std::vector<AttachChoice>* choices_for(const UserSpace& user, const std::string& program) {
  if (const auto own = user.attach.find(program); own != user.attach.end()) return &own->second;
  for (const auto& [glob, choices] : user.attach) {
    if (glob_match(glob, program)) return &choices;
  }
  return nullptr;
}

Result<> choose_place(const UserSpace& user, const std::string& program,
                      const ConditionFacts& facts, LoadSettings& settings) {
  const std::vector<AttachChoice>* choices = choices_for(user, program);
  if (choices == nullptr) return {};
  for (const AttachChoice& choice : *choices) {
    const Ternary holds = choice.when.holds(facts);
    if (holds == Ternary::unknown) return not_known(program, choice.when);
    if (holds == Ternary::no) continue;
    settings.attach[program] = choice.to;
    return {};
  }
  settings.unattached.push_back(program);
  return {};
}

/// Absent: the BTF has no answer.
Result<std::optional<GlobalValue>> value_of(const std::string& name, const GlobalChoice& choice,
                                            const BtfAnswers& btf) {
  if (!choice.btf) return std::optional(choice.value);
  if (!btf) return Error{fmt::format("'{}': the kernel has no BTF to ask", name)};
  const Result<std::optional<std::int64_t>> answer = btf(*choice.btf);
  if (!answer) return wrap(fmt::format("'{}'", name), answer.error());
  return *answer ? std::optional(GlobalValue(**answer)) : std::nullopt;
}

Result<> choose_values(const UserSpace& user, const ConditionFacts& facts, const BtfAnswers& btf,
                       GlobalValues& values) {
  for (const auto& [name, choices] : user.globals) {
    for (const GlobalChoice& choice : choices) {
      const Ternary holds = choice.when.holds(facts);
      if (holds == Ternary::unknown) return not_known(name, choice.when);
      if (holds == Ternary::no) continue;
      const Result<std::optional<GlobalValue>> value = value_of(name, choice, btf);
      if (!value) return value.error();
      if (!*value) continue;
      values[name] = **value;
      break;
    }
  }
  return {};
}

}  // namespace

Result<BtfQuestion> parse_btf_question(std::string_view text) {
  static const RE2 kForm(R"((\w+)\(\s*(\w+)\s*(?:,\s*(\w+)\s*)?\))");
  BtfQuestion question;
  std::string word;
  const bool formed = RE2::FullMatch(re2::StringPiece(text.data(), text.size()), kForm, &word,
                                     &question.of, &question.name);
  const auto kind = parse_word<BtfQuestionKind>(word);
  const bool wants_name = kind && *kind != BtfQuestionKind::param_count;
  if (!formed || !kind || wants_name == question.name.empty()) {
    return Error{fmt::format("'{}' is no question to BTF", text),
                 "known: param_index(FUNCTION, NAME), param_count(FUNCTION), has_param(FUNCTION, "
                 "NAME), offset_of(STRUCT, FIELD), has_field(STRUCT, FIELD)"};
  }
  question.kind = *kind;
  return question;
}

UserSpace read_user_space(ObjectReader& reader) {
  UserSpace user;
  user.maps = read_maps(reader);
  user.globals = read_globals(reader);
  user.autoload = read_autoload(reader);
  user.attach = read_attach(reader);
  user.one_of = read_one_of(reader);
  user.modules = read_modules(reader);
  user.sysctl = read_sysctl(reader);
  return user;
}

Result<AskedOfLoader> asked_of_loader(const UserSpace& user,
                                      const std::vector<ProgramName>& programs,
                                      const ConditionFacts& facts, const BtfAnswers& btf) {
  AskedOfLoader asked;
  if (Result<> chosen = choose_values(user, facts, btf, asked.globals); !chosen)
    return std::move(chosen).error();
  LoadSettings& settings = asked.settings;
  settings.maps = user.maps;
  for (const ProgramName& program : programs) {
    const Condition* decides = nullptr;
    const Ternary loaded = is_loaded(user, program.name, facts, decides);
    if (loaded == Ternary::unknown) return not_known(program.name, *decides);
    if (loaded == Ternary::no) {
      settings.left_out.push_back(program.name);
      continue;
    }
    if (program.on_request && decides != nullptr) settings.loaded.push_back(program.name);
    if (Result<> chosen = choose_place(user, program.name, facts, settings); !chosen)
      return std::move(chosen).error();
  }
  return asked;
}

std::string sysctl_path(const std::string& name) {
  std::string path = name;
  if (path.find('/') == std::string::npos) std::replace(path.begin(), path.end(), '.', '/');
  return "/proc/sys/" + path;
}

}  // namespace bpfmatrix
