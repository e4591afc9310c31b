#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <set>
#include <tuple>

#include "analysis/causes/cause.h"
#include "base/base64.h"
#include "base/child_process.h"
#include "base/gzip.h"
#include "base/kernel_version.h"
#include "base/printable.h"
#include "outcome/outcome_fields.h"
#include "report/explain_sections.h"
#include "report/html_kernel.h"
#include "report/terminal.h"

namespace bpfmatrix {

namespace {

constexpr std::uint8_t kAbsent = 255;
constexpr std::uint32_t kNoNumber = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kStoriesEach = 64;

// Bits of the column `flags`; html/query.js has the same.
constexpr std::uint8_t kFlaky = 1;
constexpr std::uint8_t kOptional = 2;
constexpr std::uint8_t kFails = 4;
constexpr std::uint8_t kNearLimit = 8;
constexpr std::uint8_t kSplat = 16;

template <HasWords E>
std::uint8_t code_of(E value) {
  return static_cast<std::uint8_t>(value);
}

/// [[word, meaning, glyph], ...] in the order of their codes.
OrderedJson signs_json() {
  OrderedJson words = OrderedJson::array();
  for (const Word<Sign>& one : words_of(Sign{}))
    words.push_back({one.word, one.description, glyph_of(one.value)});
  return words;
}

OrderedJson verdicts_json() {
  OrderedJson words = OrderedJson::array();
  for (const Word<Verdict>& one : words_of(Verdict{})) words.push_back(one.word);
  return words;
}

std::string packed(std::string_view bytes) { return base64(gzip(bytes)); }

template <typename T>
void append_little_endian(std::string& bytes, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff);
}

/// {"again": COMMAND, "outcome": as outcome.schema.json has it}, and the same however long it took
/// and wherever it was: what the page has of cell and kernel is left empty. Its texts are made
/// printable where they are shown.
std::string story_of(const Outcome& outcome, const RunAgain& again) {
  Outcome told = outcome;
  told.cell.clear();
  told.kernel = {};
  told.case_id.clear();
  told.vm.ready_ms = 0;
  told.vm.wall_ms = 0;
  told.vm.loader_ms.reset();
  told.vm.cached = false;
  return fmt::format(R"({{"again":{},"outcome":{}}})",
                     json_text(Json(printable(again.command(outcome)))), to_line(told));
}

/// The kernel's own BTF is the usual case and stands first.
std::string_view btf_rank(std::string_view source) { return source == "kernel" ? "" : source; }

}  // namespace

std::size_t HtmlReport::HashRow::operator()(const RowKey& key) const {
  std::size_t hash = 0;
  for (const std::uint32_t part : {key.object, key.program, key.btf, key.loader})
    hash = (hash ^ part) * 0x9e3779b97f4a7c15ULL;
  return hash ^ hash >> 32;
}

HtmlReport::HtmlReport(HtmlOptions options, RunKernels* kernels, const Features* features)
    : options_(std::move(options)),
      again_(options_.asked),
      kernel_facts_(kernels),
      features_(features) {}

std::uint32_t HtmlReport::text(std::string_view text) { return texts_.number(printable(text)); }

std::uint32_t HtmlReport::row(const RowKey& key, std::string_view section, std::uint32_t position) {
  const auto [place, is_new] = row_index_.emplace(key, static_cast<std::uint32_t>(rows_.size()));
  if (is_new) rows_.push_back({key, "", position});
  Row& row = rows_[place->second];
  row.position = std::min(row.position, position);
  if (row.section.empty() || (!section.empty() && section < row.section)) row.section = section;
  return place->second;
}

std::uint16_t HtmlReport::kernel(const std::string& id, const Outcome* outcome) {
  const auto found = kernel_index_.find(id);
  if (found != kernel_index_.end() &&
      (outcome == nullptr || kernels_[found->second].json.contains("origin")))
    return found->second;
  OrderedJson json = html_kernel(id, outcome, kernel_facts_, features_);
  if (found != kernel_index_.end()) {
    kernels_[found->second].json = std::move(json);
    return found->second;
  }
  const auto index = static_cast<std::uint16_t>(kernels_.size());
  kernels_.push_back({id, std::move(json)});
  kernel_index_.emplace(id, index);
  return index;
}

