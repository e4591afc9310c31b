// Runs in a clone, for tests: prints what no two clones may have in common.
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void print_hex(const char* name, const void* bytes, int count) {
  printf("%s ", name);
  for (int i = 0; i < count; i++) printf("%02x", ((const unsigned char*)bytes)[i]);
  printf("\n");
}

static void print_file(const char* name, const char* path) {
  char text[64] = "";
  int fd = open(path, O_RDONLY);
  if (read(fd, text, sizeof text - 1) <= 0) perror(path);
  close(fd);
  printf("%s %s", name, text);
}

// "return bpf_get_prandom_u32()", run once by the kernel.
static void print_prandom(void) {
  static char log[4096], packet[64];
  const struct bpf_insn program[] = {
      {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_prandom_u32},
      {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr load, run;
  memset(&load, 0, sizeof load);
  load.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  load.insns = (uintptr_t)program;
  load.insn_cnt = 2;
  load.license = (uintptr_t) "GPL";
  load.log_buf = (uintptr_t)log;
  load.log_size = sizeof log;
  load.log_level = 1;
  memset(&run, 0, sizeof run);
  run.test.prog_fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
  run.test.data_in = (uintptr_t)packet;
  run.test.data_size_in = sizeof packet;
  run.test.repeat = 1;
  if ((int)run.test.prog_fd < 0 || syscall(SYS_bpf, BPF_PROG_TEST_RUN, &run, sizeof run) != 0) {
    perror(log);
  }
  printf("bpf_get_prandom_u32 %08x\n", run.test.retval);
}

int main(void) {
  unsigned char bytes[32];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) perror("getrandom");
  print_hex("getrandom", bytes, sizeof bytes);
  print_hex("at_random", (const void*)getauxval(AT_RANDOM), 16);
  print_prandom();
  print_file("uuid", "/proc/sys/kernel/random/uuid");
  print_file("boot_id", "/proc/sys/kernel/random/boot_id");
  printf("stack %p\n", (void*)bytes);
  printf("time %lld\n", (long long)time(NULL));
  return 0;
}
