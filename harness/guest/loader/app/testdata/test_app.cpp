// A loader as a user may have written it, with libbpf and with calls of its own. It knows nothing
// of what watches it.
//
//     test-app OBJECT [MODE]
//
//     (none)    loads and attaches from a second thread, then waits to be interrupted
//     once      the same, and ends at once
//     stubborn  the same, and ignores every signal that can be ignored
//     leave     the same, then ends with exit code 7
//     fail      says why and ends with exit code 3, before anything is loaded
//
// The object's program `refused` is sent without a log.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
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
  if (mode == "stubborn") ignore_signals();
  std::thread(set_up, argv[1]).join();
  if (mode == "once") return 0;
  if (mode == "leave") return 7;
  std::signal(mode == "stubborn" ? SIGUSR1 : SIGINT, [](int) { std::_Exit(0); });
  for (;;) ::pause();
}
