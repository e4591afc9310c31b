// The loaders in the guest, compared with what they were: what ran here as root may have replaced
// one.
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace bpfmatrix::guest {

class Tools {
 public:
  /// All that lie in `folder` now, in memory: some MiB.
  static Tools read(const std::string& folder = "/bpfmatrix/loaders");

  /// Error: `path` lies in the folder and is not what it was, byte by byte, or was not there.
  Result<> check(const std::string& path) const;

 private:
  std::string folder_{};
  std::map<std::string, std::string> bytes_{};
};

}  // namespace bpfmatrix::guest
