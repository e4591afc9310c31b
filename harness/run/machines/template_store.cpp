#include "run/machines/template_store.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <tuple>

#include "base/child_process.h"
#include "base/file.h"
#include "base/sha256.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// Counts what is done to a machine before it is frozen.
constexpr int kRecipe = 2;
constexpr std::string_view kUnfinished = ".new";
constexpr auto kCloneTimeout = std::chrono::seconds(20);
/// For what the guest still has to do when the agent is parked, once, and not in every clone anew.
constexpr auto kSettle = std::chrono::milliseconds(500);
constexpr std::size_t kMaxUuid = 100;
constexpr std::uint64_t kMaxFileBytes = 64 << 20;
constexpr std::uintmax_t kNoRoom = 1 << 20;
constexpr const char* kUuid = "/proc/sys/kernel/random/uuid";

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

/// With KVM the guest sees the host's processor, and the host's kernel is part of the machine.
std::string host_processor(Accel accel) {
  if (accel == Accel::tcg) return "";
  utsname names{};
  ::uname(&names);
  const Result<std::string> text = read_file("/proc/cpuinfo", 4 << 20);
  const std::string_view first = text ? std::string_view(*text).substr(0, text->find("\n\n")) : "";
  std::string lines;
  for (std::size_t at = 0; at < first.size();) {
    const std::string line = first_line(first.substr(at));
    at += line.size() + 1;
    if (line.find("MHz") == line.npos && line.find("bogomips") == line.npos) lines += line + "\n";
  }
  return fmt::format("{}\n{}", names.release, lines);
}

std::string random_bytes() {
  std::string bytes(kRefreshBytes, '\0');
  // Up to 256 bytes come whole or not at all, and a host that is up has them.
  const ssize_t n = ::getrandom(bytes.data(), bytes.size(), 0);
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return bytes;
}

Refresh refresh_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return {std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec, random_bytes()};
}

Result<> put_files(Session& session, const TemplateRequest& request, Clock::time_point deadline) {
  for (const TemplateFile& file : request.files) {
    const Result<std::string> bytes = read_file(file.file, kMaxFileBytes);
    if (!bytes) return bytes.error();
    if (Result<> put = session.put_file(file.guest_path, *bytes, 0644, deadline); !put) return put;
  }
  return {};
}

Result<> wake(Session& session, Clock::time_point deadline) {
  Result<> sent = session.refresh(refresh_now(), deadline);
  return sent ? session.open(deadline) : sent;
}

