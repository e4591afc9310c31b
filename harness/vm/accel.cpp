#include "vm/accel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <system_error>
#include <utility>

#include "base/child_process.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "vm/vm.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxAnswer = 4096;

std::string boot_id() {
  const Result<std::string> text = read_file("/proc/sys/kernel/random/boot_id", 100);
  return text ? std::string(first_line(*text)) : "";
}

std::string qemu_version(Arch guest) {
  const Result<CommandOutput> output =
      run_command({.argv = {qemu_program(guest), "--version"}}, std::chrono::seconds(10));
  return output ? std::string(first_line(output->out)) : "";
}

bool kvm_opens() { return Fd(::open("/dev/kvm", O_RDWR | O_CLOEXEC)).valid(); }

fs::path answer_file(const AccelQuestion& question) {
  const std::string key = fmt::format("{}\n{}", to_string(question.guest), question.host.identity);
  return question.cache_dir / "accel" / sha256_hex(key);
}

/// The result of an earlier proof: first line the accelerator, second why it is not KVM.
struct Answer {
  Accel accel = Accel::tcg;
  std::string reason{};
};

std::optional<Answer> recall(const fs::path& file) {
  const Result<std::string> text = read_file(file, kMaxAnswer);
  if (!text) return std::nullopt;
  const auto accel = parse_word<Accel>(first_line(*text));
  if (!accel) return std::nullopt;
  const std::size_t newline = text->find('\n');
  const std::string_view rest =
      newline == text->npos ? "" : std::string_view(*text).substr(newline + 1);
  return Answer{*accel, std::string(first_line(rest))};
}

void remember(const fs::path& file, const Answer& answer) {
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  (void)write_file(file, fmt::format("{}\n{}\n", to_string(answer.accel), answer.reason));
}

Answer find_out(const AccelQuestion& question) {
  const fs::path file = answer_file(question);
  if (auto known = recall(file)) return *std::move(known);
  Result<KvmProof> proof = question.prove();
  if (!proof) return {Accel::tcg, "it could not be tried: " + proof.error().message};
  Answer answer{proof->serves ? Accel::kvm : Accel::tcg, std::move(proof->reason)};
  remember(file, answer);
  return answer;
}

Accel choose_automatically(const AccelQuestion& question) {
  if (question.host.arch != question.guest) return Accel::tcg;  // KVM is not expected
  if (!question.host.kvm_opens) {
    question.say("no usable /dev/kvm: guests are emulated, which is slower");
    return Accel::tcg;
  }
  const Answer answer = find_out(question);
  if (answer.accel == Accel::tcg) {
    question.say(
        fmt::format("/dev/kvm exists but does not work ({}): guests are emulated, which is slower",
                    answer.reason));
  }
  return answer.accel;
}

Result<Accel> demand_kvm(const AccelQuestion& question) {
  const std::string_view guest = to_string(question.guest);
  if (question.host.arch != question.guest) {
    return Error{fmt::format("no KVM for a guest of '{}' on this host", guest), "use --accel auto"};
  }
  if (!question.host.kvm_opens) {
    return Error{"'/dev/kvm': cannot be opened", "use --accel auto"};
  }
  return Accel::kvm;
}

}  // namespace

AccelHost this_host(Arch guest) {
  utsname names{};
  ::uname(&names);
  return {parse_arch(names.machine), kvm_opens(),
          fmt::format("{}\n{}\n{}", boot_id(), names.release, qemu_version(guest))};
}

Result<KvmProof> prove_kvm(VmSpec spec, std::chrono::milliseconds timeout) {
  spec.accel = Accel::kvm;
  Result<Vm> vm = Vm::start(spec);
  if (!vm) return std::move(vm).error();
  const Result<Channel*> channel = vm->connect(Clock::now() + timeout);
  if (channel) {
    vm->stop(Stop::finished);
    return KvmProof{true, ""};
  }
  const VmExit exit =
      vm->stop(Stop::deadline, fmt::format("no agent within {} ms", timeout.count()));
  return KvmProof{false,
                  fmt::format("a kernel booted with it {}: {}",
                              exit.end == End::hung ? "hangs" : "does not come up", exit.reason)};
}

Result<Accel> choose_accel(const AccelQuestion& question) {
  switch (question.choice) {
    case AccelChoice::automatic:
      return choose_automatically(question);
    case AccelChoice::kvm:
      return demand_kvm(question);
    case AccelChoice::tcg:
      return Accel::tcg;
  }
  return Accel::tcg;
}

}  // namespace bpfmatrix
