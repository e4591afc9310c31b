#include "matrix/condition.h"

#include <fmt/format.h>

#include <array>
#include <variant>
#include <vector>

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxText = 4096;
constexpr int kMaxDepth = 32;

enum class Op { less, less_equal, equal, not_equal, greater_equal, greater };
constexpr std::array<std::pair<std::string_view, Op>, 6> kOps{{{"<=", Op::less_equal},
                                                               {">=", Op::greater_equal},
                                                               {"==", Op::equal},
                                                               {"!=", Op::not_equal},
                                                               {"<", Op::less},
                                                               {">", Op::greater}}};

std::optional<Op> parse_op(std::string_view text) {
  for (const auto& [word, op] : kOps) {
    if (text == word) return op;
  }
  return std::nullopt;
}

Ternary to_ternary(bool value) { return value ? Ternary::yes : Ternary::no; }

bool compare(std::strong_ordering order, Op op) {
  switch (op) {
    case Op::less:
      return order < 0;
    case Op::less_equal:
      return order <= 0;
    case Op::equal:
      return order == 0;
    case Op::not_equal:
      return order != 0;
    case Op::greater_equal:
      return order >= 0;
    case Op::greater:
      return order > 0;
  }
  return false;
}

struct CompareKernel {
  Op op;
  KernelVersion version;
  bool whole_series;
};
struct CompareWord {
  std::string ConditionFacts::*fact;
  std::set<std::string> ConditionAtoms::*atoms;
  bool equal;
  std::string word;
};
struct Ask {
  std::function<Ternary(const std::string&)> ConditionFacts::*question;
  std::set<std::string> ConditionAtoms::*atoms;
  std::string name;
};
using NodePtr = std::shared_ptr<const Condition::Node>;
struct Not {
  NodePtr inner;
};
struct Any {
  std::vector<NodePtr> parts;
};
struct All {
  std::vector<NodePtr> parts;
};

}  // namespace

struct Condition::Node {
  std::variant<All, Any, Not, CompareKernel, CompareWord, Ask> what{};
};

Ternary operator!(Ternary a) {
  switch (a) {
    case Ternary::no:
      return Ternary::yes;
    case Ternary::yes:
      return Ternary::no;
    case Ternary::unknown:
      return Ternary::unknown;
  }
  return Ternary::unknown;
}

Ternary operator&&(Ternary a, Ternary b) {
  if (a == Ternary::no || b == Ternary::no) return Ternary::no;
  return a == Ternary::yes && b == Ternary::yes ? Ternary::yes : Ternary::unknown;
}

Ternary operator||(Ternary a, Ternary b) { return !(!a && !b); }

namespace {

/// Words, versions, operators and brackets, with their place in the text.
struct Token {
  std::string_view text{};
  std::size_t column = 1;
};

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-' || c == '+';
}

