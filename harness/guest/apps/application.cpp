#include "guest/apps/application.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace bpfmatrix::guest {

namespace {

using Link = std::unique_ptr<bpf_link, decltype(&bpf_link__destroy)>;

int refused(const char* what, const char* name) {
  std::fprintf(stderr, "error: cannot %s '%s': %s\n", what, name, std::strerror(errno));
  return 1;
}

bpf_object_open_opts open_options() {
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  const char* btf = std::getenv("BPFMATRIX_BTF");
  if (btf != nullptr && *btf != '\0') options.btf_custom_path = btf;
  return options;
}

/// In every thread to come they stay blocked, until they are waited for.
sigset_t block_end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int serve(bpf_object* object, const sigset_t& end_signals) {
  std::vector<Link> links;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    links.emplace_back(bpf_program__attach(program), &bpf_link__destroy);
    if (!links.back()) return refused("attach", bpf_program__name(program));
  }
  std::printf("%zu attached, waiting\n", links.size());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&end_signals, &signal);
  std::printf("ended by %s\n", strsignal(signal));
  return 0;
}

}  // namespace

int run_application(int argc, char** argv, OpenObject open) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s OBJECT\n", argv[0]);
    return 2;
  }
  const sigset_t end_signals = block_end_signals();
  const ObjectPtr object = open(argv[1], open_options());
  if (!object) return refused("open", argv[1]);
  if (bpf_object__load(object.get()) != 0) return refused("load", argv[1]);
  return serve(object.get(), end_signals);
}

}  // namespace bpfmatrix::guest
