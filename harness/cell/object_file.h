// The BPF object of a case on one architecture, ready to be handed to a guest.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "elf/elf_file.h"
#include "elf/object.h"

namespace bpfmatrix {

struct ObjectFile {
  std::filesystem::path file{};
  /// As a person named it: the path given, the source, or "PACKAGE:PATH".
  std::string shown{};
  ObjectInfo info{};
  /// Its sections; nullptr: they were not read, or cannot be.
  std::shared_ptr<const ElfFile> elf{};
  /// Why it is no object that any loader could take; `info` is then empty.
  std::optional<Error> problem{};
};

}  // namespace bpfmatrix
