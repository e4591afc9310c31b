// Runs in a guest, for tests: brings about the fault that its argument names.
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static void write_file(const char* path, const char* text) {
  int fd = open(path, O_WRONLY);
  if (write(fd, text, strlen(text)) < 0) perror(path);
  close(fd);
}

// What a program with callbacks must bring along: its functions, all of them "static int f(void)".
static int load_btf(void) {
  static const struct {
    uint16_t magic;
    uint8_t version, flags;
    uint32_t header_bytes, types_at, types_bytes, strings_at, strings_bytes;
    uint32_t types[4 + 3 + 4 * 3];
    char strings[8];
  } btf = {0xeb9f,
           1,
           0,
           24,
           0,
           sizeof btf.types,
           sizeof btf.types,
           sizeof btf.strings,
           {1, 1 << 24, 4, 1 << 24 | 32,  // 1: int
            0, 13 << 24, 1,               // 2: int (void)
            5, 12 << 24, 2, 5, 12 << 24, 2, 5, 12 << 24, 2, 5, 12 << 24, 2},
           "\0int\0f\0"};
  union bpf_attr load;
  memset(&load, 0, sizeof load);
  load.btf = (uintptr_t)&btf;
  load.btf_size = sizeof btf;
  return syscall(SYS_bpf, BPF_BTF_LOAD, &load, sizeof load);
}

// Loops in loops (bpf_loop, 5.17): 2^69 rounds, which the verifier takes and no kernel interrupts.
static void lock_up(void) {
  static char log[65536], packet[64];
  const struct bpf_insn program[] = {
#define LOOP(callback_offset)                                                                    \
  {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = 1 << 23},                           \
      {.code = BPF_LD | BPF_IMM | BPF_DW,                                                        \
       .dst_reg = 2,                                                                             \
       .src_reg = BPF_PSEUDO_FUNC,                                                               \
       .imm = (callback_offset)},                                                                \
      {0}, {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3},                                  \
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 4},                                       \
      {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_loop}, {.code = BPF_ALU64 | BPF_MOV | BPF_K}, \
      {.code = BPF_JMP | BPF_EXIT}
      LOOP(6),                                // 0: main, calls 8
      LOOP(6),                                // 8: the outer callback, calls 16
      LOOP(6),                                // 16: the middle one, calls 24
      {.code = BPF_ALU64 | BPF_MOV | BPF_K},  // 24: the innermost
      {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr load, run;
  memset(&load, 0, sizeof load);
  load.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  load.insns = (uintptr_t)program;
  load.insn_cnt = sizeof program / sizeof program[0];
  load.license = (uintptr_t) "GPL";
  load.log_buf = (uintptr_t)log;
  load.log_size = sizeof log;
  load.log_level = 1;
  const uint32_t functions[] = {0, 3, 8, 4, 16, 5, 24, 6};
  load.prog_btf_fd = load_btf();
  load.func_info = (uintptr_t)functions;
  load.func_info_rec_size = 8;
  load.func_info_cnt = 4;
  memset(&run, 0, sizeof run);
  run.test.prog_fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
  run.test.data_in = (uintptr_t)packet;
  run.test.data_size_in = sizeof packet;
  run.test.repeat = 1;
  write_file("/proc/sys/kernel/watchdog_thresh", "1");
  if ((int)run.test.prog_fd < 0 || syscall(SYS_bpf, BPF_PROG_TEST_RUN, &run, sizeof run) != 0) {
    perror(log);
  }
}

// Into the agent's own channel, by way of its descriptors.
static void speak_garbage(void) {
  int agent = syscall(SYS_pidfd_open, 1, 0);
  for (int number = 3; number < 64; number++) {
    char link[64], target[64] = "";
    snprintf(link, sizeof link, "/proc/1/fd/%d", number);
    if (readlink(link, target, sizeof target - 1) < 0 || !strstr(target, "vport")) continue;
    int port = syscall(SYS_pidfd_getfd, agent, number, 0);
    if (write(port, "this is not a frame of any protocol", 35) < 0) perror("write");
  }
  pause();
}

static void use_up_memory(void) {
  write_file("/proc/sys/vm/panic_on_oom", "1");
  for (;;) memset(malloc(1 << 20), 1, 1 << 20);
}

// Of a kernel with CONFIG_LKDTM.
static void provoke(const char* fault) {
  if (mkdir("/run/debug", 0700) != 0 || mount("debugfs", "/run/debug", "debugfs", 0, NULL) != 0) {
    perror("debugfs");
  }
  write_file("/proc/sys/kernel/hung_task_timeout_secs", "1");
  write_file("/run/debug/provoke-crash/DIRECT", fault);
}

int main(int argc, char** argv) {
  const char* what = argc == 2 ? argv[1] : "";
  if (strcmp(what, "panic") == 0) write_file("/proc/sysrq-trigger", "c");
  if (strcmp(what, "reset") == 0) write_file("/proc/sysrq-trigger", "b");
  if (strcmp(what, "oops") == 0) provoke("EXCEPTION");
  if (strcmp(what, "bug") == 0) provoke("BUG");
  if (strcmp(what, "hung_task") == 0) provoke("HUNG_TASK");
  if (strcmp(what, "lockup") == 0) lock_up();
  if (strcmp(what, "garbage") == 0) speak_garbage();
  if (strcmp(what, "memory") == 0) use_up_memory();
  // Another exit code each time, by chance.
  unsigned char chance = 0;
  if (strcmp(what, "moody") == 0 && getrandom(&chance, 1, 0) == 1) return 2 + chance % 2;
  for (; strcmp(what, "flood") == 0;) write_file("/dev/console", "flood flood flood flood\n");
  for (; strcmp(what, "silence") == 0;) pause();
  return 1;
}