/// Loads the modules that wait for the first program, and has one run. Not a BPF program: the seed
/// of bpf_get_prandom_u32 is drawn when the first of them is loaded, and a clone's must be its own.
Result<> warm_up(Session& session, Clock::time_point deadline) {
  const RunRequest nothing{.argv = {std::string(kAgentProgram), std::string(kEndAtOnce)},
                           .deadline_ms = 30'000};
  const Result<Exited> exited = session.run(nothing, "", {}, deadline);
  if (!exited) return exited.error();
  if (exited->code == 0) return {};
  return Error{"the warm-up did not end well"};
}

/// What must be the same in the booted machine and in a clone.
struct Identity {
  Hello hello{};
  std::string witness{};

  friend bool operator==(const Identity& a, const Identity& b) {
    const auto facts = [](const Identity& i) {
      return std::tie(i.hello.agent_version, i.hello.release, i.hello.arch, i.hello.kernel_cmdline,
                      i.hello.channel, i.hello.btf_bytes, i.hello.notes, i.witness);
    };
    return facts(a) == facts(b);
  }
};

Result<Identity> identify(Session& session, const TemplateRequest& request) {
  Identity identity{session.hello(), ""};
  if (!request.witness) return identity;
  Result<std::string> said = request.witness(session);
  if (!said) return std::move(said).error();
  identity.witness = *std::move(said);
  return identity;
}

/// From hello to parked, and what the machine is. It is parked and refreshed once by itself first,
/// so that it says hello with everything loaded, as its clones will.
Result<Identity> prepare(Channel& channel, const TemplateRequest& request,
                         Clock::time_point deadline) {
  Session session(channel);
  if (Result<> opened = session.open(deadline); !opened) return std::move(opened).error();
  if (Result<> warm = warm_up(session, deadline); !warm) return std::move(warm).error();
  if (Result<> put = put_files(session, request, deadline); !put) return std::move(put).error();
  if (Result<> parked = session.park({}, deadline); !parked) return std::move(parked).error();
  if (Result<> woken = wake(session, deadline); !woken) return std::move(woken).error();
  Result<Identity> identity = identify(session, request);
  if (!identity) return identity;
  if (Result<> parked = session.park({request.standby}, deadline); !parked) {
    return std::move(parked).error();
  }
  return identity;
}

/// A machine whose memory is a file ends with a bus error when the disk is full.
bool is_full(const fs::path& folder) {
  std::error_code error;
  const fs::space_info room = fs::space(folder, error);
  return !error && room.available < kNoRoom;
}

/// Boots in `folder` and leaves a template there.
Result<Identity> boot_and_freeze(const TemplateRequest& request, const fs::path& folder) {
  const Clock::time_point deadline = Clock::now() + request.boot_timeout;
  VmSpec spec = request.key.spec;
  spec.ram = Ram::to_freeze;
  const Result<Fd> ram = make_template_ram(folder, spec.memory_mib);
  if (!ram) return ram.error();
  Result<Vm> vm = Vm::start(spec, *ram);
  if (!vm) return std::move(vm).error();
  const Result<Channel*> channel = vm->connect(deadline);
  Result<Identity> identity =
      channel ? prepare(**channel, request, deadline) : Result<Identity>(channel.error());
  if (!identity) {
    const VmExit exit = vm->stop(Stop::channel_lost, identity.error().message);
    if (is_full(folder)) return Error{fmt::format("'{}': no space left", folder.string())};
    return Error{fmt::format("boot: {}: {}", to_string(exit.end), exit.reason)};
  }
  std::this_thread::sleep_for(kSettle);
  const Frozen frozen{vm->channel_kind(), identity->hello.release};
  const Result<> done = freeze(*std::move(vm), frozen, folder, deadline);
  return done ? std::move(identity) : Result<Identity>(done.error());
}

/// Error: the clone is not the machine that was booted. Else a number that the guest's generator
/// drew.
Result<std::string> check_clone(const Template& made, const TemplateRequest& request,
                                const Identity& booted) {
  const Clock::time_point deadline = Clock::now() + kCloneTimeout;
  Result<GuestClone> clone = clone_guest(made, "", deadline);
  if (!clone) return std::move(clone).error();
  Session& session = *clone->session;
  const Result<std::string> uuid = session.read_file(kUuid, kMaxUuid, deadline);
  if (!uuid) return uuid.error();
  const Result<Identity> identity = identify(session, request);
  if (!identity) return identity.error();
  if (!(*identity == booted)) return Error{"a clone is not what the booted machine was"};
  return *uuid;
}

Result<> ask_approval(const Template& made, const TemplateRequest& request) {
  if (!request.approve) return {};
  Result<GuestClone> clone = clone_guest(made, "", Clock::now() + kCloneTimeout);
  return clone ? request.approve(*clone->session) : Result<>(std::move(clone).error());
}

Result<> check(const Template& made, const TemplateRequest& request, const Identity& booted) {
  const Result<std::string> one = check_clone(made, request, booted);
  if (!one) return one.error();
  const Result<std::string> other = check_clone(made, request, booted);
  if (!other) return other.error();
  if (*one == *other) {
    return Error{"two clones draw the same random numbers: this kernel cannot be told to reseed"};
  }
  return ask_approval(made, request);
}

/// The record's time of change says when the template was last used.
void mark_used(const fs::path& folder) {
  std::error_code ignored;
  fs::last_write_time(folder / kTemplateRecord, fs::file_time_type::clock::now(), ignored);
}

TemplateEntry entry_of(const fs::path& folder) {
  std::error_code error;
  const Result<std::string> release = template_release(folder);
  TemplateEntry entry{
      folder.filename().string(), release ? *release : "", bytes_on_disk(folder), {}};
  entry.last_use = fs::last_write_time(folder / kTemplateRecord, error);
  if (error) entry.last_use = fs::last_write_time(folder, error);
  return entry;
}

/// The record first: what is left if we die half way is no template.
void remove_template(const fs::path& folder) {
  std::error_code ignored;
  fs::remove(folder / kTemplateRecord, ignored);
  fs::remove_all(folder, ignored);
}

std::string lock_name(std::string_view key) { return fmt::format("template-{}", key); }

Result<QemuBuild> ask_qemu(const fs::path& program) {
  const Result<CommandOutput> said =
      run_command({.argv = {program.string(), "--version"}}, std::chrono::seconds(10));
  if (!said) return said.error();
  Result<std::string> hash = sha256_file(program);
  if (!hash) return std::move(hash).error();
  return QemuBuild{first_line(said->out), *std::move(hash)};
}

}  // namespace

