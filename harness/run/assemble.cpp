#include "run/assemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/data_dir.h"
#include "base/ids.h"
#include "elf/object.h"
#include "run/objects/app_finder.h"

namespace bpfmatrix {

namespace {

/// The one that loads several objects.
constexpr const char* kTogetherLoader = "libbpf";

bool looks_like_path(const std::string& kernel) { return kernel.find('/') != std::string::npos; }

/// Kernels that are given by a path get an id.
Result<> name_kernels(MatrixSpec& matrix, KernelFinder& kernels) {
  for (std::string& kernel : matrix.kernels) {
    if (!looks_like_path(kernel)) continue;
    Result<std::string> id = kernels.add_local(kernel);
    if (!id) return std::move(id).error();
    kernel = *std::move(id);
  }
  return {};
}

/// What user space says of programs, by the word that says it: the names or globs.
std::map<std::string, std::set<std::string>> named_programs(const UserSpace& user) {
  std::map<std::string, std::set<std::string>> named;
  for (const auto& [glob, when] : user.autoload) named["autoload"].insert(glob);
  for (const auto& [glob, choices] : user.attach) named["attach"].insert(glob);
  return named;
}

/// By object file, the programs in it.
using Programs = std::map<std::string, std::vector<std::string>>;

bool names_any(const std::string& glob, const std::vector<std::string>& programs) {
  return std::any_of(programs.begin(), programs.end(),
                     [&](const std::string& program) { return glob_match(glob, program); });
}

/// What an object must be compiled for, or an application brings, is not known here.
const std::vector<std::string>* programs_of(const CaseSpec& spec, const Programs& programs) {
  const auto* object = std::get_if<FileObject>(&spec.object);
  const auto known = object != nullptr ? programs.find(object->file.string()) : programs.end();
  return known != programs.end() ? &known->second : nullptr;
}

/// Of any object for which it is said under this word.
bool stands_for_some(const std::string& word, const std::string& glob,
                     const std::vector<CaseSpec>& cases, const Programs& programs) {
  return std::any_of(cases.begin(), cases.end(), [&](const CaseSpec& spec) {
    const auto named = named_programs(spec.user);
    const auto said = named.find(word);
    if (said == named.end() || !said->second.contains(glob)) return false;
    const std::vector<std::string>* known = programs_of(spec, programs);
    return known == nullptr || names_any(glob, *known);
  });
}

/// A name that stands for no program of any object is a slip of the pen, and would pass unseen.
Result<> check_names(const std::vector<CaseSpec>& cases, const Programs& programs) {
  for (const CaseSpec& spec : cases) {
    for (const auto& [word, globs] : named_programs(spec.user)) {
      for (const std::string& glob : globs) {
        if (stands_for_some(word, glob, cases, programs)) continue;
        return Error{
            fmt::format("{}: '{}' is no program of '{}', nor of any other object for which "
                        "it is said",
                        word, glob, spec.id),
            fmt::format("it has {}", fmt::join(*programs_of(spec, programs), ", "))};
      }
    }
  }
  return {};
}

/// One that is no object is noticed here, and so are two cases of one name, and names of no
/// program.
Result<> check_own(const std::vector<std::string>& objects, const std::vector<CaseSpec>& cases) {
  Programs programs;
  for (const std::string& file : objects) {
    if (std::filesystem::path(file).extension() == ".c") continue;
    const Result<ObjectInfo> info = read_object(file);
    if (!info) return info.error();
    for (const ObjectProgram& program : info->programs) programs[file].push_back(program.name);
  }
  if (Result<> good = check_names(cases, programs); !good) return good;
  std::set<std::string> ids;
  for (const CaseSpec& spec : cases) {
    if (ids.insert(spec.id).second) continue;
    return Error{fmt::format("two objects are called '{}'", spec.id),
                 "give them different file names"};
  }
  return {};
}

Result<std::vector<CaseSpec>> suite_of(const RunSpec& spec) {
  Result<std::vector<CaseSpec>> own = own_cases(spec);
  if (!own) return own;
  if (!own->empty()) {
    if (const Result<> good = check_own(spec.objects, *own); !good) return good.error();
    return own;
  }
  const Result<std::filesystem::path> dir = find_data("cases");
  if (!dir) return dir.error();
  return read_suite(*dir);
}

std::vector<PlanKernel> kernels_of(const KernelFinder& kernels, const std::vector<Arch>& archs) {
  std::vector<PlanKernel> known = kernels.known();
  if (archs.empty()) return known;
  std::erase_if(known, [&](const PlanKernel& kernel) {
    return std::find(archs.begin(), archs.end(), kernel.arch) == archs.end();
  });
  return known;
}

std::vector<std::string> ids_of(const Plan& plan) {
  std::vector<std::string> ids;
  for (const Cell& cell : plan.cells) ids.push_back(cell.id());
  return ids;
}

/// A new run writes its cells down; one that is resumed does those and no others, whatever --arch
/// or --shard it had, and whatever was added to the suite since.
Result<> keep_to_cells(RunSpec& spec, Plan& plan) {
  const bool is_new = spec.cells.empty() && !spec.part_of;
  if (is_new) {
    spec.cells = ids_of(plan);
    return {};
  }
  std::set<std::string> missing(spec.cells.begin(), spec.cells.end());
  std::erase_if(plan.cells, [&](const Cell& cell) { return missing.erase(cell.id()) == 0; });
  if (missing.empty()) return {};
  return Error{fmt::format("{} of its {} cells cannot be run any more, for example '{}'",
                           missing.size(), spec.cells.size(), *missing.begin()),
               "its kernels or cases are gone: begin a new run"};
}

}  // namespace

Result<RunInput> assemble(RunSpec& spec, KernelFinder& kernels, const PlanPart& part) {
  MatrixSpec matrix = spec.matrix;
  if (const Result<> named = name_kernels(matrix, kernels); !named) return named.error();
  Result<std::vector<CaseSpec>> suite = suite_of(spec);
  if (!suite) return std::move(suite).error();
  const Result<Plan> plan = make_plan(matrix, kernels_of(kernels, part.archs), *suite);
  if (!plan) return plan.error();
  RunInput input{.plan = shard(*plan, part.shard, part.costs)};
  if (const Result<> kept = keep_to_cells(spec, input.plan); !kept) return kept.error();
  if (part.shard.count > 1) spec.part_of = ids_of(*plan);
  Result<AppFiles> apps = find_apps(matrix.apps, input.plan, kernels.fetch());
  if (!apps) return std::move(apps).error();
  input.apps = *std::move(apps);
  for (CaseSpec& one : *suite) {
    const std::string id = one.id;
    input.cases.emplace(id, std::move(one));
  }
  for (const Cell& cell : input.plan.cells) {
    if (cell.loader == kTogetherLoader || input.cases.at(cell.case_id).together.empty()) continue;
    return Error{fmt::format("{}: 'together' is for objects that the loader '{}' loads, not '{}'",
                             cell.case_id, kTogetherLoader, cell.loader)};
  }
  Result<GivenBtf> btf =
      find_given_btf(matrix.btf_files, input.cases, input.plan, kernels.fetch().store);
  if (!btf) return std::move(btf).error();
  input.btf = *std::move(btf);
  return input;
}

}  // namespace bpfmatrix
