#include "cell/relocation_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/kernel_version.h"
#include "base/section_name.h"
#include "cell/cross_check.h"
#include "core/relocation.h"
#include "elf/code_section.h"
#include "elf/object_types.h"
#include "elf/program_layout.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kLibbpf = "libbpf";
/// Of one outcome. Real objects have hundreds.
constexpr std::size_t kMaxRecords = 50'000;

/// By section and where in it the function begins, in the order of .BTF.ext.
using ByFunction =
    std::map<std::pair<std::string_view, std::uint64_t>, std::vector<const CoreResult*>>;
/// By function and number.
using SaidByNumber = std::map<std::pair<std::string_view, std::uint32_t>, const SaidRelocation*>;

/// Before 1.6 libbpf took a load from an array to load all of it.
CoreRules rules_of(std::string_view loader, const LoaderRecord& said) {
  const auto version = parse_kernel_version(said.version);
  const KernelVersion kFixed{.major = 1, .minor = 6};
  return {.whole_arrays = loader == kLibbpf && version && *version < kFixed};
}

/// One program of the outcome, and where its functions came to lie.
class ProgramRecorder {
 public:
  ProgramRecorder(const BtfExt& ext, const LoaderTypes& types, std::string_view loader,
                  const LoaderRecord& record, const SaidByNumber& said, const SentProgram& sent,
                  std::vector<LinkedFunction> functions)
      : ext_(ext),
        types_(types),
        loader_(loader),
        record_(record),
        said_(said),
        sent_(sent.insns.empty() ? nullptr : &sent),
        functions_(std::move(functions)) {}

  std::vector<RelocationRecord> record(const ByFunction& calculated) const {
    std::vector<RelocationRecord> records;
    for (const LinkedFunction& function : functions_) {
      const auto own = calculated.find({function.section, function.first});
      if (own == calculated.end()) continue;
      const std::optional<std::uint64_t> at = place_of(function);
      for (const CoreResult* one : own->second) {
        RelocationRecord record = cross_check(sides_of(*one, at));
        if (at) record.linked_insn = *at + one->instruction;
        if (one->target_btf > 0) record.module = types_.modules[one->target_btf - 1].name;
        records.push_back(std::move(record));
      }
    }
    return records;
  }

 private:
  /// Where the function begins in what was sent, if that is known: its func_info tells, or, without
  /// any, that it was libbpf who linked the program and that all of it is there.
  std::optional<std::uint64_t> place_of(const LinkedFunction& function) const {
    if (sent_ == nullptr) return std::nullopt;
    const std::uint64_t sent = sent_->insns.size();
    std::optional<std::uint64_t> at;
    if (function.at == 0) {
      at = 0;
    } else if (!sent_->functions.empty()) {
      at = place_by_type(function);
    } else if (loader_ == kLibbpf && sent == linked_slots()) {
      at = function.at;
    }
    return at && *at <= sent && function.count <= sent - *at ? at : std::nullopt;
  }

  std::optional<std::uint64_t> place_by_type(const LinkedFunction& function) const {
    const auto own =
        std::find_if(ext_.functions.begin(), ext_.functions.end(), [&](const FuncInfo& info) {
          return clipped_name(info.section) == function.section &&
                 info.instruction == function.first;
        });
    if (own == ext_.functions.end()) return std::nullopt;
    std::optional<std::uint64_t> at;
    for (const SentProgram::Function& sent : sent_->functions) {
      if (sent.type != own->type) continue;
      if (at) return std::nullopt;
      at = sent.insn;
    }
    return at;
  }

  std::uint64_t linked_slots() const { return functions_.back().at + functions_.back().count; }

  RelocationSides sides_of(const CoreResult& calculated,
                           const std::optional<std::uint64_t>& at) const {
    RelocationSides sides{.calculated = calculated,
                          .object_failed = record_.relocate.result == StageResult::failed};
    const auto said = said_.find({calculated.function, calculated.index});
    if (said != said_.end()) sides.said = said->second;
    const std::size_t slots = calculated.before.size();
    if (sent_ == nullptr) {
      sides.unsent = "the program was never sent to the kernel";
    } else if (!at || *at + calculated.instruction + slots > sent_->insns.size()) {
      sides.unsent = "it is not known where its function is in what was sent";
    } else {
      const auto first =
          sent_->insns.begin() + static_cast<std::ptrdiff_t>(*at + calculated.instruction);
      sides.sent.emplace(first, first + static_cast<std::ptrdiff_t>(slots));
    }
    return sides;
  }

