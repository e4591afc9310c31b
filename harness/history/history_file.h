// The history in a file, an SQLite database that several runs may write at once:
//
//     runs    id, started, dir; content: what of the run was kept, to see whether it is the same
//     cells   a line of one run: cell, case, kernel, object, verdict, and as JSON its programs
//
// A file that is not ours, is damaged, or was written by a newer version is an error and stays as
// it is: nothing is ever set aside or begun anew by itself.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/database.h"
#include "base/result.h"
#include "history/history.h"

namespace bpfmatrix {

class HistoryFile {
 public:
  enum class For { reading, writing };
  /// To write, it is made if it is not there. Whoever waits for another writer gives up after
  /// `patience`. Error: there is none, or it cannot be used.
  static Result<HistoryFile> open(const std::filesystem::path& file, For what,
                                  std::chrono::milliseconds patience = std::chrono::seconds(30));

  const std::filesystem::path& path() const { return file_; }

  /// Takes a cell.
  using CellTaker = std::function<void(const HistoryCell&)>;
  /// Keeps a run, all of it or nothing, in place of what was kept under its id. `cells` gives them
  /// one by one; it is not called where `content` is kept of the run already. Error: as open(), or
  /// what `cells` gives.
  Result<> keep(const HistoryRun& run, const std::string& content,
                const std::function<Result<>(const CellTaker&)>& cells);

  /// In the order of their runs.
  Result<std::vector<HistoryEntry>> of_cell(const std::string& cell) const;
  Result<std::vector<HistoryEntry>> of_case(const std::string& case_id) const;
  /// All that are known, sorted.
  Result<std::vector<std::string>> cells() const;
  Result<std::vector<std::string>> cases() const;

 private:
  HistoryFile(std::filesystem::path file, std::unique_ptr<Database> database);
  Result<std::vector<HistoryEntry>> entries(const char* query, const std::string& name) const;
  Result<std::vector<std::string>> names(const char* query) const;
  Error trouble() const;

  std::filesystem::path file_{};
  std::unique_ptr<Database> database_{};
};

}  // namespace bpfmatrix
