#include "outcome/cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <iterator>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/file.h"
#include "base/lines.h"
#include "base/parallel.h"
#include "base/sha256.h"
#include "outcome/outcome_fields.h"

namespace bpfmatrix {

namespace {

/// A million cells have some 4 GiB.
constexpr LineLimits kLimits{.file_bytes = std::uint64_t{64} << 30};
constexpr std::size_t kPartBytes = std::size_t{8} << 20;

struct Line {
  std::string text{};
  std::size_t number = 0;
};

struct ReadLine {
  std::optional<Outcome> outcome{};
  std::optional<Error> error{};
  std::string sha256{};
};

/// Collects lines until there are enough for all cores. While a part is read, the one before is
/// given out.
class PartReader {
 public:
  PartReader(const std::filesystem::path& file, const CellSink& sink) : file_(file), sink_(sink) {}

  Result<> take(std::string_view line, std::size_t number) {
    lines_.push_back({std::string(line), number});
    bytes_ += line.size();
    return bytes_ < kPartBytes ? Result<>() : turn();
  }

  Result<> finish() {
    const Result<> turned = turn();
    return turned ? turn() : turned;
  }

 private:
  Result<> turn() {
    std::vector<ReadLine> read;
    if (reading_.valid()) read = reading_.get();
    if (!lines_.empty()) {
      reading_ = std::async(std::launch::async,
                            [this, lines = std::move(lines_)] { return parse_all(lines); });
    }
    lines_.clear();
    bytes_ = 0;
    return give_out(std::move(read));
  }

  std::vector<ReadLine> parse_all(const std::vector<Line>& lines) const {
    std::vector<ReadLine> read(lines.size());
    // One core is busy with the part before. A few pieces for each, so that none waits long.
    const int cores = std::max(1, cores_here() - 1);
    const std::size_t pieces =
        std::min<std::size_t>(lines.size(), 4U * static_cast<std::size_t>(cores));
    for_each_at_once(pieces, cores, [&](std::size_t piece) {
      const std::size_t end = (piece + 1) * lines.size() / pieces;
      for (std::size_t i = piece * lines.size() / pieces; i < end; ++i) read[i] = parse(lines[i]);
    });
    return read;
  }

  Result<> give_out(std::vector<ReadLine> read) {
    std::vector<Outcome> part;
    part.reserve(read.size());
    for (ReadLine& one : read) {
      if (one.error) return *std::move(one.error);
      if (Result<bool> is_new = note(*one.outcome, one.sha256); !is_new) {
        return std::move(is_new).error();
      } else if (*is_new) {
        part.push_back(*std::move(one.outcome));
      }
    }
    if (!part.empty()) sink_(part);
    return {};
  }

  ReadLine parse(const Line& line) const {
    ReadLine read{.sha256 = sha256_hex(line.text)};
    Result<Outcome> outcome =
        outcome_from_line(line.text, fmt::format("{}:{}", file_.string(), line.number));
    if (outcome) read.outcome = *std::move(outcome);
    if (!outcome) read.error = std::move(outcome).error();
    return read;
  }

  /// Whether its cell was not there before.
  Result<bool> note(const Outcome& outcome, const std::string& sha256) {
    // Half of the hash tells two lines apart as well, and takes half of the memory.
    const auto [known, is_new] = known_.emplace(outcome.cell, sha256.substr(0, sha256.size() / 2));
    if (is_new || sha256.starts_with(known->second)) return is_new;
    return file_error(file_, Error{fmt::format("two outcomes of '{}' that differ", outcome.cell)});
  }

  const std::filesystem::path& file_;
  const CellSink& sink_;
  std::vector<Line> lines_{};
  std::size_t bytes_ = 0;
  std::unordered_map<std::string, std::string> known_{};
  /// The last member: it reads the others until it is over.
  std::future<std::vector<ReadLine>> reading_{};
};

}  // namespace

Cells cells_of(const std::vector<Outcome>& outcomes) {
  return [&outcomes](const CellSink& sink) {
    sink(outcomes);
    return Result<>();
  };
}

Result<> read_cell_parts(const std::filesystem::path& file, const CellSink& sink) {
  PartReader reader(file, sink);
  const Result<> read = read_lines(file, kLimits, [&](std::string_view line, std::size_t number) {
    return reader.take(line, number);
  });
  return read ? reader.finish() : read;
}

Cells cells_in(const std::filesystem::path& file) {
  return [file](const CellSink& sink) { return read_cell_parts(file, sink); };
}

Result<std::vector<Outcome>> all_of(const Cells& cells) {
  std::vector<Outcome> all;
  const Result<> read = cells(
      [&](const std::vector<Outcome>& part) { all.insert(all.end(), part.begin(), part.end()); });
  if (!read) return read.error();
  return all;
}

Result<std::vector<Outcome>> read_cells(const std::filesystem::path& file) {
  return all_of(cells_in(file));
}

}  // namespace bpfmatrix
