#include "kernels/testing/fake_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace bpfmatrix {

namespace {

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string read_head(int fd) {
  std::string head;
  char block[4096];
  while (head.find("\r\n\r\n") == std::string::npos && head.size() < 65536) {
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, 5000) <= 0) break;
    const ssize_t n = ::recv(fd, block, sizeof block, 0);
    if (n <= 0) break;
    head.append(block, static_cast<std::size_t>(n));
  }
  return head;
}

FakeRequest parse_head(const std::string& head) {
  FakeRequest request;
  const auto start = head.find(' ');
  if (start == std::string::npos) return request;
  request.path = head.substr(start + 1, head.find(' ', start + 1) - start - 1);
  const auto range = head.find("Range: bytes=");
  if (range != std::string::npos) {
    request.range = head.substr(range + 13, head.find("\r\n", range) - range - 13);
  }
  return request;
}

}  // namespace

FakeServer::FakeServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  if (::bind(listener_.get(), generic, length) != 0 || ::listen(listener_.get(), 16) != 0 ||
      ::getsockname(listener_.get(), generic, &length) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  std::tie(stop_here_, stop_there_) = socket_pair();
  thread_ = std::thread([this] { run(); });
}

FakeServer::~FakeServer() {
  stop_here_.reset();
  thread_.join();
}

std::string FakeServer::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

void FakeServer::put(const std::string& path, FakePage page) {
  const std::lock_guard guard(mutex_);
  pages_[path] = std::move(page);
}

void FakeServer::put(const std::string& path, std::string body) {
  put(path, FakePage{.body = std::move(body)});
}

void FakeServer::remove(const std::string& path) {
  const std::lock_guard guard(mutex_);
  pages_.erase(path);
}

std::vector<FakeRequest> FakeServer::requests() const {
  const std::lock_guard guard(mutex_);
  return requests_;
}

int FakeServer::count(const std::string& path) const {
  const auto all = requests();
  return static_cast<int>(std::count_if(
      all.begin(), all.end(), [&](const FakeRequest& request) { return request.path == path; }));
}

void FakeServer::run() {
  for (;;) {
    pollfd fds[2] = {{listener_.get(), POLLIN, 0}, {stop_there_.get(), POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0) return;
    const Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client.valid()) serve(client.get());
  }
}

FakePage FakeServer::take_page(const FakeRequest& request) {
  const std::lock_guard guard(mutex_);
  requests_.push_back(request);
  const auto found = pages_.find(request.path);
  if (found == pages_.end()) return FakePage{.body = "no such page", .status = 404};
  FakePage page = found->second;
  if (found->second.cuts > 0) {
    --found->second.cuts;
  } else {
    page.cut_after.reset();
  }
  return page;
}

void FakeServer::serve(int fd) {
  const FakeRequest request = parse_head(read_head(fd));
  const FakePage page = take_page(request);
  std::size_t from = 0;
  int status = page.status;
  std::string extra = page.location.empty() ? "" : fmt::format("Location: {}\r\n", page.location);
  if (!request.range.empty() && !page.ignore_range && status == 200) {
    from = std::strtoull(request.range.c_str(), nullptr, 10);
    status = from < page.body.size() ? 206 : 416;
    extra += fmt::format("Content-Range: bytes {}-{}/{}\r\n", from, page.body.size() - 1,
                         page.body.size());
  }
  std::string_view body = status == 416 ? std::string_view{} : page.body;
  body.remove_prefix(std::min(from, body.size()));
  if (!page.no_length) extra += fmt::format("Content-Length: {}\r\n", body.size());
  send_all(fd, fmt::format("HTTP/1.1 {} X\r\nConnection: close\r\n{}\r\n", status, extra));
  if (page.stall) {
    pollfd fds[2] = {{fd, POLLIN, 0}, {stop_there_.get(), POLLIN, 0}};
    ::poll(fds, 2, 30'000);
    return;
  }
  send_all(fd, body.substr(0, page.cut_after.value_or(body.size())));
}

}  // namespace bpfmatrix
