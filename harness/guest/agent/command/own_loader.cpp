// An application as its users get it: one static binary with libbpf inside, that knows nothing of
// what watches it. The suite runs it on every kernel, as `bpfmatrix run --loader ./app` runs
// others.
//
//     own OBJECT
//
// Loads the object, attaches all of it, and waits for SIGINT or SIGTERM. Exit code: 0; 1 if
// anything was refused, and says what. Like many applications it can bring BTF along for kernels
// that have none: the file that BPFMATRIX_BTF names, if any.
#include <bpf/libbpf.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace {

using Object = std::unique_ptr<bpf_object, decltype(&bpf_object__close)>;
using Link = std::unique_ptr<bpf_link, decltype(&bpf_link__destroy)>;

int refused(const char* what, const char* name) {
  std::fprintf(stderr, "error: cannot %s '%s': %s\n", what, name, std::strerror(errno));
  return 1;
}

Object open_object(const char* file) {
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  const char* btf = std::getenv("BPFMATRIX_BTF");
  if (btf != nullptr && *btf != '\0') options.btf_custom_path = btf;
  return {bpf_object__open_file(file, &options), &bpf_object__close};
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

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: own OBJECT\n");
    return 2;
  }
  const sigset_t end_signals = block_end_signals();
  const Object object = open_object(argv[1]);
  if (!object) return refused("open", argv[1]);
  if (bpf_object__load(object.get()) != 0) return refused("load", argv[1]);
  return serve(object.get(), end_signals);
}
