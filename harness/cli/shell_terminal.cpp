#include "cli/shell_terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace bpfmatrix {

ShellTerminal::ShellTerminal() {
  sigset_t held;
  ::sigemptyset(&held);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::sigaddset(&held, signal);
  ::pthread_sigmask(SIG_BLOCK, &held, &mask_before_);
  signals_ = Fd(::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
  ::tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  ::cfmakeraw(&raw);
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

ShellTerminal::~ShellTerminal() {
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

int ShellTerminal::take_signal() const {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != sizeof info) return 0;
  return static_cast<int>(info.ssi_signo);
}

bool at_a_terminal() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1; }

std::string stty_command() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return "";
  return fmt::format("stty rows {} cols {}\n", size.ws_row, size.ws_col);
}

}  // namespace bpfmatrix