std::uint32_t HtmlReport::reason(const ReportCell& cell, const ReportProgram& program) {
  OrderedJson json = OrderedJson::object();
  const auto say = [&](const char* key, const std::string& what) {
    if (!what.empty()) json[key] = printable(what, Layout::lines);
  };
  say("sentence", !program.sentence.empty() ? program.sentence : cell.problem);
  say("advice", program.advice);
  if (program.source && program.source->line > 0) {
    say("source", fmt::format("{}:{}", program.source->file, program.source->line));
    say("source_text", program.source->text);
  }
  for (const std::string& trouble : program.troubles)
    json["troubles"].push_back(printable(trouble));
  return json.empty() ? 0 : reasons_.number(json_text(json));
}

void HtmlReport::find_roots(const std::vector<RootCause>& roots) {
  constexpr std::size_t kMaxRoots = std::numeric_limits<std::uint16_t>::max() - 1;
  for (std::size_t i = 0; i < std::min(roots.size(), kMaxRoots); ++i) {
    const std::set<std::string>& programs = roots[i].programs;
    for (const std::string& cell : roots[i].cells) {
      const auto found = notable_.find(cell);
      if (found == notable_.end()) continue;
      for (const std::size_t at : found->second) {
        const RowKey& key = rows_[fields_[at].row].key;
        const std::string& object = texts_.at(key.object);
        const bool is_of_it =
            programs.contains(object) || programs.contains(object + ":" + texts_.at(key.program));
        if (is_of_it && fields_[at].root == 0) fields_[at].root = static_cast<std::uint16_t>(i + 1);
      }
    }
  }
}

std::uint32_t HtmlReport::story(const Outcome& outcome, bool is_notable) {
  if (story_bytes_ >= options_.max_story_bytes / (is_notable ? 1 : 2)) return 0;
  std::string json = story_of(outcome, again_);
  const std::size_t known = stories_.size();
  const std::size_t bytes = json.size();
  const std::uint32_t number = stories_.number(std::move(json));
  if (stories_.size() > known) story_bytes_ += bytes;
  return number;
}

std::vector<std::string> HtmlReport::story_chunks() const {
  std::vector<std::string> chunks;
  for (std::uint32_t first = 1; first < stories_.size(); first += kStoriesEach) {
    const auto end = static_cast<std::uint32_t>(
        std::min<std::size_t>(stories_.size(), std::size_t{first} + kStoriesEach));
    std::string chunk = "[";
    for (std::uint32_t i = first; i < end; ++i) chunk += (i > first ? "," : "") + stories_.at(i);
    chunks.push_back(packed(chunk + "]"));
  }
  return chunks;
}

/// The page is the same whatever order its cells came in.
void HtmlReport::sort_texts() {
  for (Row& row : rows_) text(row.section);
  const std::vector<std::uint32_t> texts = texts_.sort();
  const std::vector<std::uint32_t> reasons = reasons_.sort();
  const std::vector<std::uint32_t> stories = stories_.sort();
  const std::vector<std::uint32_t> causes = causes_.sort();
  for (Row& row : rows_) {
    row.key = {texts[row.key.object], texts[row.key.program], texts[row.key.btf],
               texts[row.key.loader]};
  }
  row_index_.clear();
  for (Field& field : fields_) {
    field.reason = reasons[field.reason];
    field.story = stories[field.story];
    field.cause = static_cast<std::uint8_t>(causes[field.cause]);
  }
}

