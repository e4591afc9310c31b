#include "run/machines/template_maker.h"

#include <fmt/format.h>

#include <system_error>
#include <thread>
#include <tuple>

#include "base/file.h"
#include "run/machines/clone.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr auto kFirstCloneTimeout = std::chrono::seconds(20);
/// For what the guest still has to do when the agent is parked, once, and not in every clone anew.
constexpr auto kSettle = std::chrono::milliseconds(500);
constexpr std::size_t kMaxUuid = 100;
constexpr std::uint64_t kMaxTemplateFileBytes = 64 << 20;
constexpr std::uintmax_t kNoRoom = 1 << 20;
constexpr const char* kUuid = "/proc/sys/kernel/random/uuid";

/// Loads the modules that wait for the first program, and has one run. Not a BPF program: the seed
/// of bpf_get_prandom_u32 is drawn when the first of them is loaded, and a clone's must be its own.
Result<> warm_up(Session& session, Clock::time_point deadline) {
  const RunRequest nothing{.argv = {std::string(kAgentProgram), std::string(kEndAtOnce)},
                           .deadline_ms = 30'000};
  const Result<Exited> exited = session.run(nothing, "", {}, deadline);
  if (!exited) return exited.error();
  if (exited->code == 0) return {};
  return Error{"the warm-up failed"};
}

Result<> put_files(Session& session, const TemplateRequest& request, Clock::time_point deadline) {
  for (const TemplateFile& file : request.files) {
    const Result<std::string> bytes = read_file(file.file, kMaxTemplateFileBytes);
    if (!bytes) return bytes.error();
    if (Result<> put = session.put_file(file.guest_path, *bytes, 0644, deadline); !put) return put;
  }
  return {};
}

Result<> wake(Session& session, Clock::time_point deadline) {
  Result<> sent = session.refresh(refresh_now(), deadline);
  return sent ? session.open(deadline) : sent;
}

Result<GuestIdentity> identify(Session& session, const TemplateRequest& request) {
  GuestIdentity identity{session.hello(), ""};
  if (!request.question) return identity;
  Result<std::string> answer = request.question(session);
  if (!answer) return std::move(answer).error();
  identity.answer = *std::move(answer);
  return identity;
}

/// A machine whose memory is a file ends with a bus error when the disk is full.
bool is_full(const fs::path& folder) {
  std::error_code error;
  const fs::space_info room = fs::space(folder, error);
  return !error && room.available < kNoRoom;
}

Result<GuestIdentity> boot_and_freeze(const TemplateRequest& request, const fs::path& folder) {
  const Clock::time_point deadline = Clock::now() + request.boot_timeout;
  VmSpec spec = request.key.spec;
  spec.ram = Ram::to_freeze;
  const Result<Fd> ram = make_template_ram(folder, spec.memory_mib);
  if (!ram) return ram.error();
  Result<Vm> vm = Vm::start(spec, *ram);
  if (!vm) return std::move(vm).error();
  const Result<Channel*> channel = vm->connect(deadline);
  Result<GuestIdentity> identity = channel ? prepare_guest(**channel, request, deadline)
                                           : Result<GuestIdentity>(channel.error());
  if (!identity) {
    const VmExit exit = vm->stop(Stop::channel_lost, identity.error().message);
    if (is_full(folder)) return Error{fmt::format("'{}': no space left", folder.string())};
    return Error{fmt::format("boot: {}: {}", to_string(exit.end), exit.reason)};
  }
  std::this_thread::sleep_for(kSettle);
  const Frozen frozen{vm->channel_kind(), identity->hello.release};
  const Result<> done = freeze(*std::move(vm), frozen, folder, deadline);
  return done ? std::move(identity) : Result<GuestIdentity>(done.error());
}

/// Error: the clone is not the machine that was booted. Else a number that the guest's generator
/// drew.
Result<std::string> check_clone(const Template& made, const TemplateRequest& request,
                                const GuestIdentity& booted) {
  const Clock::time_point deadline = Clock::now() + kFirstCloneTimeout;
  Result<GuestClone> clone = clone_guest(made, "", deadline);
  if (!clone) return std::move(clone).error();
  Session& session = *clone->session;
  const Result<std::string> uuid = session.read_file(kUuid, kMaxUuid, deadline);
  if (!uuid) return uuid.error();
  const Result<GuestIdentity> identity = identify(session, request);
  if (!identity) return identity.error();
  if (!(*identity == booted)) return Error{"a clone differs from the booted machine"};
  return *uuid;
}

Result<> ask_approval(const Template& made, const TemplateRequest& request) {
  if (!request.approve) return {};
  Result<GuestClone> clone = clone_guest(made, "", Clock::now() + kFirstCloneTimeout);
  return clone ? request.approve(*clone->session) : Result<>(std::move(clone).error());
}

Result<> check(const Template& made, const TemplateRequest& request, const GuestIdentity& booted) {
  const Result<std::string> one = check_clone(made, request, booted);
  if (!one) return one.error();
  const Result<std::string> other = check_clone(made, request, booted);
  if (!other) return other.error();
  if (*one == *other) {
    return Error{"two clones draw the same random numbers: this kernel cannot reseed"};
  }
  return ask_approval(made, request);
}

}  // namespace

bool operator==(const GuestIdentity& a, const GuestIdentity& b) {
  const auto facts = [](const GuestIdentity& i) {
    return std::tie(i.hello.agent_version, i.hello.release, i.hello.arch, i.hello.kernel_cmdline,
                    i.hello.channel, i.hello.btf_bytes, i.hello.notes, i.answer);
  };
  return facts(a) == facts(b);
}

Result<GuestIdentity> prepare_guest(Channel& channel, const TemplateRequest& request,
                                    Clock::time_point deadline) {
  Session session(channel);
  if (Result<> opened = session.open(deadline); !opened) return std::move(opened).error();
  if (Result<> warm = warm_up(session, deadline); !warm) return std::move(warm).error();
  if (Result<> put = put_files(session, request, deadline); !put) return std::move(put).error();
  // Parked and refreshed once by itself, so that it says hello with everything loaded, as its
  // clones will.
  if (Result<> parked = session.park({}, deadline); !parked) return std::move(parked).error();
  if (Result<> woken = wake(session, deadline); !woken) return std::move(woken).error();
  Result<GuestIdentity> identity = identify(session, request);
  if (!identity) return identity;
  if (Result<> parked = session.park({request.standby}, deadline); !parked) {
    return std::move(parked).error();
  }
  return identity;
}

Result<Template> make_template(const TemplateRequest& request, const fs::path& folder) {
  const Result<GuestIdentity> booted = boot_and_freeze(request, folder);
  if (!booted) return booted.error();
  Result<Template> made = Template::open(folder, request.key.spec);
  if (!made) return made;
  const Result<> good = check(*made, request, *booted);
  return good ? std::move(made) : Result<Template>(good.error());
}

}  // namespace bpfmatrix
