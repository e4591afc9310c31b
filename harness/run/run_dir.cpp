#include "run/run_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/file.h"
#include "base/json.h"
#include "base/unfinished.h"
#include "outcome/outcome_fields.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxRunJsonBytes = 64 << 20;
constexpr int kRunSchema = 1;

OrderedJson apps_json(const std::vector<LoaderApp>& apps) {
  OrderedJson list = OrderedJson::array();
  for (const LoaderApp& app : apps) list.push_back(to_json(app));
  return list;
}

void read_apps(ObjectReader& reader, RunSpec& request) {
  const Json* list = reader.array("apps");
  // Runs from before there were any have none.
  for (const Json& json : list != nullptr ? *list : Json::array()) {
    Result<LoaderApp> app = app_from_json(json, reader.where("apps"));
    if (!app) return reader.adopt(app.error());
    request.matrix.apps.push_back(*std::move(app));
  }
}

OrderedJson btf_files_json(const std::vector<BtfFile>& files) {
  OrderedJson list = OrderedJson::array();
  for (const BtfFile& file : files) {
    list.push_back({{"kernels", file.kernels}, {"path", file.path}});
  }
  return list;
}

void read_btf_files(ObjectReader& parent, RunSpec& request) {
  const Json* list = parent.array("btf_files");
  for (const Json& json : list != nullptr ? *list : Json::array()) {
    ObjectReader reader(json, parent.where("btf_files"));
    request.matrix.btf_files.push_back({reader.string("kernels"), reader.string("path")});
    if (const Result<> read = reader.finish(); !read) return parent.adopt(read.error());
  }
}

OrderedJson options_json(const std::optional<RunOptions>& options) {
  if (!options) return nullptr;
  return {{"accel", options->accel},
          {"cell_timeout_s", options->cell_timeout_s},
          {"boot_timeout_s", options->boot_timeout_s},
          {"cache", options->cache},
          {"isolation", options->isolation},
          {"cold_check", options->cold_check}};
}

void read_options(ObjectReader& parent, RunSpec& request) {
  const Json* json = parent.object("options");
  if (json == nullptr) return;
  ObjectReader reader(*json, parent.where("options"));
  request.options = RunOptions{reader.string("accel"),
                             static_cast<int>(reader.integer("cell_timeout_s")),
                             static_cast<int>(reader.integer("boot_timeout_s")),
                             reader.boolean("cache"),
                             reader.string("isolation"),
                             static_cast<int>(reader.integer("cold_check"))};
  if (const Result<> read = reader.finish(); !read) parent.adopt(read.error());
}

OrderedJson to_json(const RunSpec& request) {
  OrderedJson btf = nullptr;
  if (request.matrix.btf) {
    btf = OrderedJson::array();
    for (const BtfSource source : *request.matrix.btf) btf.push_back(to_string(source));
  }
  return {{"schema", kRunSchema},
          {"kernels", request.matrix.kernels},
          {"cases", request.matrix.cases},
          {"btf", btf},
          {"loaders",
           request.matrix.loaders ? OrderedJson(*request.matrix.loaders) : OrderedJson(nullptr)},
          {"apps", apps_json(request.matrix.apps)},
          {"btf_files", btf_files_json(request.matrix.btf_files)},
          {"objects", request.objects},
          {"cells", request.cells},
          {"options", options_json(request.options)}};
}

Error system_error(const fs::path& path) {
  return Error{fmt::format("'{}': {}", path.string(), ::strerror(errno))};
}

/// A process that was just killed may hold the lock for a moment longer.
constexpr auto kLockPatience = std::chrono::seconds(5);