void HtmlReport::add(const ReportCell& cell, const Outcome* outcome) {
  const std::uint16_t on = kernel(cell.kernel, outcome);
  const bool is_notable = cell.verdict != Verdict::as_expected;
  const std::uint32_t told = outcome != nullptr ? story(*outcome, is_notable) : 0;
  const bool names_program = std::any_of(cell.programs.begin(), cell.programs.end(),
                                         [](const auto& one) { return !one.troubles.empty(); });
  static const std::vector<ReportProgram> kObject(1);
  std::uint32_t position = 0;
  for (const ReportProgram& program : cell.programs.empty() ? kObject : cell.programs) {
    const bool is_meant = !names_program || !program.troubles.empty() || !cell.is_known();
    Field field{
        .row = row({text(cell.case_id), text(program.name), text(cell.btf), text(cell.loader)},
                   program.section, position++),
        .kernel = on,
        .sign = code_of(program.sign),
        .verdict = code_of(is_meant ? cell.verdict : Verdict::as_expected),
        .cause = static_cast<std::uint8_t>(causes_.number(program.cause)),
        .insns = kNoNumber,
        .reason = reason(cell, program),
        .story = told};
    if (program.stats.insns)
      field.insns =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(*program.stats.insns, kNoNumber - 1));
    if (outcome != nullptr && !outcome->vm.flaky.empty()) field.flags |= kFlaky;
    if (outcome != nullptr && outcome->splats && !outcome->splats->empty()) field.flags |= kSplat;
    if (cell.optional) field.flags |= kOptional;
    if (cell.fails && is_meant) field.flags |= kFails;
    if (program.near_limit) field.flags |= kNearLimit;
    if (is_notable) notable_[cell.cell].push_back(fields_.size());
    fields_.push_back(field);
  }
}

void HtmlReport::add_before(std::string_view cell, const CellState& before) {
  std::array<std::string_view, 4> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t end =
        i + 1 < parts.size() ? std::min(cell.find('/'), cell.size()) : cell.size();
    parts[i] = cell.substr(0, end);
    cell.remove_prefix(std::min(end + 1, cell.size()));
  }
  const std::string id(parts[0]);
  const std::uint16_t on = kernel(id, nullptr);
  for (const ProgramState& state : before) {
    before_.push_back(
        {.row = row({text(parts[1]), text(state.program), text(parts[2]), text(parts[3])}, "",
                    kNoNumber),
         .kernel = on,
         .sign = code_of(state.sign)});
  }
}

/// Where rows and kernels stand on the page.
struct HtmlReport::Placed {
  /// Indices of rows_ and kernels_ in the page's order.
  std::vector<std::uint32_t> rows{};
  std::vector<std::uint16_t> kernels{};
  /// By index of rows_: the places of the rows that it stands for. An object that failed here and
  /// came to programs there has rows for these: what became of it belongs to each.
  std::vector<std::vector<std::uint32_t>> places{};
  std::vector<std::uint16_t> kernel_places{};
};

