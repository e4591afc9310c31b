// A run as one page that opens from disk, without network: programs by kernels, a query language
// that is also the page's address, and the story of each cell. The page is a constant shell
// (html/page.html, with html/style.css and html/*.js in it) and data: lines of base64 over gzip,
//
//     the head        JSON: words, kernels, rows, root causes, and which line is what
//     a column each   values of all fields (row * kernels + kernel), little-endian
//     the reasons     JSON: what is said of fields, each text once
//     chunks          JSON: outcomes of kStoriesEach cells, each once
//
// so that a browser paints after a fraction of it. Whatever the run's texts hold is data there, and
// never markup; the page may run its own script only, and load nothing (Content-Security-Policy).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/causes/features.h"
#include "analysis/compare/program_state.h"
#include "base/json.h"
#include "outcome/kernel_facts_file.h"
#include "report/commands.h"
#include "report/dictionary.h"
#include "report/report_view.h"

namespace bpfmatrix {

struct HtmlOptions {
  /// What the run was compared with, in a word; empty: nothing.
  std::string baseline{};
  /// Of stories before they are packed to a tenth; what is more is left out, and of cells that are
  /// as expected what is more than half of it. The page then names the command that tells them.
  std::uint64_t max_story_bytes = std::uint64_t{256} << 20;
  /// What the run was asked to do, and outlives the report; nullptr: it is not known.
  const RunSpec* asked = nullptr;
};

/// Takes cells one by one, so that what it holds of each is small. Their order makes no difference,
/// but for which stories are left out.
class HtmlReport {
 public:
  /// `kernels` and `features` may be nullptr: then less is known of the kernels. Both outlive this.
  HtmlReport(HtmlOptions options, RunKernels* kernels, const Features* features);

  /// `outcome` is what its story is told from; nullptr: it has none.
  void add(const ReportCell& cell, const Outcome* outcome);
  /// What a cell was in the baseline, whether the run has it or not.
  void add_before(std::string_view cell, const CellState& before);
  /// The page. Of `view` everything but its cells is shown. Once, at the end.
  std::string finish(const ReportView& view);

 private:
  /// Numbers of texts_; a program without a name is the object.
  struct RowKey {
    std::uint32_t object = 0;
    std::uint32_t program = 0;
    std::uint32_t btf = 0;
    std::uint32_t loader = 0;
    bool operator==(const RowKey&) const = default;
  };
  struct HashRow {
    std::size_t operator()(const RowKey& key) const;
  };
  struct Row {
    RowKey key{};
    /// The first by name where it has another on another kernel.
    std::string section{};
    /// Among the programs of its object; the foremost where cells differ.
    std::uint32_t position = 0;
  };
  struct Field {
    std::uint32_t row = 0;
    std::uint16_t kernel = 0;
    std::uint8_t sign = 0;
    std::uint8_t verdict = 0;
    std::uint8_t cause = 0;
    std::uint8_t flags = 0;
    std::uint16_t root = 0;
    std::uint32_t insns = 0;
    std::uint32_t reason = 0;
    std::uint32_t story = 0;
  };
  struct Before {
    std::uint32_t row = 0;
    std::uint16_t kernel = 0;
    std::uint8_t sign = 0;
  };
  struct Kernel {
    std::string id{};
    OrderedJson json{};
  };
  struct Placed;

  std::uint32_t text(std::string_view text);
  std::uint32_t row(const RowKey& key, std::string_view section, std::uint32_t position);
  std::uint16_t kernel(const std::string& id, const Outcome* outcome);
  std::uint32_t reason(const ReportCell& cell, const ReportProgram& program);
  /// Sets `root` of the fields that belong to one.
  void find_roots(const std::vector<RootCause>& roots);
  std::uint32_t story(const Outcome& outcome, bool is_notable);
  void sort_texts();
  std::vector<std::string> story_chunks() const;
  Placed place() const;
  std::vector<std::string> columns(const Placed& placed, OrderedJson& described) const;
  OrderedJson head(const ReportView& view, const Placed& placed) const;

  HtmlOptions options_;
  RunAgain again_;
  RunKernels* kernel_facts_;
  const Features* features_;
  /// By cell: fields that may have a root cause, since they are not as expected.
  std::unordered_map<std::string, std::vector<std::size_t>> notable_{};
  Dictionary texts_{};
  std::vector<Row> rows_{};
  std::unordered_map<RowKey, std::uint32_t, HashRow> row_index_{};
  std::vector<Kernel> kernels_{};
  std::map<std::string, std::uint16_t, std::less<>> kernel_index_{};
  std::vector<Field> fields_{};
  std::vector<Before> before_{};
  /// JSON.
  Dictionary reasons_{};
  Dictionary stories_{};
  std::uint64_t story_bytes_ = 0;
  Dictionary causes_{};
};

/// The shell with both holes filled. `data` must be base64 and line ends only.
std::string html_page(std::string_view data);

}  // namespace bpfmatrix
