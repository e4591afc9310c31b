#include "base/lines.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/gzip_reader.h"

namespace bpfmatrix {

namespace {

class LineReader {
 public:
  LineReader(std::string name, const LineLimits& limits, const LineSink& sink)
      : name_(std::move(name)), limits_(limits), sink_(sink) {}

  Result<> take(std::string_view block) {
    total_ += block.size();
    if (total_ > limits_.file_bytes) {
      return Error{fmt::format("'{}': more than {} bytes", name_, limits_.file_bytes)};
    }
    for (auto end = block.find('\n'); end != std::string_view::npos; end = block.find('\n')) {
      if (Result<> ok = extend(block.substr(0, end)); !ok) return ok;
      if (Result<> ok = sink_(line_, number_); !ok) return ok;
      line_.clear();
      ++number_;
      block.remove_prefix(end + 1);
    }
    return extend(block);
  }

 private:
  Result<> extend(std::string_view part) {
    if (line_.size() + part.size() > limits_.line_bytes) {
      return Error{
          fmt::format("'{}:{}': a line of more than {} bytes", name_, number_, limits_.line_bytes)};
    }
    line_ += part;
    return {};
  }

  std::string name_;
  const LineLimits& limits_;
  const LineSink& sink_;
  std::string line_{};
  std::size_t number_ = 1;
  std::uint64_t total_ = 0;
};

}  // namespace

Result<> read_lines(const std::filesystem::path& file, const LineLimits& limits,
                    const LineSink& sink) {
  Result<Fd> fd = open_file(file, limits.file_bytes);
  if (!fd) return std::move(fd).error();
  // Passes through what is not packed.
  const GzipReader in(::gzdopen(fd->get(), "r"));
  if (in == nullptr) return file_error(file, ENOMEM);
  fd->release();
  LineReader lines(file.string(), limits, sink);
  std::array<char, 1 << 16> block{};
  for (;;) {
    const int n = ::gzread(in.get(), block.data(), block.size());
    if (n < 0) return Error{fmt::format("'{}': damaged", file.string())};
    if (n == 0) return {};
    if (Result<> ok = lines.take({block.data(), static_cast<std::size_t>(n)}); !ok) return ok;
  }
}

}  // namespace bpfmatrix
