// How long cells took in earlier runs, kept in the store: cell-times.json. A hint and no more: that
// it cannot be read or written does no harm.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "kernels/store.h"
#include "matrix/plan.h"

namespace bpfmatrix {

class CellTimes {
 public:
  explicit CellTimes(const Store& store);

  /// A guess where no run has told: by BTF source, which decides how much there is to parse.
  std::chrono::milliseconds expected(const Cell& cell) const;
  /// Safe from several threads.
  void took(const std::string& cell, std::chrono::milliseconds time);
  /// Over what is there: of two processes that save at a time one wins.
  void save() const;

 private:
  std::filesystem::path file_;
  mutable std::mutex mutex_{};
  std::map<std::string, std::int64_t> ms_{};
};

}  // namespace bpfmatrix
