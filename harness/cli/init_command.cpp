#include "cli/init_command.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "base/child_process.h"
#include "base/file.h"
#include "base/json.h"
#include "base/load_settings.h"
#include "cli/exit_code.h"
#include "cli/known_kernels.h"
#include "cli/talk.h"
#include "elf/alternatives.h"
#include "elf/object.h"
#include "matrix/case_spec.h"
#include "report/counted.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr const char* kMatrixName = "bpfmatrix.json";
constexpr std::string_view kObjectEnd = ".bpf.o";
constexpr std::string_view kSourceEnd = ".bpf.c";
/// What is larger is no repository of a project.
constexpr std::size_t kMaxEntries = 200'000;
constexpr int kMaxDepth = 20;

/// What a repository has, by paths from its folder.
struct Found {
  /// By the id of their case: two of one id cannot be in one run, and the newer one is taken.
  std::map<std::string, fs::path> objects{};
  /// What user space may have to set, by id as well: a proposal.
  std::map<std::string, OrderedJson> proposals{};
  std::vector<fs::path> sources{};
};

class Search {
 public:
  explicit Search(const fs::path& root) : root_(root) {}

  Result<Found> run() {
    std::error_code error;
    const auto options = fs::directory_options::skip_permission_denied;
    std::size_t entries = 0;
    for (fs::recursive_directory_iterator it(root_, options, error), end; !error && it != end;
         it.increment(error)) {
      if (++entries > kMaxEntries)
        return file_error(root_, Error{fmt::format("more than {} files", kMaxEntries),
                                       "name the folder that has the objects"});
      if (is_foreign(*it) || it.depth() >= kMaxDepth) it.disable_recursion_pending();
      std::error_code gone;
      if (fs::is_regular_file(it->symlink_status(gone))) take(it->path());
    }
    if (error) return file_error(root_, error);
    std::sort(found_.sources.begin(), found_.sources.end());
    return std::move(found_);
  }

 private:
  /// Not of this project. Folders that begin with '.' may well have its objects (".output").
  static bool is_foreign(const fs::directory_entry& entry) {
    static const std::set<std::string> kForeign{".git", ".hg", ".svn", "node_modules"};
    return kForeign.contains(entry.path().filename().string());
  }

  void take(const fs::path& file) {
    const std::string name = file.filename().string();
    const fs::path path = file.lexically_relative(root_);
    if (name.ends_with(kSourceEnd)) found_.sources.push_back(path);
    if (!name.ends_with(kObjectEnd)) return;
    if (!is_utf8(path.string()))
      return say(fmt::format("left out: '{}': its path is not UTF-8", path.string()));
    const Result<ObjectInfo> object = read_object(file);
    if (!object) return say("left out: " + object.error().message);
    const std::string id = case_for_object(file).id;
    const auto [known, is_new] = found_.objects.try_emplace(id, path);
    if (is_new) {
      found_.proposals[id] = proposal_for(*object);
      return;
    }
    const bool is_newer = written(file) > written(root_ / known->second);
    if (is_newer) found_.proposals[id] = proposal_for(*object);
    const fs::path other = is_newer ? known->second : path;
    if (is_newer) known->second = path;
    say(fmt::format("left out: '{}': '{}' has the same name and is newer", other.string(),
                    known->second.string()));
  }

  /// What the object leaves to user space, and what looks like several ways to do the same.
  static OrderedJson proposal_for(const ObjectInfo& object) {
    OrderedJson proposal = OrderedJson::object();
    for (const ObjectMap& map : object.maps) {
      if (map.source == MapSource::btf && map.max_entries == 0 && wants_size(map.type))
        proposal["maps"][map.name] = {{"max_entries", "cpus"}};
    }
    for (const auto& group : likely_alternatives(object)) proposal["one_of"].push_back(group);
    return proposal;
  }

  static fs::file_time_type written(const fs::path& file) {
    std::error_code gone;
    return fs::last_write_time(file, gone);
  }

  fs::path root_;
  Found found_{};
};

std::vector<std::string> without_object(const Found& found) {
  std::vector<std::string> sources;
  for (const fs::path& source : found.sources) {
    fs::path object = source;
    object.replace_extension(".o");
    const bool built = found.objects.contains(case_for_object(object).id);
    if (!built) sources.push_back(source.string());
  }
  return sources;
}

