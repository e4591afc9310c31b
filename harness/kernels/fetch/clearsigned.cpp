#include "kernels/fetch/clearsigned.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/child_process.h"
#include "base/file.h"
#include "base/temp_dir.h"
#include "base/text.h"
#include "kernels/fetch/openpgp_key.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxTextBytes = 8 << 20;
constexpr std::uint64_t kMaxKeyringBytes = 16 << 20;
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
  std::vector<Signature> signatures{};
  std::vector<std::string> problems{};
  bool bad = false;
};

bool is_strong_digest(std::string_view id) {  // RFC 4880, 9.4: SHA256, SHA384, SHA512
  return id == "8" || id == "9" || id == "10";
}

std::optional<std::chrono::sys_seconds> time_of(std::string_view seconds) {
  const auto number = parse_number(seconds);
  constexpr std::uint64_t kYear9999 = 253'402'300'799;
  if (!number || *number > kYear9999) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(*number)));
}

/// Reads the lines about one signature after the other.
class StatusReader {
 public:
  void take(std::string_view line) {
    const auto fields = words(line);
    if (fields.empty()) return;
    const std::string_view word = fields[0];
    const std::string_view key = fields.size() > 1 ? fields[1] : std::string_view("?");
    if (word == "NEWSIG") signer_ = {}, expired_ = {}, lapsed_ = false;
    if (word == "KEYEXPIRED") take_expiry(key);
    if ((word == "GOODSIG" || word == "EXPKEYSIG") && fields.size() > 2) {
      signer_ = line.substr(static_cast<std::size_t>(fields[2].data() - line.data()));
      lapsed_ = word == "EXPKEYSIG";
      key_ = key;
    }
    if (word == "VALIDSIG" && !signer_.empty()) take_valid(fields);
    if (word == "BADSIG") verdict_.bad = true, problem("bad signature by key {}", key);
    if (word == "NO_PUBKEY") problem("key {} is not one that may sign", key);
    if (word == "EXPSIG") problem("the signature by key {} has expired", key);
    if (word == "REVKEYSIG") problem("key {} is revoked", key);
  }

  Verdict release() { return std::move(verdict_); }

 private:
  void problem(const char* text, std::string_view key) {
    verdict_.problems.push_back(fmt::format(fmt::runtime(text), key));
  }

  /// That of the key and that of a subkey: the first of them counts.
  void take_expiry(std::string_view seconds) {
    const auto at = time_of(seconds);
    if (at && (!expired_ || *at < *expired_)) expired_ = at;
  }

  /// VALIDSIG <fpr> <date> <time> <expires> <version> <reserved> <pubkey> <hash> <class> <primary
  /// fpr>
  void take_valid(const std::vector<std::string_view>& fields) {
    const auto made = fields.size() > 10 ? time_of(fields[3]) : std::nullopt;
    if (!made || !is_strong_digest(fields[8])) {
      return problem("a signature by key {} with a digest weaker than SHA-256", key_);
    }
    if (lapsed_ && !expired_) return problem("key {} has expired, nobody says when", key_);
    verdict_.signatures.push_back({.fingerprint = std::string(fields[10]),
                                   .signer = std::string(signer_),
                                   .made = *made,
                                   .key_expired = lapsed_ ? expired_ : std::nullopt});
  }

  Verdict verdict_{};
  std::string_view key_{};
  std::string_view signer_{};
  std::optional<std::chrono::sys_seconds> expired_{};
  bool lapsed_ = false;
};

