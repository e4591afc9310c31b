#include "kernels/fetch/signature_times.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

namespace bpfmatrix {

namespace {

constexpr std::chrono::hours kEarlier{1};
constexpr std::chrono::hours kLater{24 * 7};

constexpr const char* kDatedBack =
    "somebody who holds an old key may have dated it; try another mirror with --mirror URL";

std::optional<Error> contradiction(const Signature& by, const ReleaseFile& release,
                                   const AsOf& as_of) {
  const std::string made = fmt::format("made {} by key {}", show_time(by.made), by.fingerprint);
  const std::string date = show_time(release.date);
  if (by.key_expired && by.made >= *by.key_expired) {
    return Error{fmt::format("{}, which had expired {}", made, show_time(*by.key_expired)),
                 kDatedBack};
  }
  if (by.key_expired && release.date >= *by.key_expired) {
    return Error{fmt::format("key {} had expired {}, before the date of what it signs, {}",
                             by.fingerprint, show_time(*by.key_expired), date),
                 kDatedBack};
  }
  if (by.made < release.date - kEarlier) {
    return Error{fmt::format("{}, before the date of what it signs, {}", made, date), kDatedBack};
  }
  if (by.made > release.date + kLater) {
    return Error{fmt::format("{}, more than {} days after the date of what it signs, {}", made,
                             kLater.count() / 24, date),
                 kDatedBack};
  }
  if (by.made > as_of.time + kClockSkew) {
    return Error{fmt::format("{}, which is in the future: {}", made, show_as_of(as_of)),
                 as_of.past ? kDatedBack : "check this machine's clock"};
  }
  if (by.key_expired && !as_of.past) {
    return Error{fmt::format("key {} has expired {}: {}", by.fingerprint,
                             show_time(*by.key_expired), show_as_of(as_of)),
                 "is the package 'debian-archive-keyring' up to date, and the clock right?"};
  }
  return std::nullopt;
}

}  // namespace

Result<Signature> choose_signature(const std::vector<Signature>& signatures,
                                   const ReleaseFile& release, std::string_view source,
                                   const AsOf& as_of) {
  std::optional<Error> first;
  for (const Signature& signature : signatures) {
    std::optional<Error> problem = contradiction(signature, release, as_of);
    if (!problem) return signature;
    if (!first) first = std::move(problem);
  }
  return wrap(fmt::format("signature of '{}'", source),
              first ? *std::move(first) : Error{"not signed"});
}

}  // namespace bpfmatrix
