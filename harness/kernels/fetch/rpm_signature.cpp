#include "kernels/fetch/rpm_signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/child_process.h"
#include "base/file.h"
#include "base/temp_dir.h"
#include "base/text.h"
#include "kernels/fetch/openpgp_key.h"
#include "kernels/fetch/release_file.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr auto kRpmTime = std::chrono::seconds(120);
constexpr std::uint64_t kMaxKeyBytes = 64 << 10;

/// What of this machine rpm may see beside its programs and libraries.
const std::vector<fs::path> kSettings{"/etc/rpm", "/etc/gcrypt", "/etc/ssl/openssl.cnf"};

/// Runs one of rpm's programs on a package in a world that holds that, a key, and none of this
/// machine's own packages, keys and settings. It reads what a stranger sent, so it is confined.
Result<CommandOutput> run_rpm(std::vector<std::string> argv, const fs::path& rpm,
                              const fs::path& home) {
  const auto define = [&](const std::string& macro) {
    argv.insert(argv.begin() + 1, {"--define", macro});
  };
  argv.push_back(rpm.string());
  define("_keyring fs");
  define(fmt::format("_keyringpath {}", (home / "keys").string()));
  define(fmt::format("_dbpath {}", (home / "db").string()));
  define("_pkgverify_level all");
  define("_pkgverify_flags 0x0");
  if (!find_program(argv[0])) {
    return Error{
        fmt::format("'{}': no such program in PATH; RPM packages cannot be checked", argv[0]),
        "install the package 'rpm'"};
  }
  Confinement confined{.limits = {.cpu_seconds = kRpmTime.count()}, .writable = {home}};
  confined.readable = kSettings;
  confined.readable.push_back(rpm);
  return run_command(Command{.argv = std::move(argv),
                             .environment = {{"LC_ALL", "C"}, {"HOME", home.string()}},
                             .directory = home,
                             .confined = std::move(confined)},
                     kRpmTime);
}

/// The one key that may sign, where rpmkeys looks for keys.
Result<KeyBlock> lay_out_key(const RpmTrust& trust, const fs::path& home) {
  const std::string where = fmt::format("signing key '{}'", trust.key_file.string());
  const Result<std::string> text = read_file(trust.key_file, kMaxKeyBytes);
  if (!text) return wrap("signing key", text.error());
  Result<KeyBlock> key = read_armoured_key(*text);
  if (!key) return wrap(where, key.error());
  if (key->primary.fingerprint != trust.fingerprint) {
    return Error{
        fmt::format("{}: want {}, got {}", where, trust.fingerprint, key->primary.fingerprint)};
  }
  const auto weak = trust.may_be_weak ? std::nullopt : weakness(*key);
  if (weak) {
    return Error{fmt::format("{}: {}; wanted 2048 bits or more", where, *weak),
                 "such a key can be forged; only packages that the catalog pins by their hash "
                 "('sha256') are accepted with it"};
  }
  std::error_code error;
  fs::create_directories(home / "keys", error);
  if (error) return file_error(home / "keys", error);
  if (Result<> written = write_file(home / "keys" / "signing.key", *text); !written) {
    return std::move(written).error();
  }
  return key;
}

bool is_strong(std::string_view line) {
  constexpr std::array<std::string_view, 3> kDigests{"SHA256", "SHA384", "SHA512"};
  return std::any_of(kDigests.begin(), kDigests.end(),
                     [&](auto digest) { return line.find(digest) != std::string_view::npos; });
}

/// What rpmkeys --checksig --verbose says, a line for each signature and digest: "Header V3
/// RSA/SHA256 Signature, key ID 8483c65d: OK", "Payload SHA256 digest: OK".
struct RpmChecks {
  bool signature = false;
  bool payload = false;
  std::vector<std::string> problems{};
};

RpmChecks read_checks(std::string_view output) {
  RpmChecks checked;
  for (const std::string_view raw : split(output, '\n')) {
    const std::string_view line = trim(raw);
    const bool good = line.ends_with(": OK");
    const bool signature = line.find("ignature, key ID ") != std::string_view::npos;
    if (good && signature && line.starts_with("Header ")) checked.signature |= is_strong(line);
    if (good && line.starts_with("Payload ")) checked.payload |= is_strong(line);
    if (good && signature && !is_strong(line)) {
      checked.problems.emplace_back("a signature with a digest weaker than SHA-256");
    }
    const bool absent = line.ends_with(": NOTFOUND") || line.ends_with(".rpm:");
    if (!good && !absent && !line.empty()) checked.problems.emplace_back(line);
  }
  return checked;
}

std::string reasons(const RpmChecks& checked) {
  std::string text;
  for (const std::string& problem : checked.problems) text += (text.empty() ? "" : ", ") + problem;
  if (!text.empty()) return text;
  return checked.signature ? "its header has no hash of its payload" : "not signed";
}