HtmlReport::Placed HtmlReport::place() const {
  Placed placed;
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::vector<std::uint32_t>>
      programs;
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    const RowKey& key = rows_[i].key;
    if (key.program != 0) programs[{key.object, key.btf, key.loader}].push_back(i);
  }
  const auto siblings = [&](std::uint32_t i) -> const std::vector<std::uint32_t>* {
    const RowKey& key = rows_[i].key;
    if (key.program != 0) return nullptr;
    const auto found = programs.find({key.object, key.btf, key.loader});
    return found == programs.end() ? nullptr : &found->second;
  };
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    if (siblings(i) == nullptr) placed.rows.push_back(i);
  }
  // Programs of an object stand as in it, each with its BTF sources together.
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> position;
  for (const std::uint32_t i : placed.rows) {
    const Row& row = rows_[i];
    auto& at = position.try_emplace({row.key.object, row.key.program}, row.position).first->second;
    at = std::min(at, row.position);
  }
  const auto key = [&](std::uint32_t i) {
    const RowKey& row = rows_[i].key;
    // Numbers of texts are in the order of the texts.
    return std::tuple(row.object, position.at({row.object, row.program}), row.program,
                      btf_rank(texts_.at(row.btf)), row.loader);
  };
  std::sort(placed.rows.begin(), placed.rows.end(),
            [&](auto a, auto b) { return key(a) < key(b); });

  std::vector<std::uint32_t> place_of(rows_.size());
  for (std::uint32_t at = 0; at < placed.rows.size(); ++at) place_of[placed.rows[at]] = at;
  placed.places.resize(rows_.size());
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    if (const auto* others = siblings(i)) {
      for (const std::uint32_t other : *others) placed.places[i].push_back(place_of[other]);
    } else {
      placed.places[i].push_back(place_of[i]);
    }
  }

  placed.kernels.resize(kernels_.size());
  std::iota(placed.kernels.begin(), placed.kernels.end(), std::uint16_t{0});
  const auto kernel_key = [&](std::uint16_t i) {
    const OrderedJson& json = kernels_[i].json;
    const auto text = [&](const char* name) { return json[name].get_ref<const std::string&>(); };
    const auto release = parse_kernel_version(text("release"));
    const auto version = release ? release : parse_kernel_version(text("series"));
    return std::tuple(text("distribution"), version.value_or(KernelVersion{}), text("variant"),
                      text("arch"), text("id"));
  };
  std::sort(placed.kernels.begin(), placed.kernels.end(),
            [&](auto a, auto b) { return kernel_key(a) < kernel_key(b); });
  placed.kernel_places.resize(kernels_.size());
  for (std::uint16_t at = 0; at < placed.kernels.size(); ++at)
    placed.kernel_places[placed.kernels[at]] = at;
  return placed;
}

std::vector<std::string> HtmlReport::columns(const Placed& placed, OrderedJson& described) const {
  const std::size_t width = kernels_.size();
  const std::size_t size = placed.rows.size() * width;
  std::vector<std::string> lines;
  const auto column = [&]<typename T>(const char* name, const char* type, T absent, bool first,
                                      const auto& from, const auto& value) {
    std::vector<T> values(size, absent);
    // What is a program's own goes before what is its object's.
    std::vector<bool> own(size);
    for (const auto& one : from) {
      const std::vector<std::uint32_t>& places = placed.places[one.row];
      for (const std::uint32_t row : places) {
        const std::size_t at = row * width + placed.kernel_places[one.kernel];
        const bool is_own = placed.rows[row] == one.row;
        if (own[at] && !is_own) continue;
        own[at] = is_own;
        values[at] = value(one);
      }
    }
    std::string bytes;
    bytes.reserve(size * sizeof(T));
    for (const T one : values) append_little_endian(bytes, one);
    // The head is the first line.
    described.push_back(
        {{"name", name}, {"type", type}, {"line", lines.size() + 1}, {"first", first}});
    lines.push_back(packed(bytes));
  };
  column("sign", "u8", kAbsent, true, fields_, [](const Field& field) { return field.sign; });
  column("verdict", "u8", code_of(Verdict::as_expected), true, fields_,
         [](const Field& field) { return field.verdict; });
  column("cause", "u8", std::uint8_t{0}, true, fields_,
         [](const Field& field) { return field.cause; });
  column("flags", "u8", std::uint8_t{0}, false, fields_,
         [](const Field& field) { return field.flags; });
  column("root", "u16", std::uint16_t{0}, false, fields_,
         [](const Field& field) { return field.root; });
  column("insns", "u32", kNoNumber, false, fields_, [](const Field& field) { return field.insns; });
  column("reason", "u32", std::uint32_t{0}, false, fields_,
         [](const Field& field) { return field.reason; });
  column("story", "u32", std::uint32_t{0}, false, fields_,
         [](const Field& field) { return field.story; });
  if (!options_.baseline.empty())
    column("before", "u8", kAbsent, false, before_, [](const Before& one) { return one.sign; });
  return lines;
}

