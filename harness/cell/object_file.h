// The BPF object of a case on one architecture, ready to be handed to a guest.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "elf/object.h"

namespace bpfmatrix {

struct ObjectFile {
  std::filesystem::path file{};
  /// As a person named it: the path given, the source, or "PACKAGE:PATH".
  std::string shown{};
  ObjectInfo info{};
  /// Why it is no object that any loader could take; `info` is then empty.
  std::optional<Error> problem{};
};

}  // namespace bpfmatrix
