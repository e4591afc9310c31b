#include "kernels/fetch/clearsigned.h"

#include <fmt/format.h>

#include <chrono>

#include "base/child_process.h"
#include "base/file.h"
#include "base/temp_dir.h"
#include "base/text.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxTextBytes = 8 << 20;
constexpr auto kGpgvTime = std::chrono::seconds(60);
constexpr std::string_view kBegin = "-----BEGIN PGP SIGNED MESSAGE-----";
constexpr std::string_view kSignature = "-----BEGIN PGP SIGNATURE-----";
constexpr std::string_view kEnd = "-----END PGP SIGNATURE-----";

/// gpgv would read past text in front and behind; then "signed" were not "all of this file".
bool is_one_signed_text(std::string_view bytes) {
  int begins = 0;
  int signatures = 0;
  for (const std::string_view line : split(bytes, '\n')) {
    if (trim(line) == kBegin) ++begins;
    if (trim(line) == kSignature) ++signatures;
  }
  return bytes.starts_with(kBegin) && begins == 1 && signatures == 1 && trim(bytes).ends_with(kEnd);
}

/// What gpgv's status lines say (doc/DETAILS in GnuPG).
struct Verdict {
  std::string fingerprint{};
  std::string signer{};
  std::vector<std::string> problems{};
  bool bad = false;
};

bool is_strong_digest(std::string_view id) {  // RFC 4880, 9.4: SHA256, SHA384, SHA512
  return id == "8" || id == "9" || id == "10";
}

/// VALIDSIG <fpr> <date> <time> <expires> <version> <reserved> <pubkey> <hash> <class> <primary
/// fpr>
void take_valid(const std::vector<std::string_view>& fields, std::string_view signer, Verdict& to) {
  if (fields.size() < 11 || !is_strong_digest(fields[8])) {
    to.problems.emplace_back("a signature with a digest weaker than SHA-256");
  } else if (to.fingerprint.empty()) {
    to.fingerprint = fields[10];
    to.signer = signer;
  }
}

/// The key had not expired yet when it signed. KEYEXPIRED says when it did, VALIDSIG when it
/// signed.
bool was_good(const std::vector<std::string_view>& fields, std::string_view expired) {
  const auto signed_at = fields.size() > 3 ? parse_number(fields[3]) : std::nullopt;
  const auto expired_at = parse_number(expired);
  return signed_at && expired_at && *signed_at < *expired_at;
}

Verdict read_status(std::string_view status, KeyTime time) {
  Verdict verdict;
  std::string_view good;  // GOODSIG comes before the VALIDSIG of the same signature
  std::string_view past;  // and EXPKEYSIG in place of it, after KEYEXPIRED
  std::string_view expired;
  for (std::string_view line : split(status, '\n')) {
    if (!line.starts_with("[GNUPG:] ")) continue;
    line.remove_prefix(9);
    const auto fields = words(line);
    if (fields.empty()) continue;
    const std::string_view word = fields[0];
    const auto key = [&] { return fields.size() > 1 ? fields[1] : std::string_view("?"); };
    if (word == "NEWSIG") good = past = expired = {};
    const auto signer = [&] {
      return line.substr(static_cast<std::size_t>(fields[2].data() - line.data()));
    };
    if (word == "KEYEXPIRED") expired = key();
    if (word == "GOODSIG" && fields.size() > 2) good = signer();
    if (word == "EXPKEYSIG" && fields.size() > 2 && time == KeyTime::when_signed) past = signer();
    if (word == "VALIDSIG" && !past.empty() && was_good(fields, expired)) good = past;
    if (word == "VALIDSIG" && !good.empty()) take_valid(fields, good, verdict);
    if (word == "BADSIG") {
      verdict.bad = true;
      verdict.problems.push_back(fmt::format("bad signature by key {}", key()));
    }
    if (word == "NO_PUBKEY") {
      verdict.problems.push_back(fmt::format("key {} is not in the keyring", key()));
    }
    if (word == "EXPKEYSIG") verdict.problems.push_back(fmt::format("key {} has expired", key()));
    if (word == "EXPSIG") verdict.problems.emplace_back("the signature has expired");
    if (word == "REVKEYSIG") verdict.problems.push_back(fmt::format("key {} is revoked", key()));
  }
  return verdict;
}

std::string reasons(const Verdict& verdict, std::string_view complaint) {
  std::string text;
  for (const std::string& problem : verdict.problems) {
    if (text.find(problem) == std::string::npos) text += (text.empty() ? "" : ", ") + problem;
  }
  // Without a status, the last line that gpgv printed is the best cause.
  if (text.empty() && !trim(complaint).empty()) text = trim(split(trim(complaint), '\n').back());
  return text.empty() ? "not signed" : text;
}

Result<> check_tools(const fs::path& keyring) {
  if (!find_program("gpgv")) {
    return Error{"'gpgv': no such program in PATH; signatures cannot be checked",
                 "install the package 'gpgv'"};
  }
  std::error_code ignored;
  if (!fs::is_regular_file(keyring, ignored)) {
    return Error{
        fmt::format("keyring '{}': not there; signatures cannot be checked", keyring.string()),
        "install the package 'debian-archive-keyring'"};
  }
  return {};
}

}  // namespace

Result<SignedText> verify_clearsigned(std::string_view bytes, std::string_view name,
                                      const fs::path& keyring, KeyTime time) {
  if (Result<> tools = check_tools(keyring); !tools) return std::move(tools).error();
  if (!is_one_signed_text(bytes)) {
    return Error{fmt::format("signature of '{}': not one whole signed text", name)};
  }
  Result<TempDir> dir = TempDir::create();
  if (!dir) return std::move(dir).error();
  if (Result<> written = write_file(dir->path() / "signed", bytes); !written) {
    return std::move(written).error();
  }
  // The text goes to a file of its own: on the status stream it could forge status lines.
  const fs::path text = dir->path() / "text";
  Result<CommandOutput> gpgv =
      run_command(Command{.argv = {"gpgv", "--status-fd", "1", "--homedir", dir->path().string(),
                                   "--keyring", fs::absolute(keyring).string(), "--output",
                                   text.string(), (dir->path() / "signed").string()},
                          .environment = {{"LC_ALL", "C"}}},
                  kGpgvTime);
  if (!gpgv) return std::move(gpgv).error();
  const Verdict verdict = read_status(gpgv->out, time);
  if (verdict.bad || verdict.fingerprint.empty()) {
    return Error{
        fmt::format("signature of '{}': {}", name, reasons(verdict, gpgv->err)),
        fmt::format("only files that a key in '{}' signed are accepted", keyring.string())};
  }
  Result<std::string> plain = read_file(text, kMaxTextBytes);
  if (!plain) return std::move(plain).error();
  return SignedText{*std::move(plain), verdict.fingerprint, verdict.signer};
}

}  // namespace bpfmatrix
