#include "cli/request_options.h"

#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <sstream>
#include <utility>

#include "base/data_dir.h"
#include "base/file.h"
#include "base/printable.h"
#include "cell/app_output.h"
#include "cli/command_line.h"
#include "cli/talk.h"
#include "run/objects/given_btf.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr const char* kProjectFile = "bpfmatrix.json";

/// An empty path stays empty: whoever opens it says so.
std::string absolute(const std::string& path) {
  std::error_code seen_by_open;
  const std::string_view here = "./";
  std::string_view plain = path;
  while (plain.starts_with(here)) plain.remove_prefix(here.size());
  return fs::absolute(plain.empty() ? std::string_view(path) : plain, seen_by_open).string();
}

/// Packages have no path.
std::string absolute_root(const std::string& root) {
  return root.starts_with(kDebRoot) ? root : absolute(root);
}

class Request {
 public:
  explicit Request(const RequestOptions& options) : options_(options) {}

  Result<RunSpec> make() const {
    RunSpec request;
    MatrixSpec& matrix = request.matrix;
    if (const Result<> read = read_file_asked(matrix); !read) return read.error();
    if (!options_.kernels.empty()) matrix.kernels = kernels();
    if (!options_.cases.empty()) matrix.cases = options_.cases;
    if (!options_.btf.empty()) {
      auto sources = parse_btf_sources(options_.btf);
      if (!sources) return std::move(sources).error();
      matrix.btf = *std::move(sources);
    }
    take_btf_files(matrix);
    if (!options_.loaders.empty()) {
      if (const Result<> chosen = choose_loaders(matrix); !chosen) return chosen.error();
    }
    if (const Result<> taken = take_apps(matrix); !taken) return taken.error();
    if (const Result<> taken = take_cflags(matrix); !taken) return taken.error();
    for (const std::string& file : options_.objects) request.objects.push_back(absolute(file));
    if (names_nothing()) request.objects = matrix.objects;
    return request;
  }

 private:
  bool names_nothing() const { return options_.objects.empty() && options_.apps.empty(); }

  /// A matrix or project that is named, else the project of this folder; for what is named by
  /// options, kernels of the usual matrix.
  Result<> read_file_asked(MatrixSpec& matrix) const {
    std::error_code none;
    const bool has_project = names_nothing() && fs::exists(kProjectFile, none);
    if (options_.matrix.empty() && !has_project && !options_.kernels.empty()) return {};
    Result<fs::path> file(options_.matrix);
    if (options_.matrix.empty() && has_project) {
      say(fmt::format("the project of this folder: {}", kProjectFile));
      file = fs::path(kProjectFile);
    } else if (options_.matrix.empty()) {
      file = find_data("ci/matrices/default.json");
    }
    if (!file) return file.error();
    Result<MatrixSpec> read = read_matrix(*file);
    if (!read) return std::move(read).error();
    matrix = *std::move(read);
    if (!names_nothing()) {
      matrix.cases = {"*"};
      matrix.apps.clear();
      matrix.project.reset();
    }
    return {};
  }

  /// Of all sources that --object names.
  Result<> take_cflags(MatrixSpec& matrix) const {
    if (options_.cflags.empty()) return {};
    Result<std::vector<std::string>> words = shell_words(options_.cflags);
    if (!words) return wrap("--cflags", words.error());
    matrix.project.emplace();
    matrix.project->folder = absolute(".");
    for (const std::string& object : options_.objects) {
      if (fs::path(object).extension() != ".c") continue;
      CaseSpec spec = case_for_object(absolute(object));
      const Json settings{{"cflags", *words}};
      Result<> good = apply_settings(settings, matrix.project->folder, "--cflags", spec);
      if (!good) return good;
      matrix.project->settings[spec.id] = settings;
    }
    return {};
  }

  /// Paths as absolute ones: a run is resumed, and its cells are run again, from anywhere.
  std::vector<std::string> kernels() const {
    std::vector<std::string> kernels = options_.kernels;
    for (std::string& kernel : kernels) {
      if (kernel.find('/') != std::string::npos) kernel = absolute(kernel);
    }
    return kernels;
  }

  /// BTF is handed over to be embedded: other sources are run only on request.
  void take_btf_files(MatrixSpec& matrix) const {
    for (const std::string& text : options_.btf_files) {
      BtfFile file = parse_btf_file(text);
      file.path = absolute(file.path);
      matrix.btf_files.push_back(std::move(file));
    }
    if (!matrix.btf_files.empty() && !matrix.btf) matrix.btf = {BtfSource::embedded};
  }

  Result<> choose_loaders(MatrixSpec& matrix) const {
    matrix.loaders.emplace();
    for (const std::string& loader : options_.loaders) {
      if (!is_app(loader)) {
        matrix.loaders->push_back(loader);
        continue;
      }
      Result<LoaderApp> command = make_command(absolute(loader));
      if (!command) return std::move(command).error();
      matrix.loaders->push_back(command->name);
      matrix.apps.push_back(*std::move(command));
    }
    return {};
  }

