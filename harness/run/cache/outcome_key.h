// What an outcome is a function of, and the hash of it all: two cells with one key would have the
// same outcome.
#pragma once

#include <string>

#include "cell/run_cell.h"

namespace bpfmatrix {

struct OutcomeKey {
  /// The cell: its kernel, object, case, BTF source, loader and time.
  const CellInput* input = nullptr;
  /// The machine, with the kernel's image and all that the guest boots with: agent, loaders,
  /// modules.
  std::string machine{};
  /// How cells are kept apart from one another.
  std::string isolation{};
  /// What is known of the kernel, and by which probe (see kept_facts_path).
  std::string facts{};
  /// The program that makes the record: ourselves.
  std::string recorder{};
};

/// 64 characters of [0-9a-f]. Error: a file that is put into the guest cannot be read.
Result<std::string> to_string(const OutcomeKey& key);

/// Which build of us is running: with another one, records may come out different. The build id
/// that the linker has put into it, which is a hash of its contents, or where it has none the hash
/// of its file, which may be hundreds of megabytes.
Result<std::string> recorder_hash();

}  // namespace bpfmatrix
