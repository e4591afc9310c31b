// Programs x kernels, as every rendering shows it: one sign and a few words a field.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "analysis/sign.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

struct Field {
  Sign sign = Sign::unknown;
  /// A few words: the cause of a failure, the end of a VM; empty for a plain success.
  std::string words{};
  /// The cell behind it, for `explain`.
  std::string cell{};
};

struct Row {
  std::string case_id{};
  /// Empty when the object never opened: the row then stands for the object.
  std::string program{};
  std::string btf{};
  std::string loader{};
  /// By kernel id; a kernel this row was not planned on is absent.
  std::map<std::string, Field> fields{};
};

/// A kernel of which nothing was found out: all of its cells are unavailable.
struct UnavailableKernel {
  std::string kernel{};
  std::string arch{};
  std::string reason{};
  int cells = 0;
};

struct MatrixView {
  /// Kernel ids of one architecture, oldest release first, and the rows that ran on any of them.
  struct Table {
    std::string arch{};
    std::vector<std::string> kernels{};
    std::vector<Row> rows{};
  };
  std::vector<Table> tables{};
  /// How many fields have each sign.
  std::map<Sign, int> counts{};
  /// In neither the tables nor the counts; by name.
  std::vector<UnavailableKernel> unavailable{};
};

/// Takes outcomes one by one. `kernels` is what is known of them, and outlives it; nullptr:
/// nothing.
class MatrixBuilder {
 public:
  explicit MatrixBuilder(RunKernels* kernels) : kernels_(kernels) {}

  void take(const Outcome& outcome);
  /// Once, at the end.
  MatrixView finish();

 private:
  using RowKey = std::tuple<std::string, std::string, std::string, std::string>;
  struct Table {
    std::map<std::string, std::string> releases{};
    std::map<RowKey, Row> rows{};
  };
  void add_row(Table& table, const Outcome& outcome, const ProgramOutcome* program,
               const KernelFacts* kernel);
  std::vector<UnavailableKernel> take_unavailable();
  static MatrixView::Table build(const std::string& arch, Table table);

  RunKernels* kernels_;
  /// By architecture.
  std::map<std::string, Table> tables_{};
  /// Kernels of which something was found out, and those of which nothing was in some cell.
  std::set<std::string> told_{};
  std::map<std::string, UnavailableKernel> untold_{};
};

/// All at once.
MatrixView make_matrix_view(const std::vector<Outcome>& outcomes, RunKernels* kernels = nullptr);

/// Where one program of an outcome stands; `program` may be null for the object as a whole.
Field make_field(const Outcome& outcome, const ProgramOutcome* program,
                 const KernelFacts* kernel = nullptr);

}  // namespace bpfmatrix
