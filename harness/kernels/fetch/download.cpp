#include "kernels/fetch/download.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "base/fd.h"
#include "base/file.h"
#include "base/sha256.h"
#include "kernels/fetch/redirect_guard.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr long kSlowBytesPerSecond = 1024;

enum class Transfer {
  whole,       ///< the server said that was all
  not_found,   ///< this name is not there
  no_resume,   ///< it will not go on in the middle: start over
  broken,      ///< the connection failed: worth another try
  impossible,  ///< trying again would not help
};

struct TransferEnd {
  Transfer kind = Transfer::whole;
  Error error{};
};

/// Takes what arrives; false stops the transfer, `problem` says why.
struct Receiver {
  std::function<bool(std::string_view)> take{};
  std::optional<Error> problem{};
};

std::size_t on_bytes(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto* receiver = static_cast<Receiver*>(user);
  return receiver->take({bytes, size * count}) ? size * count : 0;
}

struct CurlFree {
  void operator()(CURL* handle) const { ::curl_easy_cleanup(handle); }
};
using CurlHandle = std::unique_ptr<CURL, CurlFree>;

/// libcurl's global state, made by the first thread that comes here.
bool curl_ready() {
  static const bool ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

CurlHandle new_transfer(const std::string& url, const TransferLimits& limits) {
  if (!curl_ready()) return nullptr;
  CurlHandle handle(::curl_easy_init());
  CURL* curl = handle.get();
  if (curl == nullptr) return handle;
  ::curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  ::curl_easy_setopt(curl, CURLOPT_USERAGENT, "bpfmatrix");
  ::curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
  // A mirror may send us to another host, never to a file of this machine; see RedirectGuard.
  ::curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  ::curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  ::curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
  ::curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(limits.connect_timeout.count()));
  ::curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kSlowBytesPerSecond);
  ::curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.stall_timeout.count()));
  ::curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(limits.deadline.count()));
  return handle;
}

Transfer classify_http(long status) {
  if (status == 404 || status == 410) return Transfer::not_found;
  if (status == 416) return Transfer::no_resume;
  if (status >= 500 || status == 408 || status == 429) return Transfer::broken;
  return Transfer::impossible;
}

Transfer classify(CURLcode code, long status) {
  switch (static_cast<int>(code)) {  // some of several hundred: the others are for good
    case CURLE_HTTP_RETURNED_ERROR:
      return classify_http(status);
    case CURLE_FILE_COULDNT_READ_FILE:
    case CURLE_REMOTE_FILE_NOT_FOUND:
      return Transfer::not_found;
    case CURLE_RANGE_ERROR:
    case CURLE_BAD_DOWNLOAD_RESUME:
      return Transfer::no_resume;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return Transfer::broken;
    default:
      return Transfer::impossible;
  }
}

TransferEnd run_transfer(const std::string& url, std::uint64_t offset, const TransferLimits& limits,
                         Receiver& receiver) {
  const CurlHandle handle = new_transfer(url, limits);
  if (!handle) return {Transfer::impossible, Error{"libcurl does not start"}};
  CURL* curl = handle.get();
  const RedirectGuard guard(curl, url);
  std::array<char, CURL_ERROR_SIZE> text{};
  ::curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text.data());
  ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
  ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiver);
  if (offset > 0) {
    ::curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(offset));
  }
  const CURLcode code = ::curl_easy_perform(curl);
  if (receiver.problem) return {Transfer::impossible, *receiver.problem};
  if (code == CURLE_OK) return {};
  if (guard.problem()) return {Transfer::impossible, *guard.problem()};
  long status = 0;
  ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  const std::string reason = text[0] != '\0' ? text.data() : ::curl_easy_strerror(code);
  return {classify(code, status), Error{fmt::format("'{}': {}", url, reason)}};
}

/// The file that grows. Made anew or gone on with.
class PartFile {
 public:
  explicit PartFile(const Download& download)
      : path_(download.to.string() + ".part"), limit_(download.bytes) {}

  const fs::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  Result<> open() {
    fd_ = Fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
    struct stat info {};
    if (!fd_.valid() || ::fstat(fd_.get(), &info) != 0) return file_error(path_, errno);
    if (!S_ISREG(info.st_mode)) return file_error(path_, Error{"not a regular file"});
    size_ = static_cast<std::uint64_t>(info.st_size);
    if (size_ > limit_) return restart();
    if (::lseek(fd_.get(), 0, SEEK_END) < 0) return file_error(path_, errno);
    return {};
  }

  Result<> restart() {
    if (::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) < 0)
      return file_error(path_, errno);
    size_ = 0;
    return {};
  }

  Result<> append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return file_error(path_, errno);
      size_ += static_cast<std::uint64_t>(n);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  Result<> become(const fs::path& to) {
    if (::fsync(fd_.get()) != 0 || ::rename(path_.c_str(), to.c_str()) != 0)
      return file_error(path_, errno);
    return {};
  }

  void remove() { ::unlink(path_.c_str()); }

 private:
  fs::path path_;
  std::uint64_t limit_;
  Fd fd_{};
  std::uint64_t size_ = 0;
};