Verdict read_status(std::string_view status) {
  constexpr std::string_view kMark = "[GNUPG:] ";
  StatusReader reader;
  for (const std::string_view line : split(status, '\n')) {
    if (line.starts_with(kMark)) reader.take(line.substr(kMark.size()));
  }
  return reader.release();
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string reasons(const Verdict& verdict, std::string_view complaint) {
  std::vector<std::string> different;
  for (const std::string& problem : verdict.problems) {
    if (std::find(different.begin(), different.end(), problem) == different.end()) {
      different.push_back(problem);
    }
  }
  if (!different.empty()) return joined(different);
  // Without a status, the last line that gpgv printed is the best cause.
  const std::string_view last = trim(split(trim(complaint), '\n').back());
  return last.empty() ? "not signed" : std::string(last);
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

bool may_sign(const TrustedKeys& trusted, const std::string& fingerprint) {
  const auto& all = trusted.fingerprints;
  return std::find(all.begin(), all.end(), fingerprint) != all.end();
}

/// Nothing of the keyring but the keys that may sign: gpgv never sees another.
Result<std::string> chosen_keys(const TrustedKeys& trusted) {
  const std::string where = fmt::format("keyring '{}'", trusted.keyring.string());
  const Result<std::string> bytes = read_file(trusted.keyring, kMaxKeyringBytes);
  if (!bytes) return bytes.error();
  const Result<std::vector<KeyBlock>> all = read_keyring(*bytes);
  if (!all) return wrap(where, all.error());
  std::string chosen;
  std::vector<std::string> weak;
  for (const KeyBlock& key : *all) {
    const std::string& fingerprint = key.primary.fingerprint;
    if (!may_sign(trusted, fingerprint)) continue;
    const auto weakness_of_it = trusted.may_be_weak ? std::nullopt : weakness(key);
    if (weakness_of_it) weak.push_back(fmt::format("key {}: {}", fingerprint, *weakness_of_it));
    if (!weakness_of_it) chosen += key.packets;
  }
  if (!chosen.empty()) return chosen;
  if (!weak.empty()) {
    return Error{fmt::format("{}: {}; wanted 2048 bits or more", where, joined(weak)),
                 "such a key can be forged; only a Release file that the catalog pins by its hash "
                 "('release_sha256') is accepted with it"};
  }
  return Error{fmt::format("{}: has none of the keys that may sign: {}", where,
                           joined(trusted.fingerprints)),
               "is the package 'debian-archive-keyring' up to date?"};
}

/// gpgv reads what a stranger sent; all that it needs is in `folder`.
Command gpgv_command(const fs::path& folder) {
  return Command{.argv = {"gpgv", "--status-fd", "1", "--homedir", folder.string(), "--keyring",
                          (folder / "keyring").string(), "--output", (folder / "text").string(),
                          (folder / "signed").string()},
                 .environment = {{"LC_ALL", "C"}},
                 .directory = folder,
                 .confined = Confinement{.limits = {.memory_bytes = std::uint64_t{1} << 30,
                                                    .file_bytes = kMaxTextBytes},
                                         .writable = {folder}}};
}

}  // namespace

Result<SignedText> verify_clearsigned(std::string_view bytes, std::string_view name,
                                      const TrustedKeys& keys) {
  if (Result<> tools = check_tools(keys.keyring); !tools) return std::move(tools).error();
  if (!is_one_signed_text(bytes)) {
    return Error{fmt::format("signature of '{}': not one whole signed text", name)};
  }
  const Result<std::string> keyring = chosen_keys(keys);
  if (!keyring) return wrap(fmt::format("signature of '{}'", name), keyring.error());
  const Result<TempDir> dir = TempDir::create();
  if (!dir) return dir.error();
  for (const auto& [file, content] :
       {std::pair<const char*, std::string_view>{"signed", bytes}, {"keyring", *keyring}}) {
    if (Result<> written = write_file(dir->path() / file, content); !written) {
      return std::move(written).error();
    }
  }
  // The text goes to a file of its own: on the status stream it could forge status lines.
  const Result<CommandOutput> gpgv = run_command(gpgv_command(dir->path()), kGpgvTime);
  if (!gpgv) return gpgv.error();
  Verdict verdict = read_status(gpgv->out);
  std::erase_if(verdict.signatures, [&](const Signature& signature) {
    return !may_sign(keys, signature.fingerprint);  // it saw no other key
  });
  if (verdict.bad || verdict.signatures.empty()) {
    return Error{fmt::format("signature of '{}': {}", name, reasons(verdict, gpgv->err)),
                 fmt::format("only what one of these keys signed is accepted: {}",
                             joined(keys.fingerprints))};
  }
  Result<std::string> plain = read_file(dir->path() / "text", kMaxTextBytes);
  if (!plain) return std::move(plain).error();
  return SignedText{*std::move(plain), std::move(verdict.signatures)};
}

}  // namespace bpfmatrix
