#include "vm/template.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/file.h"
#include "base/json.h"
#include "base/memory_file.h"
#include "base/sha256.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::uint64_t kMaxRecordBytes = 64 << 10;
/// Seen: 0.4 MiB. More means that QEMU has put RAM into it.
constexpr std::uint64_t kMaxStateBytes = 16 << 20;
/// The name by which QEMU's monitor knows the descriptor of the state.
constexpr std::string_view kStateName = "state";

std::int64_t bytes_of(int memory_mib) { return std::int64_t{memory_mib} << 20; }

struct Record {
  std::string channel{};
  std::string release{};
  std::int64_t ram_bytes = 0;
  std::int64_t ram_changed_ns = 0;
  std::int64_t state_bytes = 0;
  std::string state_sha256{};
};

std::string to_text(const Record& record) {
  const OrderedJson json{{"format", kFormat},
                         {"release", record.release},
                         {"channel", record.channel},
                         {"ram_bytes", record.ram_bytes},
                         {"ram_changed_ns", record.ram_changed_ns},
                         {"state_bytes", record.state_bytes},
                         {"state_sha256", record.state_sha256}};
  return json_text(json, 2) + "\n";
}

Result<Record> read_record(const fs::path& file) {
  const Result<std::string> text = read_file(file, kMaxRecordBytes);
  if (!text) return text.error();
  const Result<Json> json = parse_json(*text, file.string());
  if (!json) return json.error();
  ObjectReader reader(*json, file.string());
  Record record;
  if (reader.integer("format") != kFormat) reader.fail("format", "another version");
  record.release = reader.string("release");
  record.channel = reader.string("channel");
  record.ram_bytes = reader.integer("ram_bytes");
  record.ram_changed_ns = reader.integer("ram_changed_ns");
  record.state_bytes = reader.integer("state_bytes");
  record.state_sha256 = reader.string("state_sha256");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return record;
}

struct FileFacts {
  std::int64_t bytes = 0;
  std::int64_t changed_ns = 0;
};

Result<FileFacts> facts_of(const Fd& fd, const fs::path& path) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return file_error(path, errno);
  constexpr std::int64_t kSecond = 1'000'000'000;
  return FileFacts{info.st_size, info.st_mtim.tv_sec * kSecond + info.st_mtim.tv_nsec};
}

/// Both sides of a migration: what is in a shared file stays there.
Result<> post_ram_stays(Qmp& monitor) {
  if (Result<> opened = monitor.post_open(); !opened) return opened;
  Json list = Json::array();
  for (const char* name : {"x-ignore-shared", "events"}) {
    list.push_back({{"capability", name}, {"state", true}});
  }
  return monitor.post("migrate-set-capabilities", {{"capabilities", list}});
}

/// `command` is migrate or migrate-incoming.
Result<> post_migration(Qmp& monitor, std::string_view command, const Fd& state) {
  if (Result<> given = monitor.post_fd(state, kStateName); !given) return given;
  return monitor.post(command, {{"uri", fmt::format("fd:{}", kStateName)}});
}

Result<> await_migration(Qmp& monitor, Clock::time_point deadline) {
  for (;;) {
    const Result<Json> event = monitor.event("MIGRATION", deadline);
    if (!event) return event.error();
    const std::string status = text_at(*event, "status");
    if (status == "completed") return {};
    if (status == "failed" || status == "cancelled") return Error{"the migration " + status};
  }
}

Result<> tell(Qmp& monitor, std::string_view command, Clock::time_point deadline) {
  const Result<Json> told = monitor.execute(command, Json::object(), deadline);
  return told ? Result<>() : told.error();
}

Result<> save_state(Qmp& monitor, const Fd& state, Clock::time_point deadline) {
  if (Result<> posted = post_ram_stays(monitor); !posted) return posted;
  if (Result<> stopped = tell(monitor, "stop", deadline); !stopped) return stopped;
  if (Result<> posted = post_migration(monitor, "migrate", state); !posted) return posted;
  return await_migration(monitor, deadline);
}

Result<> post_load(Qmp& monitor, const Fd& state) {
  if (Result<> posted = post_ram_stays(monitor); !posted) return posted;
  return post_migration(monitor, "migrate-incoming", state);
}

/// The guest was stopped when it was frozen, and so it is when it is loaded.
Result<> let_run(Qmp& monitor, Clock::time_point deadline) {
  if (Result<> loaded = await_migration(monitor, deadline); !loaded) return loaded;
  return tell(monitor, "cont", deadline);
}

/// Of a machine that is no good, which ends here.
Error end_of(Vm& vm, Error error) {
  error = wrap("clone", std::move(error));
  error.hint = vm.stop(Stop::channel_lost).reason;
  return error;
}

/// After a power cut a record must not describe bytes that never reached the disk.
Result<> sync(const Fd& fd, const fs::path& path) {
  return ::fsync(fd.get()) == 0 ? Result<>() : file_error(path, errno);
}