/// One file's way through broken connections, other names and fresh starts.
class Fetch {
 public:
  Fetch(const Download& download, const TransferLimits& limits, const ProgressCallback& progress)
      : download_(download),
        limits_(limits),
        progress_(progress),
        part_(download),
        retries_(limits.retries) {}

  Result<> run() {
    if (Result<> opened = part_.open(); !opened) return opened;
    for (;;) {
      const std::uint64_t offset = part_.size();
      const TransferEnd end = offset < download_.bytes ? transfer(offset) : TransferEnd{};
      std::optional<Result<>> done = decide(end, offset);
      if (done) return *std::move(done);
    }
  }

 private:
  const std::string& url() const { return download_.urls[url_]; }
  std::uint64_t known_bytes() const { return download_.size_unknown ? 0 : download_.bytes; }

  TransferEnd transfer(std::uint64_t offset) {
    Receiver receiver;
    receiver.take = [&](std::string_view bytes) {
      if (bytes.size() > download_.bytes - part_.size()) {
        receiver.problem =
            Error{fmt::format("'{}': larger than the {} bytes {}", url(), download_.bytes,
                              download_.size_unknown ? "it may have" : "announced")};
        return false;
      }
      Result<> kept = part_.append(bytes);
      if (!kept) receiver.problem = std::move(kept).error();
      if (progress_) progress_(Progress{download_.what, part_.size(), known_bytes()});
      return !receiver.problem;
    };
    return run_transfer(url(), offset, limits_, receiver);
  }

  /// Nothing: once more.
  std::optional<Result<>> decide(const TransferEnd& end, std::uint64_t offset) {
    switch (end.kind) {
      case Transfer::whole:
        return part_.size() < known_bytes() ? short_of_bytes() : check(offset > 0);
      case Transfer::not_found:
        if (++url_ < download_.urls.size()) return std::nullopt;
        return give_up(end.error, offset > 0);
      case Transfer::no_resume:
        return start_over(end.error);
      case Transfer::broken:
        if (retries_-- <= 0) return give_up(end.error, true);
        std::this_thread::sleep_for(limits_.retry_pause);
        return std::nullopt;
      case Transfer::impossible:
        return give_up(end.error, false);
    }
    return give_up(end.error, false);
  }

  std::optional<Result<>> short_of_bytes() {
    const Error truncated{
        fmt::format("'{}': truncated: {} of {} bytes", url(), part_.size(), download_.bytes)};
    if (retries_-- <= 0) return give_up(truncated, false);
    return std::nullopt;
  }

  std::optional<Result<>> check(bool resumed) {
    if (download_.sha256.empty()) return part_.become(download_.to);
    Result<std::string> sha256 = sha256_file(part_.path());
    if (!sha256) return std::move(sha256).error();
    if (*sha256 == download_.sha256) return part_.become(download_.to);
    const Error mismatch{
        fmt::format("sha256 mismatch in '{}': want {}, got {}", url(), download_.sha256, *sha256)};
    if (resumed) return start_over(mismatch);  // the first half may be from another time
    return give_up(mismatch, false);
  }

  std::optional<Result<>> start_over(const Error& error) {
    if (started_over_) return give_up(error, false);
    started_over_ = true;
    Result<> emptied = part_.restart();
    if (!emptied) return emptied;
    return std::nullopt;
  }

  Result<> give_up(const Error& error, bool keep_part) {
    if (!keep_part || part_.size() == 0) part_.remove();
    return error;
  }

  const Download& download_;
  const TransferLimits& limits_;
  const ProgressCallback& progress_;
  PartFile part_;
  std::size_t url_ = 0;
  int retries_;
  bool started_over_ = false;
};

}  // namespace

Result<> download_file(const Download& download, const TransferLimits& limits,
                       const ProgressCallback& progress) {
  assert(!download.urls.empty());
  return Fetch(download, limits, progress).run();
}

Result<std::string> download_text(const std::string& url, std::size_t max_bytes,
                                  const TransferLimits& limits) {
  for (int retries = limits.retries;; --retries) {
    std::string text;
    Receiver receiver;
    receiver.take = [&](std::string_view bytes) {
      text.append(bytes);
      if (text.size() <= max_bytes) return true;
      receiver.problem = Error{fmt::format("'{}': larger than {} bytes", url, max_bytes)};
      return false;
    };
    TransferEnd end = run_transfer(url, 0, limits, receiver);
    if (end.kind == Transfer::whole) return text;
    if (end.kind != Transfer::broken || retries <= 0) return std::move(end.error);
    std::this_thread::sleep_for(limits.retry_pause);
  }
}

std::string join_url(std::string_view base, std::string_view path) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/+:@!$&'()*,;=";
  while (base.ends_with('/')) base.remove_suffix(1);
  std::string url = std::string(base) + "/";
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      url += c;
    } else {
      url += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return url;
}

}  // namespace bpfmatrix
