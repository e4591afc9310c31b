#include "report/commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "base/child_process.h"
#include "base/ids.h"
#include "matrix/case_spec.h"

namespace bpfmatrix {

namespace {

/// Whether a kernel of this id can be the one that was given by this path: the id has the name of
/// the image, with '_' for what an id must not hold (kernels/find/local_kernel.h).
bool is_of_image(std::string_view id, const std::string& path) {
  constexpr std::string_view kLocal = "local-";
  const std::size_t hash = id.rfind('-');
  if (path.find('/') == std::string::npos || !id.starts_with(kLocal) || hash < kLocal.size())
    return false;
  const std::string_view name = id.substr(kLocal.size(), hash - kLocal.size());
  const std::string file = std::filesystem::path(path).filename().string().substr(0, name.size());
  return std::equal(name.begin(), name.end(), file.begin(), file.end(),
                    [](char of_id, char of_file) { return of_id == of_file || of_id == '_'; });
}

/// The words of the command, one after the other.
class CommandWords {
 public:
  CommandWords(const Outcome& outcome, const RunSpec* asked,
               const std::map<std::string, std::string>& objects)
      : outcome_(outcome), asked_(asked), objects_(objects) {
    if (asked_ == nullptr) return;
    for (const LoaderApp& app : asked_->matrix.apps) {
      if (app.name == outcome.loader) app_ = &app;
    }
  }

  std::vector<std::string> argv() {
    argv_ = {"bpfmatrix", "run"};
    if (by_project()) argv_.push_back(asked_->matrix.project->file);
    add("--kernel", kernel());
    add_case();
    add("--btf", outcome_.btf_source);
    add_btf_files();
    add_loader();
    if (asked_ != nullptr && asked_->options) add_options(*asked_->options);
    if (outcome_.vm.cold_checked) add("--cold-check", "1");
    return std::move(argv_);
  }

 private:
  void add(const std::string& option, const std::string& value) {
    argv_.push_back(option);
    argv_.push_back(value);
  }

  std::string kernel() const {
    if (asked_ != nullptr) {
      for (const std::string& kernel : asked_->matrix.kernels) {
        if (is_of_image(outcome_.kernel.id, kernel)) return kernel;
      }
    }
    return outcome_.kernel.id;
  }

  /// One of the user's own objects is no case of the suite, and is known by its whole path.
  void add_case() {
    if (by_project()) return add("--case", outcome_.case_id);
    if (app_ != nullptr && app_->own_object) return;  // see add_loader()
    const auto object = objects_.find(outcome_.case_id);
    if (object != objects_.end()) {
      add("--object", object->second);
      return add_cflags();
    }
    const bool own = outcome_.object.path.starts_with('/');
    own ? add("--object", outcome_.object.path) : add("--case", outcome_.case_id);
  }

  bool by_project() const {
    return asked_ != nullptr && asked_->matrix.project && !asked_->matrix.project->file.empty();
  }

  void add_cflags() {
    if (!asked_->matrix.project) return;
    const auto& settings = asked_->matrix.project->settings;
    const auto own = settings.find(outcome_.case_id);
    if (own == settings.end() || !own->second.contains("cflags")) return;
    std::vector<std::string> words;
    for (const Json& word : own->second["cflags"])
      if (word.is_string()) words.push_back(word.get<std::string>());
    add("--cflags", shell_quote(words));
  }

  void add_btf_files() {
    if (asked_ == nullptr) {
      const bool given = outcome_.embedded && outcome_.embedded->origin == EmbeddedOrigin::file;
      if (given) add("--btf-file", "FILE");
      return;
    }
    for (const BtfFile& file : asked_->matrix.btf_files) {
      const bool is_for = glob_match(file.kernels, outcome_.kernel.id) &&
                          glob_match(file.cases.value_or("*"), outcome_.case_id);
      if (is_for) add("--btf-file", file.cases ? "*:*=" + file.path : file.path);
    }
  }

  void add_loader() {
    if (app_ != nullptr && app_->own_object && by_project()) return;
    if (app_ != nullptr && app_->own_object) return add_app();
    if (app_ == nullptr)
      return add("--loader", outcome_.app ? outcome_.app->path : outcome_.loader);
    const LoaderApp usual{};
    add("--loader", app_->path);
    if (app_->arguments != usual.arguments)
      add("--loader-args", fmt::format("{}", fmt::join(app_->arguments, " ")));
    for (const auto& [name, value] : app_->environment) add("--loader-env", name + "=" + value);
    if (app_->quiet_ms != usual.quiet_ms) add("--loader-quiet", std::to_string(app_->quiet_ms));
  }

  void add_app() {
    std::vector<std::string> line{app_->path};
    line.insert(line.end(), app_->arguments.begin(), app_->arguments.end());
    add("--app", shell_quote(line));
    const OwnObject& own = *app_->own_object;
    if (own.root) add("--app-root", *own.root);
    if (app_->quiet_ms != LoaderApp().quiet_ms) add("--app-quiet", std::to_string(app_->quiet_ms));
    for (const GuestFile& file : own.files) add("--app-file", file.path + ":" + file.guest_path);
    for (const auto& [name, value] : app_->environment) add("--app-env", name + "=" + value);
    if (!own.ready.empty()) add("--app-ready", own.ready);
    if (!own.output.empty()) add("--expect-output", own.output);
  }

  void add_options(const RunOptions& how) {
    const RunOptions usual{};
    if (how.accel != usual.accel) add("--accel", how.accel);
    add_timeout("--cell-timeout", how.cell_timeout_s);
    add_timeout("--boot-timeout", how.boot_timeout_s);
    if (how.isolation != usual.isolation) add("--isolation", how.isolation);
    if (!how.cache) argv_.emplace_back("--no-cache");
  }

  void add_timeout(const std::string& option, int seconds) {
    if (seconds != 0 && seconds != kDefaultTimeoutSeconds) add(option, std::to_string(seconds));
  }

  const Outcome& outcome_;
  const RunSpec* asked_;
  const std::map<std::string, std::string>& objects_;
  const LoaderApp* app_ = nullptr;
  std::vector<std::string> argv_{};
};

}  // namespace

std::string explain_command(std::string_view run_dir, std::string_view cell,
                            std::string_view program) {
  // What begins with '-' would be taken for an option.
  std::string run(run_dir);
  if (run.starts_with('-')) run.insert(0, "./");
  std::vector<std::string> argv{"bpfmatrix", "explain", std::move(run), std::string(cell)};
  if (!program.empty()) argv.insert(argv.end(), {"--log", std::string(program)});
  return shell_quote(argv);
}

RunAgain::RunAgain(const RunSpec* asked) : asked_(asked) {
  if (asked_ == nullptr) return;
  for (const std::string& object : asked_->objects)
    objects_.emplace(case_for_object(object).id, object);
}

std::string RunAgain::command(const Outcome& outcome) const {
  return shell_quote(CommandWords(outcome, asked_, objects_).argv());
}

}  // namespace bpfmatrix
