// A loader as a user may have written it, with libbpf and with calls of its own. It knows nothing
// of what watches it.
//
//     test-app OBJECT [MODE]
//
//     (none)    loads and attaches from a second thread, then waits to be interrupted
//     once      the same, and ends at once
//     stubborn  the same, and ignores every signal that can be ignored
//     leave     the same, then ends with exit code 7
//     forge     loads nothing; says with which errno it may not write to its watcher's record,
//     signal
//               the watcher and trace it
//     infect    loads nothing; puts itself in the place of the loader libbpf, as root can
//     fail      says why and ends with exit code 3, before anything is loaded
//
// The object's program `refused` is sent without a log.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

namespace {

void send_without_log(const bpf_program* program) {
  bpf_prog_load_opts options{};
  options.sz = sizeof options;
  const int fd =
      bpf_prog_load(bpf_program__type(program), bpf_program__name(program), "GPL",
                    bpf_program__insns(program), bpf_program__insn_cnt(program), &options);
  std::printf("refused: %d\n", fd);
  if (fd >= 0) ::close(fd);
}

void set_up(const char* file) {
  bpf_object* object = bpf_object__open_file(file, nullptr);
  if (object == nullptr) std::exit(1);
  bpf_program* refused = bpf_object__find_program_by_name(object, "refused");
  if (refused != nullptr) bpf_program__set_autoload(refused, false);
  if (bpf_object__load(object) != 0) std::exit(1);
  if (refused != nullptr) send_without_log(refused);
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    if (program == refused) continue;
    // A link that is never destroyed goes with the process.
    if (bpf_program__attach(program) == nullptr) std::printf("cannot attach\n");
  }
  std::printf("running\n");
  std::fflush(stdout);
}

int errno_after(long result) { return result < 0 ? errno : 0; }

void forge() {
  const std::string record = "/proc/" + std::to_string(::getppid()) + "/fd/1";
  std::printf("record: %d\n", errno_after(::open(record.c_str(), O_WRONLY)));
  std::printf("signal: %d\n", errno_after(::kill(::getppid(), SIGSTOP)));
  std::printf("trace: %d\n", errno_after(::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr)));
}

void infect() {
  const std::filesystem::path loader = "/bpfmatrix/loaders/libbpf";
  std::printf("protected: %d\n", errno_after(::unlink(loader.c_str())));
  ::umount2("/bpfmatrix", MNT_DETACH);
  std::error_code error;
  std::filesystem::remove(loader, error);
  std::filesystem::copy_file("/proc/self/exe", loader, error);
  std::printf("infected: %d\n", error.value());
}

void ignore_signals() {
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 2 ? argv[2] : "";
  if (mode == "fail" || argc < 2) {
    std::fprintf(stderr, "error: no license to run\n");
    return 3;
  }
  if (mode == "forge" || mode == "infect") {
    mode == "forge" ? forge() : infect();
    return 0;
  }
  if (mode == "stubborn") ignore_signals();
  std::thread(set_up, argv[1]).join();
  if (mode == "once") return 0;
  if (mode == "leave") return 7;
  std::signal(mode == "stubborn" ? SIGUSR1 : SIGINT, [](int) { std::_Exit(0); });
  for (;;) ::pause();
}