Result<Fd> open_outcomes(const fs::path& file) {
  Fd fd(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.valid()) return system_error(file);
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return system_error(file);
    if (std::chrono::steady_clock::now() >= deadline) {
      return Error{fmt::format("'{}': another process runs it", file.parent_path().string())};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return fd;
}

/// Cuts off a last line that has no line end: it was being written when the run was killed.
Result<> drop_partial_line(const fs::path& file) {
  const Result<std::string> text = read_file(file, 1ULL << 30);
  if (!text) return text.error();
  const std::size_t end = text->rfind('\n');
  const std::size_t whole = end == std::string::npos ? 0 : end + 1;
  if (::truncate(file.c_str(), static_cast<off_t>(whole)) != 0) return system_error(file);
  return {};
}

Result<> is_free(const fs::path& path) {
  if (!fs::exists(path / "run.json")) return {};
  return Error{fmt::format("'{}': holds a run already", path.string()),
               "continue it with --resume, or choose another --out"};
}

/// The lock is held.
void remove_half_written(const fs::path& run) {
  for (const char* folder : {"", "transcripts", "kernels", "console"}) {
    remove_unfinished(run / folder, Others::are_locked_out);
  }
}

constexpr std::string_view kTranscriptEnd = ".json.gz";
constexpr std::uint64_t kMaxPackedBytes = 64 << 20;

/// '@' is in no id.
std::string file_stem(std::string cell) {
  std::replace(cell.begin(), cell.end(), '/', '@');
  return cell;
}

}  // namespace

RunDir::RunDir(fs::path path, RunSpec request, Fd outcomes)
    : path_(std::move(path)), request_(std::move(request)), outcomes_(std::move(outcomes)) {}

Result<RunDir> RunDir::create(const fs::path& path, const RunSpec& request) {
  if (Result<> free = is_free(path); !free) return std::move(free).error();
  std::error_code error;
  for (const char* folder : {"transcripts", "console"}) {
    fs::create_directories(path / folder, error);
    if (error) return Error{fmt::format("'{}': {}", path.string(), error.message())};
  }
  Result<Fd> outcomes = open_outcomes(path / "outcomes.jsonl");
  if (!outcomes) return std::move(outcomes).error();
  // Another process may have begun one since; or been killed here before there was one to resume.
  if (Result<> free = is_free(path); !free) return std::move(free).error();
  remove_half_written(path);
  if (const Result<> written = write_file(path / "run.json", to_json(request).dump(1) + "\n");
      !written) {
    return written.error();
  }
  return RunDir(path, request, *std::move(outcomes));
}

Result<RunDir> RunDir::resume(const fs::path& path) {
  Result<RunSpec> request = read_run_spec(path);
  if (!request) return std::move(request).error();
  const fs::path file = path / "outcomes.jsonl";
  Result<Fd> fd = open_outcomes(file);
  if (!fd) return std::move(fd).error();
  remove_half_written(path);
  if (const Result<> dropped = drop_partial_line(file); !dropped) return dropped.error();
  const auto outcomes = read_outcomes(file);
  if (!outcomes) return outcomes.error();
  RunDir run(path, *std::move(request), *std::move(fd));
  for (const Outcome& outcome : *outcomes) run.finished_.insert(outcome.cell);
  return run;
}

