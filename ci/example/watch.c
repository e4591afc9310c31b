// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// The project's application: loads the object it is given, attaches it, waits to be ended.
#include <bpf/libbpf.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct bpf_object *object = argc == 2 ? bpf_object__open_file(argv[1], NULL) : NULL;
  struct bpf_program *program;
  if (!object || bpf_object__load(object)) {
    fprintf(stderr, "cannot load '%s'\n", argc == 2 ? argv[1] : "");
    return 1;
  }
  bpf_object__for_each_program(program, object) {
    if (!bpf_program__attach(program)) {
      fprintf(stderr, "cannot attach '%s'\n", bpf_program__name(program));
      return 1;
    }
  }
  pause();
  return 0;
}
