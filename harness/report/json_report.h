// What `judge --json` and `report --format json` print: the matrix and what is said of it, for
// other programs. The schema is report.schema.json, made from the list of fields in
// json_report.cpp.
#pragma once

#include <string>
#include <vector>

#include "analysis/expect/judge_run.h"
#include "analysis/expect/root_causes.h"
#include "base/json.h"
#include "report/matrix_view.h"

namespace bpfmatrix {

OrderedJson json_report(const MatrixView& view, const VerdictSummary& summary,
                        const std::vector<RootCause>& roots);

OrderedJson json_report_schema();

/// Strict. Error: `json` is none; names `where` and the key.
Result<> check_json_report(const Json& json, const std::string& where);

}  // namespace bpfmatrix
