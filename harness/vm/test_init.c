// A stand-in for the agent, for tests and the boot benchmark: finds its channel as the agent does,
// says "HELLO", and then does what the kernel argument test.do= asks for.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

static void write_text(int fd, const char* text) {
  if (write(fd, text, strlen(text)) < 0) perror("write");
}

static void write_file(const char* path, const char* text) {
  int fd = open(path, O_WRONLY);
  write_text(fd, text);
  close(fd);
}

static void load_channel_modules(void) {
  char file[128], use[16], path[200];
  FILE* order = fopen("/bpfmatrix/modules/order", "r");
  while (order && fscanf(order, "%15s %127s", use, file) == 2) {
    if (strcmp(use, "channel") != 0) continue;
    snprintf(path, sizeof path, "/bpfmatrix/modules/%s", file);
    int fd = open(path, O_RDONLY);
    if (syscall(SYS_finit_module, fd, "", 0) != 0) perror(path);
    close(fd);
  }
  if (order) fclose(order);
}

static int open_virtio_port(void) {
  DIR* ports = opendir("/sys/class/virtio-ports");
  struct dirent* port;
  while (ports && (port = readdir(ports))) {
    char path[300], name[64] = "";
    snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", port->d_name);
    int fd = open(path, O_RDONLY);
    if (fd < 0) continue;
    if (read(fd, name, sizeof name - 1) < 0) perror(path);
    close(fd);
    snprintf(path, sizeof path, "/dev/%s", port->d_name);
    if (strncmp(name, "org.bpfmatrix.agent.0", 21) != 0) continue;
    closedir(ports);
    return open(path, O_RDWR);
  }
  if (ports) closedir(ports);
  return -1;
}

// True once virtio_console has taken the device.
static int has_virtio_console(void) {
  DIR* driver = opendir("/sys/bus/virtio/drivers/virtio_console");
  struct dirent* entry;
  int found = 0;
  while (driver && (entry = readdir(driver))) found |= strncmp(entry->d_name, "virtio", 6) == 0;
  if (driver) closedir(driver);
  return found;
}

// The driver learns of its ports and their names by messages, handled on a work queue after the
// probe: on a busy host init is here first.
static int wait_for_virtio_port(void) {
  int fd = open_virtio_port();
  for (int tries = 0; fd < 0 && tries < 10000 && has_virtio_console(); tries++) {
    usleep(1000);
    fd = open_virtio_port();
  }
  return fd;
}

static int open_serial_port(void) {
#ifdef __aarch64__
  int fd = open("/dev/ttyS0", O_RDWR | O_NOCTTY);
#else
  int fd = open("/dev/ttyS1", O_RDWR | O_NOCTTY);
#endif
  struct termios settings;
  if (tcgetattr(fd, &settings) == 0) {
    cfmakeraw(&settings);
    tcsetattr(fd, TCSANOW, &settings);
  }
  return fd;
}

static void echo(int channel) {
  static char block[65536];
  ssize_t n;
  while ((n = read(channel, block, sizeof block)) > 0) {
    for (ssize_t sent = 0; sent < n;) {
      ssize_t m = write(channel, block + sent, n - sent);
      if (m <= 0) return;
      sent += m;
    }
  }
}

int main(void) {
  char arguments[4096] = "", what[32] = "";
  mount("proc", "/proc", "proc", 0, 0);
  mount("sys", "/sys", "sysfs", 0, 0);
  mount("dev", "/dev", "devtmpfs", 0, 0);
  int fd = open("/proc/cmdline", O_RDONLY);
  if (read(fd, arguments, sizeof arguments - 1) < 0) perror("/proc/cmdline");
  char* wanted = strstr(arguments, "test.do=");
  if (wanted) sscanf(wanted, "test.do=%31s", what);

  load_channel_modules();
  int channel = strcmp(what, "serial") == 0 ? -1 : wait_for_virtio_port();
  if (channel < 0) channel = open_serial_port();
  if (strcmp(what, "silent") != 0) write_text(channel, "HELLO");

  if (strcmp(what, "panic") == 0) {
    write_file("/proc/sys/kernel/sysrq", "1");
    write_file("/proc/sysrq-trigger", "c");
  }
  if (strcmp(what, "off") == 0) reboot(RB_POWER_OFF);
  for (; strcmp(what, "flood") == 0;) write_text(1, "flood flood flood flood flood flood flood\n");
  for (; strcmp(what, "silent") == 0;) pause();
  echo(channel);
  reboot(RB_POWER_OFF);
}
