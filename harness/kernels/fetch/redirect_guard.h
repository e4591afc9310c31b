// Where a server may send a transfer of libcurl: to another host, but not from https to http, and
// not to addresses that only this machine or its networks can reach. What is fetched is verified in
// any case; this keeps whoever answers from having requests sent where he cannot send them himself.
#pragma once

#include <curl/curl.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

/// What is wrong with a redirect from one URL to another, as far as the two say it: "from https to
/// http". Nothing: it is allowed.
std::optional<std::string> redirect_problem(std::string_view from, std::string_view to);

/// Watches one transfer, and must live as long as it. A private address is allowed where the first
/// URL was reached at that very address: a mirror in a private network may redirect inside itself.
/// Behind a proxy of the environment the proxy decides who is reached; hosts that are written as
/// private addresses are refused all the same.
class RedirectGuard {
 public:
  /// Sets what libcurl calls.
  RedirectGuard(CURL* curl, std::string url);
  RedirectGuard(const RedirectGuard&) = delete;
  RedirectGuard& operator=(const RedirectGuard&) = delete;

  /// Why a redirect was not followed; to be asked when the transfer has failed.
  const std::optional<Error>& problem() const { return problem_; }

 private:
  static curl_socket_t on_socket(void* user, curlsocktype purpose, struct curl_sockaddr* address);
  static int on_request(void* user, char* remote, char* local, int remote_port, int local_port);

  bool redirected() const;
  std::string current_url() const;
  bool may_connect(const sockaddr& address);
  bool may_request();
  bool is_own(const std::string& address) const;
  void refuse(const std::string& to, const std::string& what);

  CURL* curl_;
  std::string url_;
  /// Of the request before.
  std::string from_;
  /// Where the first URL was looked for.
  std::vector<std::string> own_{};
  std::optional<Error> problem_{};
};

}  // namespace bpfmatrix
