#include "run/run_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/file.h"
#include "base/json_fields.h"
#include "base/printable.h"
#include "base/unfinished.h"
#include "outcome/cells.h"
#include "outcome/outcome_fields.h"

namespace bpfmatrix {

constexpr int kRunSchema = 2;

void fields(auto& field, Of<RunOptions> auto& o) {
  field("accel", o.accel, "what --accel said");
  field("cell_timeout_s", o.cell_timeout_s, "seconds that a cell may take");
  field("boot_timeout_s", o.boot_timeout_s, "seconds that a boot may take");
  field("cache", o.cache, "whether outcomes of earlier runs were used");
  field("isolation", o.isolation, "what --isolation said");
  field("cold_check", o.cold_check,
        "one in so many cells was run again in a machine that was booted; 0: none");
}

void fields(auto& field, Of<RunSpec> auto& r) {
  field.constant("schema", kRunSchema, "version of this format");
  field("kernels", r.matrix.kernels, "ids of kernels, or globs");
  field("cases", r.matrix.cases, "ids of cases, globs, or group/*");
  field("btf", r.matrix.btf, "BTF sources; null: what each case says");
  field("loaders", r.matrix.loaders, "loaders; null: what each case says");
  field("apps", r.matrix.apps, "those of the loaders that are applications");
  field("btf_files", r.matrix.btf_files, "BTF that the user handed over");
  field("objects", r.objects, "absolute paths of --object; empty: the suite's cases");
  field("project", left_out_if_none(r.matrix.project), "what the project says of them");
  field("cells", r.cells, "ids of all planned cells");
  field("part_of", left_out_if_none(r.part_of),
        "of a part (--shard): ids of all cells of the whole plan");
  field("options", r.options, "how it was run");
  field("id", left_out_if_none(r.id), "by which it is known wherever it lies");
  field("started", left_out_if_none(r.started), "when it began, in seconds since 1970");
}

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxRunJsonBytes = 128 << 20;
constexpr std::uint64_t kMaxOutcomesBytes = 1ULL << 30;

Error system_error(const fs::path& path) { return file_error(path, errno); }

/// A process that was just killed may hold the lock for a moment longer.
constexpr auto kLockPatience = std::chrono::seconds(2);

Result<Fd> open_outcomes(const fs::path& file) {
  // A FIFO is not waited for: without a reader it does not open (ENXIO).
  Fd fd(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW,
               0644));
  struct stat info {};
  const bool open = fd.valid() && ::fstat(fd.get(), &info) == 0;
  if (open ? !S_ISREG(info.st_mode) : errno == ENXIO) {
    return file_error(file, Error{"not a regular file"});
  }
  if (!open) return system_error(file);
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return system_error(file);
    if (std::chrono::steady_clock::now() >= deadline) {
      return file_error(file.parent_path(), Error{"another process is using it"});
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return fd;
}

/// A link in a run that a stranger made would let us write or remove elsewhere.
Result<> is_no_link(const fs::path& path) {
  std::error_code none;
  if (!fs::is_symlink(path, none)) return {};
  return Error{
      fmt::format("'{}': a symbolic link, which a run has none of", plain_path(path).string()),
      "copy the run with what the link leads to, if you trust it"};
}

/// The bytes up to the end of the last whole line, looked for from the file's end.
Result<off_t> whole_lines(const fs::path& file) {
  const Result<Fd> fd = open_file(file, kMaxOutcomesBytes);
  if (!fd) return fd.error();
  std::array<char, 64 << 10> block{};
  off_t end = ::lseek(fd->get(), 0, SEEK_END);
  while (end > 0) {
    const auto size = std::min<std::size_t>(static_cast<std::size_t>(end), block.size());
    end -= static_cast<off_t>(size);
    const ssize_t n = ::pread(fd->get(), block.data(), size, end);
    if (n < 0) return system_error(file);
    const std::size_t line =
        std::string_view(block.data(), static_cast<std::size_t>(n)).rfind('\n');
    if (line != std::string_view::npos) return end + static_cast<off_t>(line) + 1;
  }
  return off_t{0};
}

/// Cuts off a last line that has no line end: it was being written when the run was killed.
Result<> drop_partial_line(const Fd& fd, const fs::path& file) {
  const Result<off_t> whole = whole_lines(file);
  if (!whole) return whole.error();
  if (::ftruncate(fd.get(), *whole) != 0) return system_error(file);
  return {};
}

Result<> is_free(const fs::path& path) {
  std::error_code seen_by_write;
  if (!fs::exists(path / "run.json", seen_by_write)) return {};
  return Error{fmt::format("'{}': has a run already", path.string()),
               "continue it with --resume, or choose another --out"};
}

constexpr std::string_view kTranscriptEnd = ".json.gz";
constexpr std::uint64_t kMaxPackedBytes = 64 << 20;

/// '@' is in no id.
std::string file_stem(std::string cell) {
  std::replace(cell.begin(), cell.end(), '/', '@');
  return cell;
}

std::string transcript_name(const std::string& cell) {
  return file_stem(cell) + std::string(kTranscriptEnd);
}

}  // namespace