  /// Each is tried for its own sake, and all have the same options.
  Result<> take_apps(MatrixSpec& matrix) const {
    for (const std::string& line : options_.apps) {
      if (!is_utf8(line)) return Error{fmt::format("--app '{}': not UTF-8", line)};
      Result<LoaderApp> app = app_of_line(line);
      if (!app) return std::move(app).error();
      OwnObject& own = *app->own_object;
      if (options_.app_root.empty()) {
        app->path = absolute(app->path);
      } else {
        own.root = absolute_root(options_.app_root);
      }
      app->quiet_ms = options_.app_quiet_ms;
      own.ready = options_.app_ready;
      own.output = options_.expect_output;
      for (const std::string& text : options_.app_files) {
        Result<GuestFile> file = parse_guest_file(text);
        if (!file) return std::move(file).error();
        file->path = absolute(file->path);
        own.files.push_back(*std::move(file));
      }
      if (Result<> good = check_pattern(own.ready, "--app-ready"); !good) return good;
      if (Result<> good = check_pattern(own.output, "--expect-output"); !good) return good;
      if (Result<> set = set_environment(options_.app_env, "--app-env", *app); !set) return set;
      matrix.apps.push_back(*std::move(app));
    }
    return {};
  }

  static Result<> set_environment(const std::vector<std::string>& settings, std::string_view option,
                                  LoaderApp& app) {
    for (const std::string& setting : settings) {
      if (!is_utf8(setting)) return Error{fmt::format("{} '{}': not UTF-8", option, setting)};
      const std::size_t equals = setting.find('=');
      if (equals == std::string::npos || equals == 0) {
        return Error{fmt::format("{} '{}': wanted NAME=VALUE", option, setting)};
      }
      app.environment[setting.substr(0, equals)] = setting.substr(equals + 1);
    }
    return {};
  }

  Result<LoaderApp> make_command(const std::string& path) const {
    Result<LoaderApp> command = app_of_path(path);
    if (!command) return command;
    command->quiet_ms = options_.loader_quiet_ms;
    if (!is_utf8(options_.loader_args)) {
      return Error{fmt::format("--loader-args '{}': not UTF-8", options_.loader_args)};
    }
    if (options_.loader_args_option->count() > 0) {
      std::istringstream words(options_.loader_args);
      command->arguments.assign(std::istream_iterator<std::string>(words), {});
    }
    if (Result<> set = set_environment(options_.loader_env, "--loader-env", *command); !set)
      return std::move(set).error();
    return command;
  }

  const RequestOptions& options_;
};

}  // namespace

void add_request_options(CLI::App& run, RequestOptions& options) {
  run.add_option(
      "matrix", options.matrix,
      "Matrix or project; default: ./bpfmatrix.json, else the matrix that comes with bpfmatrix");
  run.add_option("--kernel", options.kernels, "Kernel id or glob, or a path to a vmlinuz")
      ->type_name("GLOB");
  run.add_option("--arch", options.archs, "Only kernels of this architecture")
      ->check(CLI::IsMember({"x86_64", "aarch64"}));
  run.add_option("--case", options.cases, "Case id, glob, or GROUP/GLOB")->type_name("GLOB");
  CLI::Option* object =
      run.add_option("--object", options.objects,
                     "A BPF object, or the source of one (*.bpf.c), instead of the suite's cases")
          ->type_name("FILE");
  run.add_option("--cflags", options.cflags, "For clang, of such a source: '-DX -Iinclude'")
      ->type_name("FLAGS")
      ->needs(object);
  CLI::Option* app_line =
      run.add_option("--app", options.apps,
                     "An application with its arguments, tried with the programs that it brings: "
                     "'./execsnoop -T'; {arch} in its path is the kernel's architecture")
          ->type_name("COMMAND")
          ->check(not_empty());
  run.add_option("--app-file", options.app_files,
                 "A file that it finds in the guest, at /app/NAME if not said otherwise")
      ->type_name("PATH[:GUESTPATH]")
      ->needs(app_line);
  run.add_option(
         "--app-root", options.app_root,
         "Its root file system, in which it is looked up: a folder, a container image as an "
         "OCI layout, or packages of Debian with what they depend on, of trixie if not said "
         "otherwise")
      ->type_name("DIR|deb:[SUITE/]PACKAGE,...")
      ->check(not_empty())
      ->needs(app_line);
  run.add_option("--app-env", options.app_env, "Its environment")
      ->type_name("NAME=VALUE")
      ->needs(app_line);
  run.add_option("--app-ready", options.app_ready,
                 "It has come up once its output matches; default: when it is quiet")
      ->type_name("REGEX")
      ->needs(app_line);
  run.add_option(
         "--app-quiet", options.app_quiet_ms,
         "Without --app-ready: it has come up when it has asked nothing more of the kernel, "
         "and was not busy, for so many milliseconds")
      ->type_name("MS")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->needs(app_line);
  run.add_option("--expect-output", options.expect_output, "What its output must match")
      ->type_name("REGEX")
      ->needs(app_line);
  run.add_option("--btf", options.btf, "BTF source, in place of what the cases say")
      ->type_name(closed_list<BtfSource>());
  run.add_option(
         "--btf-file", options.btf_files,
         "BTF to embed in place of the kernel's own, raw or as an ELF file's section .BTF, for "
         "all kernels and objects or for those that globs match. Without --btf only the BTF "
         "source embedded is run")
      ->type_name("[[OBJECT:]GLOB=]FILE");
  run.add_option(
         "--loader", options.loaders,
         "Loader, in place of what the cases say: a name, or the path of a static application")
      ->type_name("NAME|PATH");
  options.loader_args_option =
      run.add_option("--loader-args", options.loader_args,
                     "Arguments of an application given by its path, with blanks between them; "
                     "'' is none, default: {object}");
  run.add_option("--loader-env", options.loader_env, "Environment of such an application")
      ->type_name("NAME=VALUE");
  run.add_option(
         "--loader-quiet", options.loader_quiet_ms,
         "Such an application counts as set up when it has been quiet for so many milliseconds")
      ->capture_default_str();
}

Result<RunSpec> make_request(const RequestOptions& options) { return Request(options).make(); }

}  // namespace bpfmatrix
