#include "run/cache/cell_times.h"

#include <algorithm>

#include "base/file.h"
#include "base/json.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxFileBytes = 16 << 20;
constexpr std::size_t kMaxCells = 100'000;
constexpr std::int64_t kMaxMs = std::int64_t{24} * 3600 * 1000;

}  // namespace

CellTimes::CellTimes(const Store& store) : file_(store.root() / "cell-times.json") {
  const Result<std::string> text = read_file(file_, kMaxFileBytes);
  const Result<Json> json = text ? parse_json(*text, file_.string()) : Result<Json>(text.error());
  if (!json || !json->is_object()) return;
  for (const auto& [cell, ms] : json->items()) {
    if (ms.is_number_integer()) {
      ms_[cell] = std::clamp<std::int64_t>(ms.get<std::int64_t>(), 0, kMaxMs);
    }
  }
}

std::chrono::milliseconds CellTimes::expected(const Cell& cell) const {
  const std::lock_guard lock(mutex_);
  const auto known = ms_.find(cell.id());
  if (known != ms_.end()) return std::chrono::milliseconds(known->second);
  return std::chrono::milliseconds(cell.btf == BtfSource::none ? 300 : 800);
}

void CellTimes::took(const std::string& cell, std::chrono::milliseconds time) {
  const std::lock_guard lock(mutex_);
  if (ms_.size() < kMaxCells || ms_.contains(cell)) ms_[cell] = time.count();
}

void CellTimes::save() const {
  const std::lock_guard lock(mutex_);
  (void)write_file(file_, json_text(Json(ms_)) + "\n");
}

}  // namespace bpfmatrix