/// Today's kernels of this machine's architecture that come as signed packages, else all of it.
std::vector<std::string> kernels_of(const Catalog& catalog) {
  utsname host{};
  ::uname(&host);
  const Arch arch = parse_arch(host.machine).value_or(Arch::x86_64);
  std::vector<std::string> packages;
  std::vector<std::string> all;
  for (const CatalogEntry& entry : catalog.entries) {
    if (entry.arch != arch) continue;
    all.push_back(entry.id);
    const auto* deb = std::get_if<DebSource>(&entry.source);
    if (deb != nullptr && deb->snapshot.empty()) packages.push_back(entry.id);
  }
  return packages.empty() ? all : packages;
}

OrderedJson matrix_of(const Found& found, const std::vector<std::string>& kernels) {
  OrderedJson objects = OrderedJson::array();
  OrderedJson proposals = OrderedJson::array();
  for (const auto& [id, path] : found.objects) {
    objects.push_back(path.string());
    OrderedJson entry{{"object", path.string()}};
    const auto proposal = found.proposals.find(id);
    if (proposal == found.proposals.end() || proposal->second.empty()) continue;
    entry.update(proposal->second);
    proposals.push_back(std::move(entry));
  }
  OrderedJson json{
      {"//",
       {"Each object below is tried on each kernel below: bpfmatrix run " +
            std::string(kMatrixName),
        "Keys that begin with // are comments."}},
      {"schema", 1},
      {"// kernels",
       {"Ids, or globs over them; all: bpfmatrix kernels list",
        "Kernels that are packages are fetched, with their signatures checked, when they are first "
        "needed.",
        "Others are built once, in minutes: bpfmatrix kernels build linux-5.8-x86_64"}},
      {"kernels", kernels},
      {"// objects", "Paths from the folder of this file."},
      {"objects", std::move(objects)}};
  if (!proposals.empty()) {
    json["// proposed"] = {
        "Guesses from names and from what these objects leave to user space. To take one, put it "
        "into "
        "\"objects\" in place of its path, and look it through.",
        std::move(proposals)};
  }
  if (const std::vector<std::string> sources = without_object(found); !sources.empty())
    json["// sources without an object"] = sources;
  json["// btf"] =
      "null is the kernel's own BTF; [\"kernel\", \"embedded\", \"none\"] tries each of these.";
  json["btf"] = nullptr;
  json["// apps"] =
      "Your applications as they are, with their arguments: [\"./tool -v\"]. docs/projects.md has "
      "all "
      "that a project can say.";
  return json;
}

Error no_object(const fs::path& folder, const std::vector<fs::path>& sources) {
  std::string hint = "build the project first";
  if (!sources.empty()) {
    hint += fmt::format(": there are {} sources (*{}), such as '{}'", sources.size(), kSourceEnd,
                        sources.front().string());
  }
  return file_error(folder, Error{fmt::format("no BPF object (*{})", kObjectEnd), std::move(hint)});
}

Result<> init(const std::string& folder) {
  const fs::path file = fs::path(folder) / kMatrixName;
  std::error_code none;
  if (fs::exists(fs::symlink_status(file, none)))
    return file_error(file, Error{"is there already", "remove it to begin anew"});
  const Result<Catalog> catalog = known_kernels();
  if (!catalog) return catalog.error();
  const Result<Found> found = Search(folder).run();
  if (!found) return found.error();
  if (found->objects.empty()) return no_object(folder, found->sources);
  const std::vector<std::string> kernels = kernels_of(*catalog);
  const OrderedJson json = matrix_of(*found, kernels);
  if (const Result<> written = write_file(file, json_text(json, 2) + "\n"); !written)
    return written.error();
  print("{}: {} on {}\n", file.string(), counted(found->objects.size(), "object"),
        counted(kernels.size(), "kernel"));
  say("try them: " + shell_quote({"bpfmatrix", "run", file.string()}));
  return {};
}

}  // namespace

void add_init_command(CLI::App& app, int& exit_code) {
  const auto folder = std::make_shared<std::string>(".");
  CLI::App* command = app.add_subcommand(
      "init", "Write bpfmatrix.json, a matrix to begin with, for the BPF objects below a folder");
  command->add_option("DIR", *folder, "The folder, where the matrix is written, too")
      ->capture_default_str();
  command->callback([folder, &exit_code] {
    const Result<> done = init(*folder);
    exit_code = done ? static_cast<int>(as_expected) : end_with(done.error(), wrong_command);
  });
}

}  // namespace bpfmatrix
