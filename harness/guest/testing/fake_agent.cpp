#include "guest/testing/fake_agent.h"

#include <fmt/format.h>

namespace bpfmatrix {

FakeStep says(std::string_view line) { return {FakeStep::What::out, std::string(line) + "\n", {}}; }
FakeStep complains(std::string_view text) { return {FakeStep::What::err, std::string(text), {}}; }
FakeStep awaits_input() { return {FakeStep::What::await_input, "", {}}; }
FakeStep exits(std::int64_t code) { return exits(Exited{.code = code}); }
FakeStep exits(Exited how) { return {FakeStep::What::exit, "", std::move(how)}; }
FakeStep dies() { return {FakeStep::What::die, "", {}}; }

FakeAgent::FakeAgent(Hello first)
    : ScriptedGuest([this](ScriptedGuest&, const Frame& frame) { handle(frame); }, first),
      hello(std::move(first)) {}

void FakeAgent::fail(const std::string& path, std::string_view why) {
  say(to_frame(Failed{fmt::format("{}: {}", path, why)}));
}

/// A frame that a host must not send is a bug of the test's subject: from_frame's error ends it.
void FakeAgent::handle(const Frame& frame) {
  switch (frame.type) {
    case FrameType::put_file:
      upload_ = *from_frame<PutFile>(frame);
      uploaded_.clear();
      return finish_upload();
    case FrameType::file_chunk:
      return handle_chunk(frame.blob);
    case FrameType::read_file:
      return handle_read(*from_frame<ReadFile>(frame));
    case FrameType::run:
      return handle_run(*from_frame<RunRequest>(frame), frame.blob);
    case FrameType::input:
      return handle_input(frame.blob);
    case FrameType::write:
      return handle_write(from_frame<Write>(frame)->path, frame.blob);
    case FrameType::trigger: {
      triggers.push_back(*from_frame<TriggerRequest>(frame));
      const Result<Triggered> done = on_trigger ? on_trigger(triggers.back()) : Triggered{};
      return say(done ? to_frame(*done) : to_frame(Failed{done.error().message}));
    }
    case FrameType::take_inventory:
      if (!inventory) return fail("inventory", "none");
      return say(to_frame(*inventory));
    case FrameType::park:
      parks.push_back(*from_frame<Park>(frame));
      say({FrameType::done});
      return start_over();
    case FrameType::refresh:
      return say(to_frame(hello));
    case FrameType::shutdown:
      shut_down = true;
      return say({FrameType::done});
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
      return close();
  }
}

void FakeAgent::handle_chunk(std::string_view bytes) {
  uploaded_ += bytes;
  finish_upload();
}

void FakeAgent::finish_upload() {
  const auto size = static_cast<std::int64_t>(uploaded_.size());
  if (size < upload_->bytes) return;
  say(to_frame(Stored{size, crc32c(uploaded_)}));
  files[upload_->path] = std::exchange(uploaded_, {});
}

void FakeAgent::handle_read(const ReadFile& request) {
  const auto found = files.find(request.path);
  if (found == files.end()) return fail(request.path, "No such file or directory");
  const auto max = static_cast<std::size_t>(request.max_bytes);
  const std::string bytes = found->second.substr(0, max);
  for (std::size_t at = 0; at < bytes.size(); at += kChunkBytes) {
    say({FrameType::file_chunk, Json::object(), bytes.substr(at, kChunkBytes)});
  }
  say(to_frame(FileEnd{static_cast<std::int64_t>(bytes.size()), found->second.size() > max}));
}

void FakeAgent::handle_run(const RunRequest& request, const std::string& text) {
  runs.push_back(request);
  input = text;
  std::optional<FakeProgram> program = on_run ? on_run(request, text) : std::nullopt;
  if (!program) {
    const std::string path = request.argv.empty() ? "" : request.argv.front();
    const auto found = programs.find(path);
    if (found == programs.end()) return fail(path, "No such file or directory");
    program = found->second;
  }
  running_ = *std::move(program);
  step_ = 0;
  go_on();
}

void FakeAgent::handle_input(const std::string& text) {
  input += text;
  // It may cross the end of the program on its way here.
  if (step_ == running_.size() || running_[step_].what != FakeStep::What::await_input) return;
  ++step_;
  go_on();
}

void FakeAgent::go_on() {
  for (; step_ < running_.size(); ++step_) {
    const FakeStep& step = running_[step_];
    switch (step.what) {
      case FakeStep::What::out:
        say_out(step.text);
        break;
      case FakeStep::What::err:
        say_err(step.text);
        break;
      case FakeStep::What::await_input:
        return;
      case FakeStep::What::exit:
        say(to_frame(step.exited));
        step_ = running_.size();
        return;
      case FakeStep::What::die:
        close();
        step_ = running_.size();
        return;
    }
  }
}

void FakeAgent::handle_write(const std::string& path, const std::string& text) {
  writes.emplace_back(path, text);
  if (on_write && on_write(*this, path, text)) return;
  const auto found = files.find(path);
  if (found == files.end()) return fail(path, "No such file or directory");
  found->second = text;
  say({FrameType::done});
}

}  // namespace bpfmatrix
