// For tests: an HTTP server on the loopback interface that can misbehave on purpose.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"

namespace bpfmatrix {

/// What is served under one path.
struct FakePage {
  std::string body{};
  int status = 200;
  /// Break the connection after so many bytes of the body, the first `cuts` times it is requested.
  std::optional<std::size_t> cut_after{};
  int cuts = 0;
  /// Answer 200 with everything when a part is requested.
  bool ignore_range = false;
  /// Say nothing more after the headers, until the client goes.
  bool stall = false;
  /// Say no Content-Length.
  bool no_length = false;
  std::string location{};
};

struct FakeRequest {
  std::string path{};
  /// The Range header's value, or empty.
  std::string range{};
};

class FakeServer {
 public:
  FakeServer();
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  /// "http://127.0.0.1:PORT"
  std::string url() const;
  void put(const std::string& path, FakePage page);
  void put(const std::string& path, std::string body);
  /// Changes a page that is there.
  template <typename Change>
  void change(const std::string& path, Change change) {
    const std::lock_guard guard(mutex_);
    change(pages_.at(path));
  }
  void remove(const std::string& path);
  std::vector<FakeRequest> requests() const;
  int count(const std::string& path) const;

 private:
  void run();
  void serve(int fd);
  FakePage take_page(const FakeRequest& request);

  mutable std::mutex mutex_{};
  std::map<std::string, FakePage> pages_{};
  std::vector<FakeRequest> requests_{};
  Fd listener_{};
  int port_ = 0;
  Fd stop_here_{};
  Fd stop_there_{};
  std::thread thread_{};
};

}  // namespace bpfmatrix
