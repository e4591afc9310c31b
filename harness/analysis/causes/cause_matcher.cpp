#include "analysis/causes/cause_matcher.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>

namespace bpfmatrix {

namespace {

// 7.x hands arguments beyond the fifth over on a stack of their own.
constexpr std::string_view kRegister = R"((R\d+|\*\(R11-\d+\)))";

constexpr int kMaxGroups = 4;

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

std::string spelled_out(std::string_view pattern) {
  constexpr std::string_view kPlaceholder = "{reg}";
  std::string text(pattern);
  const std::size_t at = text.find(kPlaceholder);
  if (at != std::string::npos) text.replace(at, kPlaceholder.size(), kRegister);
  return text;
}

/// RE2 runs in linear time whatever the text; Latin-1 lets any byte be a character.
RE2::Options bytewise() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  return options;
}

/// A rule whose pattern is compiled once.
class Matcher {
 public:
  explicit Matcher(const CauseRule& rule)
      : rule_(rule), pattern_(spelled_out(rule.pattern), bytewise()) {
    const auto& groups = pattern_.NamedCapturingGroups();
    if (const auto found = groups.find("insn"); found != groups.end()) insn_ = found->second;
  }

  std::optional<CauseMatch> match(std::string_view errno_name, std::string_view line) const {
    if (!takes(errno_name)) return std::nullopt;
    re2::StringPiece groups[kMaxGroups + 1];
    if (!pattern_.Match(piece(line), 0, line.size(), RE2::ANCHOR_BOTH, groups, kMaxGroups + 1)) {
      return std::nullopt;
    }
    CauseMatch found{.rule = &rule_};
    for (int i = 1; i <= kMaxGroups && found.subject.empty(); ++i) {
      if (i != insn_) found.subject = std::string(groups[i]);
    }
    if (std::uint32_t number = 0; insn_ > 0 && RE2::FullMatch(groups[insn_], R"((\d+))", &number)) {
      found.instruction = number;
    }
    return found;
  }

 private:
  bool takes(std::string_view errno_name) const {
    std::string_view rest = rule_.errnos;
    while (!rest.empty()) {
      const std::size_t space = std::min(rest.find(' '), rest.size());
      if (rest.substr(0, space) == errno_name) return true;
      rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    return rule_.errnos.empty();
  }

  const CauseRule& rule_;
  RE2 pattern_;
  int insn_ = 0;
};

using Matchers = std::vector<std::unique_ptr<Matcher>>;

Matchers compiled(const std::vector<CauseRule>& rules) {
  Matchers all;
  for (const CauseRule& rule : rules) all.push_back(std::make_unique<Matcher>(rule));
  return all;
}

std::optional<CauseMatch> first_match(const Matchers& rules, std::string_view errno_name,
                                      std::string_view line) {
  for (const std::unique_ptr<Matcher>& rule : rules) {
    if (std::optional<CauseMatch> found = rule->match(errno_name, line)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<CauseMatch> match_verifier_line(std::string_view errno_name, std::string_view line) {
  static const Matchers rules = compiled(verifier_rules());
  return first_match(rules, errno_name, line);
}

std::optional<CauseMatch> match_message(std::string_view errno_name, std::string_view line) {
  static const Matchers rules = compiled(message_rules());
  return first_match(rules, errno_name, line);
}

}  // namespace bpfmatrix