/// All of them, or nothing: half a line would spoil the next one.
Result<> RunDir::append_lines(std::string_view lines) {
  const fs::path file = path_ / "outcomes.jsonl";
  const off_t before = ::lseek(outcomes_.get(), 0, SEEK_END);
  while (before >= 0 && !lines.empty()) {
    const ssize_t n = ::write(outcomes_.get(), lines.data(), lines.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    lines.remove_prefix(static_cast<std::size_t>(n));
  }
  if (lines.empty() && ::fdatasync(outcomes_.get()) == 0) return {};
  Error error = system_error(file);
  if (before >= 0 && ::ftruncate(outcomes_.get(), before) != 0) {
    error.message += fmt::format("; and cannot be cut back: {}", ::strerror(errno));
  }
  return error;
}

Result<> RunDir::append(const Outcome& outcome) {
  const std::string line = to_line(outcome) + "\n";
  const std::lock_guard lock(*mutex_);
  return append_lines(line);
}

Result<> RunDir::append_known(const std::vector<Outcome>& outcomes) {
  if (outcomes.empty()) return {};
  std::string lines;
  for (const Outcome& outcome : outcomes) lines += to_line(outcome) + "\n";
  const std::lock_guard lock(*mutex_);
  // No line may name a file that is not there after a power cut.
  if (::syncfs(outcomes_.get()) != 0) return system_error(path_);
  return append_lines(lines);
}

Result<> RunDir::keep_transcript(const std::string& cell, std::string_view packed) {
  return write_file(transcript_path(path_, cell), packed);
}

Result<> RunDir::restore_transcript(const std::string& cell, std::string_view packed) {
  return write_file(transcript_path(path_, cell), packed, Durability::unsynced);
}

Result<std::string> RunDir::keep_facts(const PackedFacts& facts) {
  const fs::path file = kernel_facts_path(path_, facts.sha256);
  const std::lock_guard lock(*mutex_);
  if (fs::exists(file)) return facts.sha256;
  std::error_code seen_by_write;
  fs::create_directories(file.parent_path(), seen_by_write);
  if (const Result<> written = write_file(file, facts.gzip); !written) return written.error();
  return facts.sha256;
}

Result<> RunDir::keep_console(const std::string& cell, const std::string& text) {
  return write_file(path_ / "console" / (file_stem(cell) + ".log"), text);
}

fs::path RunDir::console_log(const std::string& kernel_id, int vm_number) const {
  return path_ / "console" / fmt::format("{}-{}.log", kernel_id, vm_number);
}

Result<RunSpec> read_run_spec(const fs::path& run_dir) {
  const fs::path file = run_dir / "run.json";
  const Result<std::string> text = read_file(file, kMaxRunJsonBytes);
  if (!text) return Error{text.error().message, "is this the directory of a run?"};
  const Result<Json> json = parse_json(*text, file.string());
  if (!json) return json.error();
  ObjectReader reader(*json, file.string());
  RunSpec request;
  if (reader.integer("schema") != kRunSchema) reader.fail("schema", "only 1 is known");
  request.matrix.kernels = reader.strings("kernels");
  request.matrix.cases = reader.strings("cases");
  if (const auto names = reader.optional_strings("btf")) {
    const auto sources = parse_btf_sources(*names);
    if (!sources) reader.fail("btf", sources.error().message);
    if (sources) request.matrix.btf = *sources;
  }
  request.matrix.loaders = reader.optional_strings("loaders");
  read_apps(reader, request);
  read_btf_files(reader, request);
  request.objects = reader.strings("objects");
  request.cells = reader.strings("cells");
  read_options(reader, request);
  if (const Result<> read = reader.finish(); !read) return read.error();
  return request;
}

fs::path transcript_path(const fs::path& run_dir, const std::string& cell) {
  return run_dir / "transcripts" / (file_stem(cell) + std::string(kTranscriptEnd));
}

Result<Transcript> read_transcript(const fs::path& run_dir, const std::string& cell) {
  const fs::path file = transcript_path(run_dir, cell);
  const Result<std::string> packed = read_file(file, kMaxPackedBytes);
  if (!packed) return packed.error();
  return unpack_transcript(*packed, file.string());
}

std::vector<std::string> transcribed_cells(const fs::path& run_dir) {
  std::vector<std::string> cells;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(run_dir / "transcripts", ignored)) {
    std::string name = entry.path().filename().string();
    if (!name.ends_with(kTranscriptEnd)) continue;
    name.resize(name.size() - kTranscriptEnd.size());
    std::replace(name.begin(), name.end(), '@', '/');
    cells.push_back(std::move(name));
  }
  std::sort(cells.begin(), cells.end());
  return cells;
}

Result<> replace_outcomes(const fs::path& run_dir, const std::vector<Outcome>& outcomes) {
  const fs::path file = run_dir / "outcomes.jsonl";
  const Result<Fd> lock = open_outcomes(file);
  if (!lock) return lock.error();
  std::string lines;
  for (const Outcome& outcome : outcomes) lines += to_line(outcome) + "\n";
  return write_file(file, lines);
}

}  // namespace bpfmatrix
