// An application as its users get it: one static binary with libbpf inside, that knows nothing of
// what watches it. The suite runs it on every kernel, as `bpfmatrix run --loader ./app` runs
// others.
//
//     own OBJECT
#include "guest/apps/application.h"

int main(int argc, char** argv) {
  return bpfmatrix::guest::run_application(
      argc, argv, [](const char* file, const bpf_object_open_opts& options) {
        return bpfmatrix::guest::ObjectPtr(bpf_object__open_file(file, &options),
                                           &bpf_object__close);
      });
}
