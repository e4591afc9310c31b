#include "elf/inspect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "base/load_settings.h"
#include "base/printable.h"
#include "elf/alternatives.h"

namespace bpfmatrix {

namespace {

using Row = std::vector<std::string>;

/// kernel, include/linux/license.h: anything else may not call GPL-only helpers.
constexpr std::array<std::string_view, 6> kGplCompatible{
    "GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"};

/// The first row is the heading; columns from `numbers_from` on stand to the right.
std::string table(const std::vector<Row>& rows, std::size_t numbers_from) {
  std::vector<int> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i < numbers_from ? fmt::format("  {:<{}}", row[i], widths[i])
                               : fmt::format("  {:>{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string programs_table(const ObjectInfo& info) {
  std::vector<Row> rows{{"program", "section", "type", "insns", "CO-RE"}};
  for (const ObjectProgram& program : info.programs) {
    rows.push_back({printable(program.name), printable(program.section), program.type,
                    std::to_string(program.instructions),
                    std::to_string(program.core_relocations)});
  }
  return table(rows, 3);
}

std::string maps_table(const ObjectInfo& info) {
  std::vector<Row> rows{{"map", "type", "defined", "key", "value", "entries"}};
  for (const ObjectMap& map : info.maps) {
    rows.push_back({printable(map.name), map.type, std::string(to_string(map.source)),
                    std::to_string(map.key_size), std::to_string(map.value_size),
                    std::to_string(map.max_entries)});
  }
  return table(rows, 3);
}

std::string core_kinds(const RelocationCounts& counts) {
  std::vector<std::string> kinds;
  for (const Word<CoreRelocationKind>& one : words_of(CoreRelocationKind{})) {
    const std::uint64_t count = counts.core[static_cast<std::size_t>(one.value)];
    if (count > 0) kinds.push_back(fmt::format("{} {}", count, one.word));
  }
  return kinds.empty() ? "" : fmt::format(" ({})", fmt::join(kinds, ", "));
}

std::string relocations_line(const RelocationCounts& counts) {
  return fmt::format("{} map, {} global data, {} call, {} callback, {} extern, {} CO-RE{}",
                     counts.maps, counts.global_data, counts.calls, counts.callbacks,
                     counts.externs, counts.core_total(), core_kinds(counts));
}

std::string btf_line(const ObjectInfo& info) {
  if (!info.btf) return info.btf_ext ? ".BTF.ext without .BTF" : "none";
  return info.btf_ext ? ".BTF, .BTF.ext" : ".BTF, no .BTF.ext";
}

bool any_map(const ObjectInfo& info, MapSource source) {
  return std::any_of(info.maps.begin(), info.maps.end(),
                     [&](const ObjectMap& map) { return map.source == source; });
}

/// Programs that usually follow pointers into the kernel's own structures.
bool reads_kernel(const ObjectProgram& program) {
  static constexpr std::array<std::string_view, 6> kTypes{
      "kprobe", "tracepoint", "raw_tracepoint", "perf_event", "tracing", "lsm"};
  return std::find(kTypes.begin(), kTypes.end(), program.type) != kTypes.end();
}

void note_license(const ObjectInfo& info, std::vector<std::string>& notes) {
  if (info.license.empty()) {
    notes.emplace_back(
        "no license: the verifier rejects calls of GPL-only helpers, which most tracing programs "
        "need");
  } else if (std::find(kGplCompatible.begin(), kGplCompatible.end(), info.license) ==
             kGplCompatible.end()) {
    notes.push_back(fmt::format(
        "license '{}' is not GPL-compatible: the verifier rejects calls of GPL-only helpers",
        printable(info.license)));
  }
}

void note_btf(const ObjectInfo& info, std::vector<std::string>& notes) {
  if (!info.btf_problem.empty()) {
    notes.push_back(
        fmt::format("{}: loaders fail on it or ignore its types", printable(info.btf_problem)));
  } else if (!info.btf) {
    notes.emplace_back(
        "no .BTF, so no CO-RE: kernel structures are read at the offsets of the machine that "
        "compiled it; compile with -g");
    if (any_map(info, MapSource::btf)) {
      notes.emplace_back("section .maps without .BTF: loaders cannot know what its maps are");
    }
  } else if (!info.btf_ext) {
    notes.emplace_back("no .BTF.ext: no CO-RE, and no source lines in failures");
  } else if (info.relocations.core_total() == 0 &&
             std::any_of(info.programs.begin(), info.programs.end(), reads_kernel)) {
    notes.emplace_back(
        "no CO-RE relocation: if it reads kernel structures, it does so at the offsets of the "
        "machine that compiled it");
  }
}

OrderedJson programs_json(const ObjectInfo& info) {
  OrderedJson all = OrderedJson::array();
  for (const ObjectProgram& program : info.programs) {
    all.push_back({{"name", program.name},
                   {"section", program.section},
                   {"type", program.type},
                   {"instructions", program.instructions},
                   {"core_relocations", program.core_relocations}});
  }
  return all;
}

OrderedJson maps_json(const ObjectInfo& info) {
  OrderedJson all = OrderedJson::array();
  for (const ObjectMap& map : info.maps) {
    all.push_back({{"name", map.name},
                   {"type", map.type},
                   {"defined", to_string(map.source)},
                   {"key_size", map.key_size},
                   {"value_size", map.value_size},
                   {"max_entries", map.max_entries}});
  }
  return all;
}

OrderedJson relocations_json(const RelocationCounts& counts) {
  OrderedJson core = OrderedJson::object();
  for (const Word<CoreRelocationKind>& one : words_of(CoreRelocationKind{})) {
    core[std::string(one.word)] = counts.core[static_cast<std::size_t>(one.value)];
  }
  return {{"map", counts.maps},       {"global_data", counts.global_data},
          {"call", counts.calls},     {"callback", counts.callbacks},
          {"extern", counts.externs}, {"core", std::move(core)}};
}

}  // namespace

namespace {

/// What a project may have to say (bpfmatrix.json).
void note_user_space(const ObjectInfo& info, std::vector<std::string>& notes) {
  for (const ObjectMap& map : info.maps) {
    if (map.source != MapSource::btf || map.max_entries != 0 || !wants_size(map.type)) continue;
    notes.push_back(fmt::format(
        "map '{}' has no max_entries: user space sets it; where no project says how many, the "
        "libbpf loader chooses some",
        printable(map.name)));
  }
  for (const auto& group : likely_alternatives(info)) {
    std::vector<std::string> names;
    for (const std::string& name : group) names.push_back(printable(name));
    notes.push_back(fmt::format(
        "'{}' look like ways to do the same: 'one_of' in a project says that one of them will do",
        fmt::join(names, "', '")));
  }
}

}  // namespace

std::vector<std::string> object_notes(const ObjectInfo& info) {
  std::vector<std::string> notes;
  note_license(info, notes);
  note_btf(info, notes);
  if (any_map(info, MapSource::legacy)) {
    notes.emplace_back(
        "legacy map definitions: libbpf 1.x cannot open the object, Aya and older libbpf can");
  }
  for (const ObjectProgram& program : info.programs) {
    if (program.type != "unknown") continue;
    notes.push_back(fmt::format("section '{}' names no program type: the loader has to set it",
                                printable(program.section)));
  }
  note_user_space(info, notes);
  return notes;
}

std::string inspect_text(const ObjectInfo& info, const std::filesystem::path& path) {
  const auto or_none = [](const std::string& text) {
    return text.empty() ? std::string("none") : printable(text);
  };
  std::string text = printable(path.string()) + "\n";
  text += table({{"bytes", std::to_string(info.bytes)},
                 {"sha256", info.sha256},
                 {"license", or_none(info.license)},
                 {"producer", info.producer.empty() ? "unknown" : printable(info.producer)},
                 {"BTF", btf_line(info)},
                 {"relocations", relocations_line(info.relocations)}},
                2);
  text += "\n" + programs_table(info);
  if (!info.maps.empty()) text += "\n" + maps_table(info);
  const std::vector<std::string> notes = object_notes(info);
  if (!notes.empty()) text += "\n";
  for (const std::string& note : notes) text += fmt::format("  note: {}\n", note);
  return text;
}

OrderedJson inspect_json(const ObjectInfo& info, const std::filesystem::path& path) {
  return {{"path", path.string()},
          {"sha256", info.sha256},
          {"bytes", info.bytes},
          {"license", info.license},
          {"producer", info.producer},
          {"btf", info.btf},
          {"btf_ext", info.btf_ext},
          {"btf_problem", info.btf_problem},
          {"programs", programs_json(info)},
          {"maps", maps_json(info)},
          {"relocations", relocations_json(info.relocations)},
          {"notes", object_notes(info)}};
}

}  // namespace bpfmatrix