/// When the package was built and signed, by its header and by the signatures of that.
Result<RpmTimes> read_times(const fs::path& rpm, const KeyBlock& key, const fs::path& home) {
  const Result<CommandOutput> output =
      run_rpm({"rpm", "--query", "--package", "--nosignature", "--queryformat",
               "%{BUILDTIME}|%{RSAHEADER:base64}|%{DSAHEADER:base64}|"},
              rpm, home);
  if (!output) return output.error();
  const auto parts = split(output->out, '|');
  const std::uint64_t built =
      parts.size() == 4 ? parse_number(parts[0]).value_or(UINT64_MAX) : UINT64_MAX;
  if (!output->status.success() || built > UINT32_MAX) {
    return Error{"its header does not say when it was built"};
  }
  RpmTimes times{.built = std::chrono::sys_seconds(std::chrono::seconds(built)),
                 .key_made = key.primary.made,
                 .key_expires = key.expires};
  bool found = false;
  for (const std::string_view signature : {parts[1], parts[2]}) {
    if (signature == "(none)") continue;
    const Result<std::chrono::sys_seconds> made = signature_time(signature);
    if (!made) return made.error();
    if (found && *made != times.signed_at) return Error{"two signatures of different times"};
    times.signed_at = *made;
    found = true;
  }
  if (!found) return Error{"its signature does not say when it was made"};
  return times;
}

}  // namespace

std::optional<std::string> rpm_time_problem(const RpmTimes& times, std::chrono::sys_seconds now) {
  constexpr std::chrono::hours kDay{24};
  const std::string made = "made " + show_time(times.signed_at);
  if (times.signed_at < times.built - kDay) {
    return fmt::format("{}, before the package was built, {}", made, show_time(times.built));
  }
  if (times.signed_at < times.key_made) {
    return fmt::format("{}, before its key was made, {}", made, show_time(times.key_made));
  }
  if (times.key_expires && times.signed_at >= *times.key_expires) {
    return fmt::format("{}, after its key had expired, {}", made, show_time(*times.key_expires));
  }
  if (times.key_expires && times.built >= *times.key_expires) {
    return fmt::format("{}, but the package was built {}, after its key had expired, {}", made,
                       show_time(times.built), show_time(*times.key_expires));
  }
  if (times.signed_at > now + kDay) {
    return fmt::format("{}, which is in the future: the clock of this machine says {}", made,
                       show_time(now));
  }
  return std::nullopt;
}

Result<std::chrono::sys_seconds> verify_rpm(const fs::path& rpm, const std::string& name,
                                            const RpmTrust& trust) {
  Result<TempDir> home = TempDir::create();
  if (!home) return std::move(home).error();
  const Result<KeyBlock> key = lay_out_key(trust, home->path());
  if (!key) return key.error();
  const Result<CommandOutput> output =
      run_rpm({"rpmkeys", "--checksig", "--verbose"}, rpm, home->path());
  if (!output) return output.error();
  RpmChecks checked = read_checks(output->out);
  const std::string hint =
      fmt::format("only files that key {} signed are accepted", trust.fingerprint);
  if (!output->status.success() || !checked.signature || !checked.payload) {
    if (output->out.empty()) checked.problems.emplace_back(trim(output->err));
    return Error{fmt::format("signature of '{}': {}", name, reasons(checked)), hint};
  }
  const Result<RpmTimes> times = read_times(rpm, *key, home->path());
  if (!times) return wrap(fmt::format("signature of '{}'", name), times.error());
  if (const auto problem = rpm_time_problem(*times, trust.now)) {
    return Error{fmt::format("signature of '{}': {}", name, *problem),
                 "somebody who holds an old key may have dated it; try another mirror"};
  }
  return times->signed_at;
}

std::string RpmName::file_name() const { return fmt::format("{}-{}.{}.rpm", name, version, arch); }

Result<RpmName> read_rpm_name(const fs::path& rpm) {
  Result<TempDir> home = TempDir::create();
  if (!home) return std::move(home).error();
  const Result<CommandOutput> output =
      run_rpm({"rpm", "--query", "--package", "--nosignature", "--queryformat",
               "%{NAME}\\n%{VERSION}-%{RELEASE}\\n%{ARCH}\\n"},
              rpm, home->path());
  if (!output) return output.error();
  const auto lines = split(output->out, '\n');
  if (!output->status.success() || lines.size() < 3) {
    return Error{fmt::format("'{}': not an RPM package", rpm.filename().string())};
  }
  return RpmName{std::string(lines[0]), std::string(lines[1]), std::string(lines[2])};
}

}  // namespace bpfmatrix