  const BtfExt& ext_;
  const LoaderTypes& types_;
  std::string_view loader_;
  const LoaderRecord& record_;
  const SaidByNumber& said_;
  /// nullptr: it never was.
  const SentProgram* sent_;
  std::vector<LinkedFunction> functions_;
};

/// Programs that libbpf loads only on request, where there is none, and those that it was asked not
/// to load.
std::set<std::string, std::less<>> programs_left_out(const ElfFile& object,
                                                     const LoadSettings& asked) {
  std::set<std::string, std::less<>> names(asked.left_out.begin(), asked.left_out.end());
  for (const auto& [section, code] : read_code_sections(object)) {
    if (!parse_section_name(section).on_request) continue;
    for (const CodeFunction& function : code.functions) names.emplace(function.name);
  }
  for (const std::string& name : asked.loaded) names.erase(name);
  return names;
}

Result<std::vector<CoreResult>> calculate(const ElfFile& object, const Btf& local,
                                          const BtfExt& ext, const LoaderTypes& types,
                                          std::string_view loader, const LoaderRecord& said,
                                          const LoadSettings& asked) {
  const auto left_out = programs_left_out(object, asked);
  const CoreOptions options{
      .loaded = [&](std::string_view name) { return !left_out.contains(name); },
      .rules = rules_of(loader, said)};
  std::vector<const Btf*> targets;
  if (types.kernel != nullptr) targets.push_back(types.kernel.get());
  for (const ModuleTypes& module : types.modules) targets.push_back(module.types.get());
  return relocate(object, local, ext, targets, options);
}

ByFunction group(const std::vector<CoreResult>& calculated) {
  ByFunction all;
  for (const CoreResult& one : calculated) all[{one.section, one.function_at}].push_back(&one);
  return all;
}

SaidByNumber by_number(const std::vector<SaidRelocation>& relocations) {
  SaidByNumber all;
  for (const SaidRelocation& said : relocations) all[{said.function, said.index}] = &said;
  return all;
}

/// A function that several programs call is relocated once.
void count(ObjectRelocations& all) {
  std::set<std::pair<std::string_view, std::uint32_t>> counted;
  for (const std::vector<RelocationRecord>& program : all.programs) {
    for (const RelocationRecord& record : program) {
      if (!counted.emplace(record.function, record.index).second) continue;
      all.applied += record.result <= RelocationResult::resolved ? 1 : 0;
      all.skipped += record.result == RelocationResult::skipped ? 1 : 0;
      all.poisoned += record.result == RelocationResult::poisoned ? 1 : 0;
    }
  }
  all.total = static_cast<int>(counted.size());
}

}  // namespace

Result<ObjectRelocations> record_relocations(const ElfFile& object, const LoaderTypes& against,
                                             std::string_view loader, const LoaderRecord& said,
                                             const LoadSettings& asked) {
  ObjectRelocations all;
  all.programs.resize(said.programs.size());
  const Result<std::optional<ObjectTypes>> types = read_object_types(object);
  if (!types) return types.error();
  if (!*types) return all;
  const auto& [local, ext] = **types;
  const Result<std::vector<CoreResult>> calculated =
      calculate(object, *local, ext, against, loader, said, asked);
  if (!calculated) return calculated.error();
  const ByFunction by_function = group(*calculated);
  const SaidByNumber by_loader = by_number(said.relocations);
  std::size_t records = 0;
  for (std::size_t i = 0; i < said.programs.size(); ++i) {
    const SaidProgram& program = said.programs[i];
    Result<std::vector<LinkedFunction>> functions = link_program(object, program.name);
    if (!functions) return wrap(fmt::format("program '{}'", program.name), functions.error());
    all.programs[i] =
        ProgramRecorder(ext, against, loader, said, by_loader, program.sent, *std::move(functions))
            .record(by_function);
    records += all.programs[i].size();
    if (records > kMaxRecords) return Error{fmt::format("more than {} in all", kMaxRecords)};
  }
  count(all);
  return all;
}

}  // namespace bpfmatrix