std::vector<Token> split(std::string_view text) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    if (is_word_char(text[at])) {
      while (at < text.size() && is_word_char(text[at])) ++at;
    } else {
      at += parse_op(text.substr(at, 2)) ? 2 : 1;
    }
    tokens.push_back({text.substr(start, at - start), start + 1});
  }
  return tokens;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(split(text)), end_column_(text.size() + 1) {}

  Result<NodePtr> parse() {
    NodePtr root = parse_any(0);
    if (!error_ && at_ < tokens_.size()) fail("'and', 'or' or the end");
    if (error_) return *error_;
    return root;
  }

 private:
  std::string_view peek() const {
    return at_ < tokens_.size() ? tokens_[at_].text : std::string_view();
  }

  bool take(std::string_view text) {
    if (peek() != text || text.empty()) return false;
    ++at_;
    return true;
  }

  void fail(std::string_view wanted) {
    if (error_) return;
    const bool end = at_ >= tokens_.size();
    const std::size_t column = end ? end_column_ : tokens_[at_].column;
    const std::string got = end ? "the end" : fmt::format("'{}'", peek());
    error_ = Error{fmt::format("condition: column {}: wanted {}, got {}", column, wanted, got)};
  }

  template <typename What>
  static NodePtr node(What what) {
    return std::make_shared<const Condition::Node>(Condition::Node{std::move(what)});
  }

  NodePtr parse_any(int depth) {
    if (depth > kMaxDepth) fail("fewer brackets");
    if (error_) return nullptr;
    Any any{{parse_all(depth)}};
    while (take("or")) any.parts.push_back(parse_all(depth));
    return any.parts.size() == 1 ? any.parts.front() : node(std::move(any));
  }

  NodePtr parse_all(int depth) {
    All all{{parse_one(depth)}};
    while (take("and")) all.parts.push_back(parse_one(depth));
    return all.parts.size() == 1 ? all.parts.front() : node(std::move(all));
  }

  NodePtr parse_one(int depth) {
    if (depth > kMaxDepth) fail("fewer brackets");
    if (error_) return nullptr;
    if (take("not")) return node(Not{parse_one(depth + 1)});
    if (take("always")) return node(All{});
    if (take("kernel")) return parse_kernel();
    if (take("arch")) return parse_word(&ConditionFacts::arch, &ConditionAtoms::archs);
    if (take("btf")) return parse_word(&ConditionFacts::btf, &ConditionAtoms::btf);
    if (take("loader")) return parse_word(&ConditionFacts::loader, &ConditionAtoms::loaders);
    if (take("has")) return parse_question(&ConditionFacts::has, &ConditionAtoms::has);
    if (take("config")) return parse_question(&ConditionFacts::config, &ConditionAtoms::config);
    if (take("symbol")) return parse_question(&ConditionFacts::symbol, &ConditionAtoms::symbol);
    if (!take("(")) {
      fail("kernel, arch, btf, loader, has(...), config(...), symbol(...), not, always or '('");
      return nullptr;
    }
    NodePtr inner = parse_any(depth + 1);
    if (!error_ && !take(")")) fail("')'");
    return inner;
  }

  NodePtr parse_kernel() {
    const auto op = parse_op(peek());
    if (!op) fail("one of < <= == != >= >");
    ++at_;
    const std::string_view text = peek();
    const auto version = parse_kernel_version(text);
    const bool clean = version && text.find_first_not_of("0123456789.") == std::string_view::npos;
    if (!clean) fail("a version like 5.10 or 5.10.3");
    ++at_;
    if (error_) return nullptr;
    const bool two_parts = text.find('.') == text.rfind('.');
    return node(CompareKernel{*op, *version, two_parts});
  }

  NodePtr parse_word(std::string ConditionFacts::*fact,
                     std::set<std::string> ConditionAtoms::*atoms) {
    const auto op = parse_op(peek());
    if (op != Op::equal && op != Op::not_equal) fail("== or !=");
    ++at_;
    const std::string_view word = peek();
    if (word.empty() || !is_word_char(word.front())) fail("a word");
    ++at_;
    if (error_) return nullptr;
    return node(CompareWord{fact, atoms, *op == Op::equal, std::string(word)});
  }

  NodePtr parse_question(std::function<Ternary(const std::string&)> ConditionFacts::*question,
                         std::set<std::string> ConditionAtoms::*atoms) {
    if (!take("(")) fail("'('");
    const std::string_view name = peek();
    if (name.empty() || !is_word_char(name.front())) fail("a name");
    ++at_;
    if (!take(")")) fail("')'");
    if (error_) return nullptr;
    return node(Ask{question, atoms, std::string(name)});
  }

  std::vector<Token> tokens_;
  std::size_t end_column_;
  std::size_t at_ = 0;
  std::optional<Error> error_{};
};

/// Asks each node what it says of these facts.
struct Evaluate {
  const ConditionFacts& facts;

  Ternary operator()(const NodePtr& node) const { return std::visit(*this, node->what); }
  Ternary operator()(const All& all) const {
    Ternary answer = Ternary::yes;
    for (const NodePtr& part : all.parts) answer = answer && (*this)(part);
    return answer;
  }
  Ternary operator()(const Any& any) const {
    Ternary answer = Ternary::no;
    for (const NodePtr& part : any.parts) answer = answer || (*this)(part);
    return answer;
  }
  Ternary operator()(const Not& node) const { return !(*this)(node.inner); }
  Ternary operator()(const CompareKernel& node) const {
    if (!facts.kernel) return Ternary::unknown;
    KernelVersion version = *facts.kernel;
    if (node.whole_series) version.patch = 0;
    return to_ternary(compare(version <=> node.version, node.op));
  }
  Ternary operator()(const CompareWord& node) const {
    return to_ternary((facts.*node.fact == node.word) == node.equal);
  }
  Ternary operator()(const Ask& node) const {
    const auto& question = facts.*node.question;
    return question ? question(node.name) : Ternary::unknown;
  }
};

struct Collect {
  ConditionAtoms& atoms;

  void operator()(const NodePtr& node) const { std::visit(*this, node->what); }
  void operator()(const All& all) const {
    for (const NodePtr& part : all.parts) (*this)(part);
  }
  void operator()(const Any& any) const {
    for (const NodePtr& part : any.parts) (*this)(part);
  }
  void operator()(const Not& node) const { (*this)(node.inner); }
  void operator()(const CompareKernel& node) const { atoms.versions.insert(node.version); }
  void operator()(const CompareWord& node) const { (atoms.*node.atoms).insert(node.word); }
  void operator()(const Ask& node) const { (atoms.*node.atoms).insert(node.name); }
};

}  // namespace

std::string btf_at_hand(std::string_view source, bool kernel_has_btf) {
  return std::string(source == "kernel" && !kernel_has_btf ? "none" : source);
}

Condition::Condition() : root_(std::make_shared<const Node>()) {}

Result<Condition> Condition::parse(std::string_view text) {
  if (text.size() > kMaxText) return Error{"condition: longer than 4096 characters"};
  Result<NodePtr> root = Parser(text).parse();
  if (!root) return std::move(root).error();
  Condition condition;
  condition.text_ = std::string(text);
  condition.root_ = *std::move(root);
  return condition;
}

Ternary Condition::holds(const ConditionFacts& facts) const { return Evaluate{facts}(root_); }

void Condition::collect(ConditionAtoms& atoms) const { Collect{atoms}(root_); }

}  // namespace bpfmatrix
