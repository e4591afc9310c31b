#include "guest/agent/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "base/file.h"
#include "guest/agent/cell.h"
#include "guest/agent/init.h"
#include "guest/agent/kernel_setup.h"
#include "guest/agent/privileges.h"
#include "guest/agent/refresh.h"
#include "guest/agent/trigger.h"
#include "guest/common/system.h"

namespace bpfmatrix::guest {

namespace {

namespace fs = std::filesystem;

constexpr const char* kBtf = "/sys/kernel/btf/vmlinux";
constexpr const char* kAgentVersion = BPFMATRIX_VERSION;
/// No path that a kernel takes is longer.
constexpr std::int64_t kMaxTargetBytes = 4096;
constexpr std::size_t kPipeBlock = std::size_t{64} << 10;

Fd watch_children() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  return Fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

/// No part of it is empty, "." or "..".
bool is_normal(std::string_view path) {
  while (!path.empty()) {
    if (path.front() != '/') return false;
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    path.remove_prefix(part.size());
  }
  return true;
}

bool is_ours(std::string_view path) {
  return path.starts_with(kGuestDirectory) && path.substr(kGuestDirectory.size()).starts_with('/');
}

/// What is there already is replaced in our own folder only.
Fd open_new(const PutFile& request) {
  const int existing = is_ours(request.path) ? O_TRUNC : O_EXCL;
  return Fd(::open(request.path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | existing,
                   static_cast<mode_t>(request.mode)));
}

bool is_link(const PutFile& request) {
  return S_ISLNK(static_cast<mode_t>(request.mode)) && request.bytes <= kMaxTargetBytes;
}

/// What has no bytes of its own, or is not there before they have come.
Result<Fd> create_other(const PutFile& request) {
  std::error_code error;
  const fs::path path = request.path;
  fs::create_directories(is_link(request) ? path.parent_path() : path, error);
  if (error) return Error{fmt::format("'{}': {}", request.path, error.message())};
  return Fd();
}

Result<> make_link(const PutFile& request, const std::string& target) {
  if (::symlink(target.c_str(), request.path.c_str()) == 0) return {};
  return Error{system_note(request.path)};
}

Result<Fd> create_file(const PutFile& request) {
  if (request.path.empty() || !is_normal(request.path))
    return Error{fmt::format("'{}': not an absolute path without . and ..", request.path)};
  if (is_link(request) || S_ISDIR(static_cast<mode_t>(request.mode))) return create_other(request);
  Fd fd = open_new(request);
  if (!fd.valid() && errno == ENOENT) {
    std::error_code error;
    fs::create_directories(fs::path(request.path).parent_path(), error);
    fd = open_new(request);
  }
  if (!fd.valid() || ::fchmod(fd.get(), static_cast<mode_t>(request.mode)) != 0) {
    return Error{system_note(request.path)};
  }
  return fd;
}

/// Up to `bytes` from a file, fewer at its end only: sysfs gives a page at a time. Nothing on
/// error.
std::optional<std::string> read_block(const Fd& fd, std::size_t bytes) {
  std::string block(bytes, '\0');
  std::size_t filled = 0;
  while (filled < bytes) {
    const ssize_t n = ::read(fd.get(), block.data() + filled, bytes - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  block.resize(filled);
  return block;
}

std::string kernel_cmdline() {
  Result<std::string> text = read_file("/proc/cmdline", 4096);
  if (!text) return {};
  while (text->ends_with('\n')) text->pop_back();
  return *std::move(text);
}

}  // namespace

Server::Server(Wire wire, std::vector<std::string> notes)
    : wire_(std::move(wire)), notes_(std::move(notes)), child_signals_(watch_children()) {}

Hello Server::hello() const {
  utsname name{};
  ::uname(&name);
  Hello hello{kAgentVersion, name.release, name.machine, uptime_ms()};
  hello.kernel_cmdline = kernel_cmdline();
  hello.channel = wire_.kind();
  struct stat btf {};
  if (::stat(kBtf, &btf) == 0) hello.btf_bytes = btf.st_size;
  hello.notes = notes_;
  hello.notes.insert(hello.notes.end(), refresh_notes_.begin(), refresh_notes_.end());
  return hello;
}

Result<> Server::serve() {
  if (Result<> sent = wire_.send(to_frame(hello())); !sent) return sent;
  while (!shut_down_) {
    if (Result<> waited = wait(); !waited) return waited;
    if (Result<> taken = take_frames(); !taken) return taken;
    if (!running_) continue;
    feed_input();
    if (Result<> passed = pass_on_all(); !passed) return passed;
    reap();
    if (!running_->reaped && uptime_ms() >= running_->deadline_ms) {
      running_->exited.timed_out = true;
      running_->reaped = true;
    }
    if (running_->reaped) {
      if (Result<> finished = finish_run(); !finished) return finished;
    }
  }
  return {};
}

Result<> Server::wait() {
  std::array<pollfd, 5> fds{pollfd{wire_.fd(), POLLIN, 0}, pollfd{child_signals_.get(), POLLIN, 0},
                            pollfd{-1, POLLIN, 0}, pollfd{-1, POLLIN, 0}, pollfd{-1, POLLOUT, 0}};
  int timeout = -1;
  if (running_) {
    fds[2].fd = running_->child.out.get();
    fds[3].fd = running_->child.err.get();
    if (!running_->input.empty()) fds[4].fd = running_->child.in.get();
    const std::int64_t left = running_->deadline_ms - uptime_ms();
    timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }
  if (::poll(fds.data(), fds.size(), timeout) < 0 && errno != EINTR) {
    return Error{system_note("poll")};
  }
  if (fds[0].revents == 0) return {};
  return wire_.take();
}

Result<> Server::take_frames() {
  for (;;) {
    const Result<std::optional<Frame>> frame = wire_.next();
    if (!frame) return frame.error();
    if (!*frame) return {};
    if (Result<> handled = handle(**frame); !handled) return handled;
  }
}

Result<> Server::handle(const Frame& frame) {
  if (parked_ != (frame.type == FrameType::refresh)) {
    return Error{fmt::format("the host sent a '{}' frame to {} agent", to_string(frame.type),
                             parked_ ? "a parked" : "an unparked")};
  }
  switch (frame.type) {
    case FrameType::put_file:
      return handle_put(frame);
    case FrameType::file_chunk:
      return handle_chunk(frame);
    case FrameType::read_file:
      return handle_read(frame);
    case FrameType::run:
      return handle_run(frame);
    case FrameType::input:
      return handle_input(frame);
    case FrameType::write:
      return handle_write(frame);
    case FrameType::trigger:
      return handle_trigger(frame);
    case FrameType::take_inventory:
      return handle_take_inventory();
    case FrameType::park:
      return handle_park(frame);
    case FrameType::refresh:
      return handle_refresh(frame);
    case FrameType::shutdown:
      shut_down_ = true;
      return wire_.send(Frame{FrameType::done});
    case FrameType::hello:
    case FrameType::stored:
    case FrameType::file_end:
    case FrameType::out:
    case FrameType::err:
    case FrameType::exited:
    case FrameType::done:
    case FrameType::triggered:
    case FrameType::inventory:
    case FrameType::failed:
      break;
  }
  return Error{fmt::format("the host sent a '{}' frame", to_string(frame.type))};
}

Result<> Server::fail(const std::string& message) { return wire_.send(to_frame(Failed{message})); }

Result<> Server::handle_put(const Frame& frame) {
  Result<PutFile> request = from_frame<PutFile>(frame);
  if (!request) return std::move(request).error();
  if (upload_) return Error{"a file within a file"};
  upload_ = Upload{*std::move(request)};
  Result<Fd> fd = create_file(upload_->request);
  if (fd) {
    upload_->fd = *std::move(fd);
  } else {
    upload_->problem = fd.error().message;
  }
  return finish_upload();
}

Result<> Server::handle_chunk(const Frame& frame) {
  if (!upload_) return Error{"a piece of no file"};
  upload_->bytes += static_cast<std::int64_t>(frame.blob.size());
  upload_->crc = crc32c(frame.blob, upload_->crc);
  if (upload_->problem.empty()) store_chunk(frame.blob);
  return finish_upload();
}

void Server::store_chunk(const std::string& bytes) {
  if (is_link(upload_->request)) {
    upload_->target += bytes;
  } else if (!write_all(upload_->fd, bytes)) {
    upload_->problem = system_note(upload_->request.path);
  }
}

Result<> Server::finish_upload() {
  if (upload_->bytes < upload_->request.bytes) return {};
  Upload upload = *std::exchange(upload_, std::nullopt);
  if (upload.problem.empty() && is_link(upload.request)) {
    if (const Result<> made = make_link(upload.request, upload.target); !made)
      upload.problem = made.error().message;
  }
  if (!upload.problem.empty()) return fail(upload.problem);
  return wire_.send(to_frame(Stored{upload.bytes, upload.crc}));
}

Result<> Server::handle_read(const Frame& frame) {
  const Result<ReadFile> request = from_frame<ReadFile>(frame);
  if (!request) return request.error();
  const Fd fd(::open(request->path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return fail(system_note(request->path));
  FileEnd end;
  for (;;) {
    // One byte more than requested shows whether there is more.
    const std::int64_t left = request->max_bytes - end.bytes;
    const auto wanted = static_cast<std::size_t>(std::clamp<std::int64_t>(left, 1, kChunkBytes));
    std::optional<std::string> block = read_block(fd, wanted);
    if (!block) return fail(system_note(request->path));
    end.truncated = !block->empty() && left <= 0;
    if (block->empty() || left <= 0) return wire_.send(to_frame(end));
    end.bytes += static_cast<std::int64_t>(block->size());
    const Frame chunk{FrameType::file_chunk, Json::object(), *std::move(block)};
    if (Result<> sent = wire_.send(chunk); !sent) return sent;
  }
}

Result<> Server::handle_run(const Frame& frame) {
  const Result<RunRequest> request = from_frame<RunRequest>(frame);
  if (!request) return request.error();
  if (running_) return Error{"a program within a program"};
  if (!later_modules_loaded_) {
    later_modules_loaded_ = true;
    load_modules(ModuleGroup::later, notes_);
  }
  if (!request->last && !tools_) tools_ = Tools::read();
  if (tools_ && !request->argv.empty()) {
    if (const Result<> same = tools_->check(request->argv[0]); !same) {
      return fail(same.error().message);
    }
  }
  std::optional<bool> memlock_counted;
  if (request->memlock_bytes) {
    memlock_counted = memlock_is_counted();
    marks_.reset();
  }
  if (!request->lockdown.empty()) {
    if (const Result<> down = lock_kernel_down(request->lockdown); !down) {
      return fail(down.error().message);
    }
  }
  std::vector<std::string> refused = set_up_kernel(*request);
  if (!marks_) marks_ = mark_ids();
  std::optional<Child> waiting = standby_.take(*request);
  Result<Child> child = waiting ? Result<Child>(*std::move(waiting)) : start_child(*request);
  if (!child) return fail(child.error().message);
  running_.emplace();
  running_->exited.memlock_counted = memlock_counted;
  if (!refused.empty()) running_->exited.refused = std::move(refused);
  running_->locked_down = !request->lockdown.empty();
  running_->always_count_ids = request->count_ids;
  running_->last = request->last;
  running_->child = *std::move(child);
  running_->started_ms = uptime_ms();
  running_->deadline_ms = running_->started_ms + request->deadline_ms;
  running_->input = frame.blob;
  running_->input_ends = !request->hold_input;
  return {};
}

Result<> Server::handle_input(const Frame& frame) {
  const Result<Input> input = from_frame<Input>(frame);
  if (!input) return input.error();
  // It may cross the end of the program on its way here.
  if (!running_) return {};
  running_->input += frame.blob;
  running_->input_ends = input->last;
  return {};
}

Result<> Server::handle_write(const Frame& frame) {
  const Result<Write> request = from_frame<Write>(frame);
  if (!request) return request.error();
  const Fd fd(::open(request->path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid() || !write_all(fd, frame.blob)) return fail(system_note(request->path));
  return wire_.send(Frame{FrameType::done});
}

Result<> Server::handle_trigger(const Frame& frame) {
  const Result<TriggerRequest> request = from_frame<TriggerRequest>(frame);
  if (!request) return request.error();
  const Result<Triggered> triggered = pull_trigger(request->command);
  return triggered ? wire_.send(to_frame(*triggered)) : fail(triggered.error().message);
}

Result<> Server::handle_take_inventory() {
  if (!running_) return fail("inventory: no program runs");
  running_->inventory_taken = true;
  if (!marks_) return fail("inventory: the kernel accepts no program of the agent's");
  const std::optional<Inventory> inventory = take_inventory(*marks_, running_->child.pid);
  if (!inventory) return fail("inventory: the kernel does not let the agent list programs");
  return wire_.send(to_frame(*inventory));
}

Result<> Server::handle_park(const Frame& frame) {
  const Result<Park> request = from_frame<Park>(frame);
  if (!request) return request.error();
  if (running_ || upload_) return Error{"parked in the middle of something"};
  // Where the first cell's files will go.
  ::mkdir(std::string(kCellDirectory).c_str(), 0755);
  if (const Result<> waiting = standby_.start(request->standby); !waiting) {
    return fail(waiting.error().message);
  }
  marks_ = mark_ids();
  if (Result<> sent = wire_.send(Frame{FrameType::done}); !sent) return sent;
  wire_.start_over();
  generator_ = open_generator();
  refresh_notes_.clear();
  Result<std::string> next = wire_.prepare(to_frame(hello()));
  if (!next) return std::move(next).error();
  next_hello_ = *std::move(next);
  parked_ = true;
  return {};
}

Result<> Server::handle_refresh(const Frame& frame) {
  const Result<Refresh> request = from_frame<Refresh>(frame);
  if (!request) return request.error();
  parked_ = false;
  refresh_notes_ = refresh_guest(*request, generator_);
  generator_.reset();
  if (refresh_notes_.empty()) return wire_.send_prepared(next_hello_);
  return wire_.send(to_frame(hello()));
}

void Server::feed_input() {
  Running& run = *running_;
  while (!run.input.empty() && run.child.in.valid()) {
    const ssize_t n = ::write(run.child.in.get(), run.input.data(), run.input.size());
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0 && errno != EINTR) run.child.in.reset();
    if (n > 0) run.input.erase(0, static_cast<std::size_t>(n));
  }
  if (!run.child.in.valid()) run.input.clear();
  if (run.input.empty() && run.input_ends) run.child.in.reset();
}

Result<bool> Server::pass_on(FrameType type, Fd& fd, std::uint64_t limit, std::uint64_t& total,
                             std::int64_t& dropped) {
  if (!fd.valid()) return false;
  std::string block(kPipeBlock, '\0');
  const ssize_t n = ::read(fd.get(), block.data(), block.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (n <= 0) {
    fd.reset();
    return false;
  }
  const auto bytes = static_cast<std::uint64_t>(n);
  const std::uint64_t taken = std::min(bytes, limit - total);
  total += taken;
  dropped += static_cast<std::int64_t>(bytes - taken);
  if (taken == 0) return true;
  block.resize(taken);
  Result<> sent = wire_.send(Frame{type, Json::object(), std::move(block)});
  if (!sent) return std::move(sent).error();
  return true;
}

Result<> Server::pass_on_all() {
  Running& run = *running_;
  Result<bool> out = pass_on(FrameType::out, run.child.out, kMaxOutBytes, run.out_bytes,
                             run.exited.dropped_out_bytes);
  if (!out) return std::move(out).error();
  Result<bool> err = pass_on(FrameType::err, run.child.err, kMaxErrBytes, run.err_bytes,
                             run.exited.dropped_err_bytes);
  if (!err) return std::move(err).error();
  return {};
}

void Server::reap() {
  signalfd_siginfo ignored{};
  while (::read(child_signals_.get(), &ignored, sizeof ignored) > 0) {
  }
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != running_->child.pid) continue;
    running_->reaped = true;
    if (WIFEXITED(status)) running_->exited.code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) running_->exited.signal = WTERMSIG(status);
  }
}

Result<> Server::finish_run() {
  Running& run = *running_;
  run.exited.wall_ms = uptime_ms() - run.started_ms;
  if (run.always_count_ids || !run.inventory_taken) {
    count_accepted(run.exited);
  } else {
    marks_.reset();
  }
  // Pipes and the child's socket hold no more than is read at once.
  if (Result<> passed = pass_on_all(); !passed) return passed;
  if (!run.last) {
    if (Result<> cleared = clear_up(); !cleared) return cleared;
  }
  const Exited exited = std::exchange(running_, std::nullopt)->exited;
  return wire_.send(to_frame(exited));
}

void Server::count_accepted(Exited& exited) {
  const std::optional<IdMarks> before = std::exchange(marks_, mark_ids());
  // Ids begin again from 1 after two billion.
  if (!before || !marks_ || marks_->program <= before->program || marks_->map <= before->map) {
    return;
  }
  exited.programs_made = marks_->program - before->program - 1;
  exited.maps_made = marks_->map - before->map - 1;
}

Result<> Server::clear_up() {
  Running& run = *running_;
  const bool all_dead = kill_everything();
  standby_.clear();
  // With all writers dead the pipes hold what was written and then end.
  while (all_dead && (run.child.out.valid() || run.child.err.valid())) {
    if (Result<> passed = pass_on_all(); !passed) return passed;
  }
  run.exited.leftovers = clear_cell();
  if (!all_dead) run.exited.leftovers.emplace_back("a process that does not die");
  if (run.locked_down) run.exited.leftovers.emplace_back("a kernel that is locked down");
  return {};
}

}  // namespace bpfmatrix::guest