namespace {

OrderedJson texts_json(const Dictionary& texts) {
  OrderedJson json = OrderedJson::array();
  for (std::uint32_t i = 0; i < texts.size(); ++i) json.push_back(texts.at(i));
  return json;
}

OrderedJson root_json(const RootCause& root) {
  return {{"verdict", to_string(root.verdict)}, {"subject", printable(subject_text(root))},
          {"what", printable(root.what)},       {"cause", printable(root.cause)},
          {"source", printable(root.source)},   {"advice", printable(root.advice)},
          {"cells", root.cells.size()},         {"dependents", root.dependents},
          {"seen", printable(root.seen)}};
}

OrderedJson all_causes() {
  OrderedJson causes = OrderedJson::array();
  for (std::size_t i = 0; i < kCauseCount; ++i) causes.push_back(to_string(static_cast<Cause>(i)));
  return causes;
}

}  // namespace

OrderedJson HtmlReport::head(const ReportView& view, const Placed& placed) const {
  OrderedJson json{{"schema", 1},
                   {"run", printable(view.run_dir)},
                   {"run_quoted", printable(shell_quote({view.run_dir}))},
                   {"baseline", nullptr},
                   {"verdict_text", view.verdict_text()},
                   {"failing", view.failing},
                   {"not_known", view.not_known},
                   {"cells", 0},
                   {"counts", OrderedJson::object()}};
  if (!options_.baseline.empty()) json["baseline"] = printable(options_.baseline);
  int cells = 0;
  for (const auto& [verdict, count] : view.counts) {
    json["counts"][std::string(to_string(verdict))] = count;
    cells += count;
  }
  json["cells"] = cells;
  json["signs"] = signs_json();
  json["verdicts"] = verdicts_json();
  json["causes"] = texts_json(causes_);
  json["all_causes"] = all_causes();
  for (const std::uint16_t kernel : placed.kernels)
    json["kernels"].push_back(kernels_[kernel].json);
  if (placed.kernels.empty()) json["kernels"] = OrderedJson::array();
  const auto texts_of = [&](const auto& member) {
    OrderedJson column = OrderedJson::array();
    for (const std::uint32_t row : placed.rows) column.push_back(member(rows_[row]));
    return column;
  };
  json["texts"] = texts_json(texts_);
  json["rows"] = {{"object", texts_of([](const Row& row) { return row.key.object; })},
                  {"program", texts_of([](const Row& row) { return row.key.program; })},
                  {"section", texts_of([this](const Row& row) {
                     return texts_.number_of(printable(row.section));
                   })},
                  {"btf", texts_of([](const Row& row) { return row.key.btf; })},
                  {"loader", texts_of([](const Row& row) { return row.key.loader; })}};
  json["varied"] = OrderedJson::array();
  for (const char* name : {"btf", "loader"}) {
    const OrderedJson& column = json["rows"][name];
    const bool differs = std::any_of(column.begin(), column.end(),
                                     [&](const auto& one) { return one != column.front(); });
    if (differs) json["varied"].push_back(name);
  }
  json["roots"] = OrderedJson::array();
  for (const RootCause& root : view.roots) json["roots"].push_back(root_json(root));
  return json;
}

std::string HtmlReport::finish(const ReportView& view) {
  sort_texts();
  find_roots(view.roots);
  const Placed placed = place();
  OrderedJson described = OrderedJson::array();
  const std::vector<std::string> lines = columns(placed, described);
  OrderedJson json = head(view, placed);
  json["columns"] = std::move(described);
  json["reasons"] = lines.size() + 1;
  json["stories"] = {{"line", lines.size() + 2}, {"each", kStoriesEach}};
  // The first is of those of which nothing is said.
  std::string reasons = "[{}";
  for (std::uint32_t i = 1; i < reasons_.size(); ++i) reasons += "," + reasons_.at(i);
  std::string data = packed(json_text(json));
  for (const std::string& line : lines) data += "\n" + line;
  data += "\n" + packed(reasons + "]");
  for (const std::string& chunk : story_chunks()) data += "\n" + chunk;
  return html_page(data);
}

}  // namespace bpfmatrix