Result<Record> describe(const Frozen& frozen, const fs::path& folder) {
  const fs::path ram_file = folder / kTemplateRam;
  const fs::path state_file = folder / kTemplateState;
  const Fd ram(::open(ram_file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!ram.valid()) return file_error(ram_file, errno);
  if (Result<> synced = sync(ram, ram_file); !synced) return std::move(synced).error();
  const Result<FileFacts> facts = facts_of(ram, ram_file);
  if (!facts) return facts.error();
  const Result<std::string> state = read_file(state_file, kMaxStateBytes);
  if (!state) return state.error();
  return Record{
      std::string(to_string(frozen.channel)),   frozen.release,    facts->bytes, facts->changed_ns,
      static_cast<std::int64_t>(state->size()), sha256_hex(*state)};
}

/// The same file with a position of its own, at the beginning.
Fd reopen(const Fd& fd) {
  return Fd(::open(fmt::format("/proc/self/fd/{}", fd.get()).c_str(), O_RDONLY | O_CLOEXEC));
}

Result<Fd> load_checked_state(const fs::path& file, const Record& record) {
  const Result<std::string> state = read_file(file, kMaxStateBytes);
  if (!state) return state.error();
  if (static_cast<std::int64_t>(state->size()) != record.state_bytes ||
      sha256_hex(*state) != record.state_sha256) {
    return Error{fmt::format("'{}': changed since it was frozen", file.string())};
  }
  // What was checked is what is used, whatever happens to the file.
  return make_memory_file("bpfmatrix-state", *state);
}

}  // namespace

Result<Fd> make_template_ram(const fs::path& folder, int memory_mib) {
  const fs::path file = folder / kTemplateRam;
  Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid() || ::ftruncate(fd.get(), bytes_of(memory_mib)) != 0)
    return file_error(file, errno);
  return fd;
}

Result<std::string> template_release(const fs::path& folder) {
  Result<Record> record = read_record(folder / kTemplateRecord);
  return record ? Result<std::string>(record->release) : std::move(record).error();
}

Result<> freeze(Vm vm, const Frozen& frozen, const fs::path& folder, Clock::time_point deadline) {
  const fs::path file = folder / kTemplateState;
  const Fd state(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!state.valid()) return file_error(file, errno);
  if (Result<> saved = save_state(vm.monitor(), state, deadline); !saved) {
    return wrap("freeze", std::move(saved).error());
  }
  vm.stop(Stop::finished);
  if (Result<> synced = sync(state, file); !synced) return synced;
  const Result<Record> record = describe(frozen, folder);
  return record ? write_file(folder / kTemplateRecord, to_text(*record)) : record.error();
}

Result<Template> Template::open(const fs::path& folder, const VmSpec& spec) {
  const Result<Record> record = read_record(folder / kTemplateRecord);
  if (!record) return record.error();
  const auto channel = parse_word<ChannelKind>(record->channel);
  if (!channel) return Error{fmt::format("'{}': unknown channel", folder.string())};
  Result<Fd> state = load_checked_state(folder / kTemplateState, *record);
  if (!state) return std::move(state).error();
  const fs::path ram = folder / kTemplateRam;
  Template made;
  made.spec_ = spec;
  made.spec_.ram = Ram::clone;
  made.frozen_ = {*channel, record->release};
  made.state_ = *std::move(state);
  made.ram_ = Fd(::open(ram.c_str(), O_RDWR | O_CLOEXEC));
  if (!made.ram_.valid()) return file_error(ram, errno);
  made.ram_bytes_ = record->ram_bytes;
  made.ram_changed_ns_ = record->ram_changed_ns;
  if (Result<> same = made.check_ram(); !same) return wrap(ram.string(), std::move(same).error());
  return made;
}

Result<> Template::check_ram() const {
  const Result<FileFacts> facts = facts_of(ram_, kTemplateRam);
  if (!facts) return facts.error();
  if (facts->bytes == ram_bytes_ && facts->bytes == bytes_of(spec_.memory_mib) &&
      facts->changed_ns == ram_changed_ns_) {
    return {};
  }
  return Error{"the template's RAM changed since it was frozen"};
}

Result<Vm> Template::start(const fs::path& console_log) const {
  if (Result<> same = check_ram(); !same) return std::move(same).error();
  VmSpec spec = spec_;
  spec.console_log = console_log;
  const Fd state = reopen(state_);
  if (!state.valid()) return file_error("template's state", errno);
  Result<Vm> vm = Vm::start(spec, ram_);
  if (!vm) return vm;
  Result<> posted = post_load(vm->monitor(), state);
  return posted ? std::move(vm) : Result<Vm>(end_of(*vm, std::move(posted).error()));
}

Result<> Template::wake(Vm& vm, Clock::time_point deadline) const {
  Result<> runs = let_run(vm.monitor(), deadline);
  if (runs) runs = check_ram();  // once more: the machine may have waited for long
  return runs ? runs : Result<>(end_of(vm, std::move(runs).error()));
}

Result<Vm> Template::clone(const fs::path& console_log, Clock::time_point deadline) const {
  Result<Vm> vm = start(console_log);
  if (!vm) return vm;
  Result<> woken = wake(*vm, deadline);
  return woken ? std::move(vm) : Result<Vm>(std::move(woken).error());
}

}  // namespace bpfmatrix