Result<QemuBuild> qemu_build(Arch arch) {
  const std::string program = qemu_program(arch);
  const auto path = find_program(program);
  if (!path) return Error{fmt::format("'{}': no such program in PATH", program)};
  static std::mutex mutex;
  static std::map<fs::path, QemuBuild> known;
  const std::lock_guard lock(mutex);
  const auto found = known.find(*path);
  if (found != known.end()) return found->second;
  Result<QemuBuild> asked = ask_qemu(*path);
  return asked ? Result<QemuBuild>(known.emplace(*path, *std::move(asked)).first->second) : asked;
}

std::string to_string(const TemplateKey& key) {
  VmSpec spec = key.spec;
  spec.ram = Ram::to_freeze;
  spec.kernel = key.image_sha256;  // in place of the path, which does not count
  spec.initramfs = key.initramfs_sha256;
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", kRecipe, shell_quote(qemu_argv(spec)),
                                key.qemu.version, key.qemu.sha256, host_processor(spec.accel),
                                key.files));
}

Result<GuestClone> clone_guest(const Template& from, const fs::path& console_log,
                               Clock::time_point deadline) {
  Result<Vm> vm = from.start(console_log);
  return vm ? clone_guest(from, *std::move(vm), deadline)
            : Result<GuestClone>(std::move(vm).error());
}

Result<GuestClone> clone_guest(const Template& from, Vm started, Clock::time_point deadline) {
  if (Result<> woken = from.wake(started, deadline); !woken) return std::move(woken).error();
  auto session = std::make_unique<Session>(started.channel(from.channel()));
  Result<> answered = session->refresh(refresh_now(), deadline);
  if (answered) {
    const Result<Channel*> spoke = started.connect(deadline);
    answered = spoke ? session->open(deadline) : Result<>(spoke.error());
  }
  if (answered) return GuestClone{std::move(started), std::move(session)};
  const Stop why = Clock::now() < deadline ? Stop::channel_lost : Stop::deadline;
  const VmExit exit = started.stop(why, answered.error().message);
  return Error{fmt::format("clone: {}: {}", to_string(exit.end), exit.reason)};
}

fs::path TemplateStore::folder(std::string_view key) const {
  return store_.root() / "templates" / key;
}

fs::path TemplateStore::unfinished(std::string_view key) const {
  return folder(std::string(key) + std::string(kUnfinished));
}