Result<RunFolders> RunFolders::open(const fs::path& path) {
  Result<Folder> run = Folder::open(path);
  if (!run) return std::move(run).error();
  for (const char* file : {"run.json", "outcomes.jsonl"}) {
    if (Result<> own = is_no_link(run->at(file)); !own) return std::move(own).error();
  }
  std::vector<Folder> inner;
  for (const char* name : {"transcripts", "kernels", "console"}) {
    if (Result<> own = is_no_link(run->at(name)); !own) return std::move(own).error();
    Result<Folder> folder = run->inner(name);
    if (!folder) return std::move(folder).error();
    inner.push_back(*std::move(folder));
  }
  return RunFolders{*std::move(run), std::move(inner[0]), std::move(inner[1]), std::move(inner[2])};
}

void RunFolders::remove_half_written() const {
  for (const Folder* folder : {&run, &transcripts, &kernels, &console})
    remove_unfinished(folder->here(), Others::are_locked_out);
}

RunDir::RunDir(fs::path path, RunFolders folders, RunSpec request, Fd outcomes)
    : path_(std::move(path)),
      folders_(std::move(folders)),
      request_(std::move(request)),
      outcomes_(std::move(outcomes)) {}

Result<RunDir> RunDir::create(const fs::path& path, const RunSpec& request) {
  if (Result<> free = is_free(path); !free) return std::move(free).error();
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return file_error(path, error);
  Result<RunFolders> folders = RunFolders::open(path);
  if (!folders) return std::move(folders).error();
  Result<Fd> outcomes = open_outcomes(folders->run.at("outcomes.jsonl"));
  if (!outcomes) return std::move(outcomes).error();
  // Another process may have begun one since; or been killed here before there was one to resume.
  if (Result<> free = is_free(path); !free) return std::move(free).error();
  folders->remove_half_written();
  const Result<> written = write_file(folders->run.at("run.json"), to_text(request));
  if (!written) return written.error();
  return RunDir(path, *std::move(folders), request, *std::move(outcomes));
}

Result<RunDir> RunDir::resume(const fs::path& path) {
  Result<RunSpec> request = read_run_spec(path);
  if (!request) return std::move(request).error();
  Result<RunFolders> folders = RunFolders::open(path);
  if (!folders) return std::move(folders).error();
  const fs::path file = folders->run.at("outcomes.jsonl");
  Result<Fd> fd = open_outcomes(file);
  if (!fd) return std::move(fd).error();
  folders->remove_half_written();
  if (const Result<> dropped = drop_partial_line(*fd, file); !dropped) return dropped.error();
  const auto outcomes = read_cells(path / "outcomes.jsonl");
  if (!outcomes) return outcomes.error();
  RunDir run(path, *std::move(folders), *std::move(request), *std::move(fd));
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
    error.message += fmt::format("; and cannot be shortened: {}", ::strerror(errno));
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
  return write_file(folders_.transcripts.at(transcript_name(cell)), packed);
}

Result<> RunDir::restore_transcript(const std::string& cell, std::string_view packed) {
  return write_file(folders_.transcripts.at(transcript_name(cell)), packed, Durability::unsynced);
}

Result<std::string> RunDir::keep_facts(const PackedFacts& facts) {
  const fs::path file =
      folders_.kernels.at(kernel_facts_path({}, facts.sha256).filename().native());
  const std::lock_guard lock(*mutex_);
  if (fs::exists(file)) return facts.sha256;
  if (const Result<> written = write_file(file, facts.gzip); !written) return written.error();
  return facts.sha256;
}

Result<> RunDir::keep_console(const std::string& cell, const std::string& text) {
  return write_file(folders_.console.at(file_stem(cell) + ".log"), text);
}

fs::path RunDir::console_log(const std::string& kernel_id, int vm_number) const {
  return folders_.console.at(fmt::format("{}-{}.log", kernel_id, vm_number));
}

std::string to_text(const RunSpec& spec) {
  // Paths come back byte by byte.
  return json_text(with_texts(to_json_tree(spec), escape_bytes), 1) + "\n";
}

Result<RunSpec> read_run_spec(const fs::path& run_dir) {
  const fs::path file = run_dir / "run.json";
  const Result<std::string> text = read_file(file, kMaxRunJsonBytes);
  if (!text) return Error{text.error().message, "is this the directory of a run?"};
  const Result<Json> json = parse_json(*text, file.string());
  if (!json) return json.error();
  return from_json<RunSpec>(with_texts(*json, original_bytes), file.string());
}

OrderedJson run_schema() {
  return json_schema<RunSpec>("bpfmatrix run, schema 2: run.json of a run directory",
                              "What a run has to do.");
}

fs::path transcript_path(const fs::path& run_dir, const std::string& cell) {
  return run_dir / "transcripts" / transcript_name(cell);
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
