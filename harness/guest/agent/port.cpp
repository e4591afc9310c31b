#include "guest/agent/port.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/file.h"
#include "guest/common/system.h"

namespace bpfmatrix::guest {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPortName = "org.bpfmatrix.agent.0";
constexpr std::string_view kVirtioConsole = "0x0003";
constexpr std::int64_t kPortWaitMs = 3000;
constexpr useconds_t kPollUs = 1000;
#ifdef __aarch64__
// QEMU's `virt` has one PL011, the console ttyAMA0; the second port is a pci-serial.
constexpr const char* kSerial = "/dev/ttyS0";
#else
constexpr const char* kSerial = "/dev/ttyS1";
#endif

bool file_says(const fs::path& file, std::string_view wanted) {
  Result<std::string> text = read_file(file, 4096);
  if (!text) return false;
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return *text == wanted;
}

/// The entry of a sysfs folder whose attribute `file` holds `wanted`.
std::optional<fs::path> find_entry(const fs::path& folder, const char* file,
                                   std::string_view wanted) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (file_says(entry->path() / file, wanted)) return entry->path();
  }
  return std::nullopt;
}

Fd open_device(const fs::path& device) {
  return Fd(::open(device.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
}

/// The name of a port arrives in a message from the host some time after the device was found.
Fd open_virtio() {
  if (!find_entry("/sys/bus/virtio/devices", "device", kVirtioConsole)) return Fd();
  std::error_code error;
  if (!fs::exists("/sys/class/virtio-ports", error)) return Fd();
  for (const std::int64_t end = uptime_ms() + kPortWaitMs; uptime_ms() < end; ::usleep(kPollUs)) {
    const std::optional<fs::path> port = find_entry("/sys/class/virtio-ports", "name", kPortName);
    if (!port) continue;
    if (Fd fd = open_device(fs::path("/dev") / port->filename()); fd.valid()) return fd;
  }
  return Fd();
}

Fd open_serial() {
  Fd fd = open_device(kSerial);
  termios mode{};
  if (!fd.valid() || ::tcgetattr(fd.get(), &mode) != 0) return Fd();
  ::cfmakeraw(&mode);
  mode.c_cflag |= CLOCAL | CREAD;
  ::cfsetspeed(&mode, B115200);
  if (::tcsetattr(fd.get(), TCSANOW, &mode) != 0) return Fd();
  return fd;
}

}  // namespace

Result<Port> open_port() {
  if (Fd fd = open_virtio(); fd.valid()) return Port{std::move(fd), "virtio"};
  if (Fd fd = open_serial(); fd.valid()) return Port{std::move(fd), "serial"};
  return Error{fmt::format("no channel: no virtio port '{}', and '{}': {}", kPortName, kSerial,
                           std::strerror(errno))};
}

}  // namespace bpfmatrix::guest