Result<Template> TemplateStore::get(const TemplateRequest& request) const {
  if (Result<Template> there = find(request.key); there) return there;
  if (Result<> prepared = store_.prepare(); !prepared) return std::move(prepared).error();
  const std::string key = to_string(request.key);
  const Result<StoreLock> lock =
      store_.lock(lock_name(key), 2 * request.boot_timeout, request.on_wait);
  if (!lock) return wrap("template", lock.error());
  if (Result<Template> there = find(request.key); there) return there;
  Result<Template> made = make(request);
  if (!made) return wrap("template", std::move(made).error());
  return made;
}

Result<Template> TemplateStore::find(const TemplateKey& key) const {
  const fs::path there = folder(to_string(key));
  Result<Template> found = Template::open(there, key.spec);
  if (found) mark_used(there);
  return found;
}

Result<Template> TemplateStore::make(const TemplateRequest& request) const {
  const std::string key = to_string(request.key);
  const fs::path fresh = unfinished(key);
  std::error_code error;
  fs::remove_all(fresh, error);
  fs::create_directories(fresh, error);
  if (error) return Error{fmt::format("'{}': {}", fresh.string(), error.message())};
  Result<Identity> booted = boot_and_freeze(request, fresh);
  Result<Template> made =
      booted ? Template::open(fresh, request.key.spec) : Result<Template>(booted.error());
  if (made) {
    if (Result<> good = check(*made, request, *booted); !good) made = std::move(good).error();
  }
  if (made) {
    if (Result<> published = publish(key); !published) made = std::move(published).error();
  }
  if (!made) fs::remove_all(fresh, error);
  return made;
}

/// The lock is held. A damaged one may be in the way.
Result<> TemplateStore::publish(std::string_view key) const {
  remove_template(folder(key));
  std::error_code error;
  fs::rename(unfinished(key), folder(key), error);
  if (error) return Error{fmt::format("'{}': {}", folder(key).string(), error.message())};
  return {};
}

Result<> TemplateStore::discard(const TemplateKey& key) const {
  const std::string name = to_string(key);
  if (remove(name)) return {};
  return Error{fmt::format("template '{}': another process is making it", name)};
}

bool TemplateStore::remove(std::string_view key, Collect what) const {
  const Result<StoreLock> lock = store_.lock(lock_name(key), std::chrono::milliseconds(0), {});
  if (!lock) return false;
  if (what == Collect::only_look) return true;
  remove_template(unfinished(key));
  remove_template(folder(key));
  return true;
}

std::vector<std::string> TemplateStore::abandoned() const {
  std::vector<std::string> keys;
  std::error_code error;
  for (fs::directory_iterator at(store_.root() / "templates", error), end; !error && at != end;
       at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.ends_with(kUnfinished))
      keys.push_back(name.substr(0, name.size() - kUnfinished.size()));
  }
  return keys;
}

std::vector<TemplateEntry> TemplateStore::list() const {
  std::vector<TemplateEntry> entries;
  std::error_code error;
  for (fs::directory_iterator at(store_.root() / "templates", error), end; !error && at != end;
       at.increment(error)) {
    if (is_sha256(at->path().filename().string())) entries.push_back(entry_of(at->path()));
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.last_use > b.last_use; });
  return entries;
}

std::vector<TemplateEntry> TemplateStore::gc(const TemplateLimits& limits) const {
  std::vector<TemplateEntry> removed;
  for (const std::string& key : abandoned()) {
    const Result<StoreLock> lock = store_.lock(lock_name(key), std::chrono::milliseconds(0), {});
    if (lock && limits.what == Collect::remove) remove_template(unfinished(key));
  }
  const auto oldest = fs::file_time_type::clock::now() - limits.max_age;
  std::uint64_t bytes = 0;
  for (TemplateEntry& entry : list()) {
    bytes += entry.bytes;
    const bool stays =
        !entry.release.empty() && entry.last_use >= oldest && bytes <= limits.max_bytes;
    if (stays || !remove(entry.key, limits.what)) continue;
    bytes -= entry.bytes;
    removed.push_back(std::move(entry));
  }
  return removed;
}

}  // namespace bpfmatrix
