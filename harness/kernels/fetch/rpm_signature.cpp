#include "kernels/fetch/rpm_signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <vector>

#include "base/child_process.h"
#include "base/file.h"
#include "base/temp_dir.h"
#include "base/text.h"
#include "kernels/fetch/openpgp_key.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr auto kRpmTime = std::chrono::seconds(120);
constexpr std::uint64_t kMaxKeyBytes = 64 << 10;

/// Runs one of rpm's programs in a world that holds a package, a key, and none of this machine's
/// own packages, keys and settings.
Result<CommandOutput> run_rpm(std::vector<std::string> argv, const fs::path& home) {
  const auto define = [&](const std::string& macro) {
    argv.insert(argv.begin() + 1, {"--define", macro});
  };
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
  return run_command(
      Command{.argv = std::move(argv), .environment = {{"LC_ALL", "C"}, {"HOME", home.string()}}},
      kRpmTime);
}

/// The one key that may sign, where rpmkeys looks for keys.
Result<> lay_out_key(const fs::path& key_file, const std::string& fingerprint,
                     const fs::path& home) {
  const Result<std::string> key = read_file(key_file, kMaxKeyBytes);
  if (!key) return wrap("signing key", key.error());
  const Result<std::string> found = key_fingerprint(*key);
  if (!found) return wrap(fmt::format("signing key '{}'", key_file.string()), found.error());
  if (*found != fingerprint) {
    return Error{
        fmt::format("signing key '{}': want {}, got {}", key_file.string(), fingerprint, *found)};
  }
  std::error_code error;
  fs::create_directories(home / "keys", error);
  if (error) return file_error(home / "keys", error);
  return write_file(home / "keys" / "signing.key", *key);
}

bool is_strong(std::string_view line) {
  constexpr std::array<std::string_view, 3> kDigests{"SHA256", "SHA384", "SHA512"};
  return std::any_of(kDigests.begin(), kDigests.end(),
                     [&](auto digest) { return line.find(digest) != std::string_view::npos; });
}

/// What rpmkeys --checksig --verbose says, a line for each signature and digest: "Header V3
/// RSA/SHA256 Signature, key ID 8483c65d: OK", "Payload SHA256 digest: OK".
struct Checked {
  bool signature = false;
  bool payload = false;
  std::vector<std::string> problems{};
};

Checked read_checks(std::string_view output) {
  Checked checked;
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

std::string reasons(const Checked& checked) {
  std::string text;
  for (const std::string& problem : checked.problems) text += (text.empty() ? "" : ", ") + problem;
  if (!text.empty()) return text;
  return checked.signature ? "its header has no hash of its payload" : "not signed";
}

}  // namespace

Result<> verify_rpm(const fs::path& rpm, const std::string& name, const fs::path& key_file,
                    const std::string& fingerprint) {
  Result<TempDir> home = TempDir::create();
  if (!home) return std::move(home).error();
  if (Result<> laid = lay_out_key(key_file, fingerprint, home->path()); !laid) return laid;
  const Result<CommandOutput> output =
      run_rpm({"rpmkeys", "--checksig", "--verbose", rpm.string()}, home->path());
  if (!output) return output.error();
  Checked checked = read_checks(output->out);
  if (output->status.success() && checked.signature && checked.payload) return {};
  if (output->out.empty()) checked.problems.emplace_back(trim(output->err));
  return Error{fmt::format("signature of '{}': {}", name, reasons(checked)),
               fmt::format("only files that key {} signed are accepted", fingerprint)};
}

std::string RpmName::file_name() const { return fmt::format("{}-{}.{}.rpm", name, version, arch); }

Result<RpmName> read_rpm_name(const fs::path& rpm) {
  Result<TempDir> home = TempDir::create();
  if (!home) return std::move(home).error();
  const Result<CommandOutput> output =
      run_rpm({"rpm", "--query", "--package", "--nosignature", "--queryformat",
               "%{NAME}\\n%{VERSION}-%{RELEASE}\\n%{ARCH}\\n", rpm.string()},
              home->path());
  if (!output) return output.error();
  const auto lines = split(output->out, '\n');
  if (!output->status.success() || lines.size() < 3) {
    return Error{fmt::format("'{}': not an RPM package", rpm.filename().string())};
  }
  return RpmName{std::string(lines[0]), std::string(lines[1]), std::string(lines[2])};
}

}  // namespace bpfmatrix
