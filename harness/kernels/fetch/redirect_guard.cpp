#include "kernels/fetch/redirect_guard.h"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "kernels/fetch/private_address.h"

namespace bpfmatrix {

namespace {

/// A part of a URL, as libcurl understands it: it knows that http://2130706433/ is 127.0.0.1.
std::string part_of(std::string_view url, CURLUPart part) {
  const std::unique_ptr<CURLU, decltype(&::curl_url_cleanup)> parsed(::curl_url(),
                                                                     &::curl_url_cleanup);
  char* text = nullptr;
  if (!parsed || ::curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) != 0 ||
      ::curl_url_get(parsed.get(), part, &text, 0) != 0) {
    return "";
  }
  const std::unique_ptr<char, decltype(&::curl_free)> owner(text, &::curl_free);
  return text;
}

/// Without the brackets of an IPv6 address.
std::string host_of(std::string_view url) {
  const std::string host = part_of(url, CURLUPART_HOST);
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

std::optional<std::string> private_host(std::string_view url) {
  std::string host = host_of(url);
  if (host == "localhost" || host.ends_with(".localhost")) return host;
  const auto address = parse_address(host);
  if (!address || !is_private_address(reinterpret_cast<const sockaddr&>(*address))) return {};
  return host;
}

void add_addresses(const std::string& host, std::vector<std::string>& to) {
  addrinfo* found = nullptr;
  if (host.empty() || ::getaddrinfo(host.c_str(), nullptr, nullptr, &found) != 0) return;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    to.push_back(address_text(*at->ai_addr));
  }
}

/// Of the proxies that libcurl takes from the environment.
std::vector<std::string> proxy_addresses() {
  constexpr std::array<const char*, 5> kVariables{"http_proxy", "https_proxy", "HTTPS_PROXY",
                                                  "all_proxy", "ALL_PROXY"};
  std::vector<std::string> addresses;
  for (const char* variable : kVariables) {
    const char* value = ::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    const std::string proxy(value);
    const bool whole = proxy.find("://") != std::string::npos;
    add_addresses(host_of(whole ? proxy : "http://" + proxy), addresses);
  }
  return addresses;
}

}  // namespace

std::optional<std::string> redirect_problem(std::string_view from, std::string_view to) {
  const std::string before = part_of(from, CURLUPART_SCHEME);
  const std::string after = part_of(to, CURLUPART_SCHEME);
  if (after != "http" && after != "https") return "neither http nor https";
  if (before == "https" && after != "https") return "from https to http";
  return std::nullopt;
}

RedirectGuard::RedirectGuard(CURL* curl, std::string url)
    : curl_(curl), url_(std::move(url)), from_(url_) {
  ::curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, &RedirectGuard::on_socket);
  ::curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, this);
  ::curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, &RedirectGuard::on_request);
  ::curl_easy_setopt(curl, CURLOPT_PREREQDATA, this);
}

curl_socket_t RedirectGuard::on_socket(void* user, curlsocktype, struct curl_sockaddr* address) {
  auto* guard = static_cast<RedirectGuard*>(user);
  if (!guard->may_connect(address->addr)) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int RedirectGuard::on_request(void* user, char*, char*, int, int) {
  return static_cast<RedirectGuard*>(user)->may_request() ? CURL_PREREQFUNC_OK
                                                          : CURL_PREREQFUNC_ABORT;
}

bool RedirectGuard::redirected() const {
  long count = 0;
  return ::curl_easy_getinfo(curl_, CURLINFO_REDIRECT_COUNT, &count) == CURLE_OK && count > 0;
}

std::string RedirectGuard::current_url() const {
  const char* url = nullptr;
  ::curl_easy_getinfo(curl_, CURLINFO_EFFECTIVE_URL, &url);
  return url == nullptr ? "" : url;
}

bool RedirectGuard::is_own(const std::string& address) const {
  return std::find(own_.begin(), own_.end(), address) != own_.end();
}

bool RedirectGuard::may_connect(const sockaddr& address) {
  std::string text = address_text(address);
  if (!redirected()) {
    own_.push_back(std::move(text));
    return true;
  }
  const std::string to = current_url();
  if (const auto problem = redirect_problem(from_, to)) {
    refuse(to, *problem);
    return false;
  }
  if (!is_private_address(address) || is_own(text)) return true;
  const std::vector<std::string> proxies = proxy_addresses();
  if (std::find(proxies.begin(), proxies.end(), text) != proxies.end()) return true;
  refuse(to, fmt::format("to the private address {}", text));
  return false;
}

/// The connection may be one of before, or a proxy's.
bool RedirectGuard::may_request() {
  if (!redirected()) return true;
  const std::string to = current_url();
  if (const auto problem = redirect_problem(from_, to)) {
    refuse(to, *problem);
    return false;
  }
  const auto host = private_host(to);
  if (host && !is_own(*host) && *host != host_of(url_)) {
    std::vector<std::string> addresses;
    add_addresses(*host, addresses);
    const bool own = std::any_of(addresses.begin(), addresses.end(),
                                 [&](const std::string& address) { return is_own(address); });
    if (!own) {
      refuse(to, fmt::format("to the private address {}", *host));
      return false;
    }
  }
  from_ = to;
  return true;
}

void RedirectGuard::refuse(const std::string& to, const std::string& what) {
  problem_ =
      Error{fmt::format("'{}': redirects to '{}': {}", url_, to, what),
            "a mirror may redirect to public addresses and to its own, and stays with https; "
            "if that place is a mirror of yours, name it itself"};
}

}  // namespace bpfmatrix
