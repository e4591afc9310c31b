// Which Debian mirror apt on this machine uses: sources.list(5), both formats, as pure functions.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

/// One source of binary packages that is switched on.
struct AptSource {
  std::vector<std::string> uris{};
  std::vector<std::string> suites{};
  std::vector<std::string> components{};
  /// Empty: apt's own trusted keys.
  std::string signed_by{};
};

/// `deb [option=value] URI SUITE COMPONENT...`, one a line. Other lines are passed over: the file
/// is apt's to judge.
std::vector<AptSource> parse_sources_list(std::string_view text);
/// Stanzas of "Types:", "URIs:", "Suites:" ... (*.sources).
std::vector<AptSource> parse_deb822_sources(std::string_view text);

/// True for Debian's own main archive: a Debian suite with "main", no security suite, and no
/// keyring of somebody else.
bool is_debian_archive(const AptSource& source);

/// The first http, https or file URI of the first Debian source in sources.list and
/// sources.list.d/*.{list,sources} below `etc_apt`, without a trailing '/'; "mirror+file:" lists
/// are followed to their first URI. Nothing if there is none.
std::optional<std::string> apt_mirror(const std::filesystem::path& etc_apt);

}  // namespace bpfmatrix
