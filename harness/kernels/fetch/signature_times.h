// Whether the time of a signature makes sense beside what it signs: who holds a key that has
// expired, and was found out or broken since, can date signatures back, but not everything around
// them.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernels/fetch/clearsigned.h"
#include "kernels/fetch/release_file.h"

namespace bpfmatrix {

/// The first signature whose time agrees with the Release file, its key and `as_of`. Error: there
/// is none; it says what is wrong with the first. Wanted is a signature that was made
///   - no more than an hour before the file's Date, and no more than seven days after it. Debian's
///     archive writes the Date and signs within minutes, and the release managers add theirs on the
///     same day; seven days is how long Debian's Valid-Until vouches for a suite. A point release
///     has a Date of its own.
///   - before its key expired; and what it signs is dated before that, too
///   - by a key that has not expired until `as_of`, unless that is in the past
///   - not after `as_of`, give or take a day.
Result<Signature> choose_signature(const std::vector<Signature>& signatures,
                                   const ReleaseFile& release, std::string_view source,
                                   const AsOf& as_of);

}  // namespace bpfmatrix
