#include "base/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/file.h"
#include "base/gzip_reader.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kChunk = 1 << 16;
/// By how much more than its text a packed file may have, at the most.
constexpr std::uint64_t kOverhead = 1 << 16;

constexpr int kGzip = 15 + 16;  // the largest window, and a gzip header instead of zlib's

z_stream stream_over(std::string_view bytes) {
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  return stream;
}

}  // namespace

std::string gzip(std::string_view text) {
  z_stream stream = stream_over(text);
  ::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
  std::string out(::deflateBound(&stream, text.size()), '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

Result<std::string> gunzip(std::string_view bytes, std::uint64_t max_bytes) {
  z_stream stream = stream_over(bytes);
  ::inflateInit2(&stream, kGzip);
  std::string text;
  int status = Z_OK;
  while (status == Z_OK && text.size() <= max_bytes) {
    const std::size_t have = text.size();
    text.resize(have + kChunk);
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + have);
    stream.avail_out = kChunk;
    status = ::inflate(&stream, Z_NO_FLUSH);
    text.resize(text.size() - stream.avail_out);
  }
  ::inflateEnd(&stream);
  if (text.size() > max_bytes) return Error{fmt::format("more than {} bytes in it", max_bytes)};
  if (status != Z_STREAM_END) return Error{"no gzip, or cut short"};
  return text;
}

Result<std::string> read_gzip(const std::filesystem::path& file, std::uint64_t max_bytes) {
  Result<Fd> fd = open_file(file, max_bytes + kOverhead);
  if (!fd) return std::move(fd).error();
  const GzipReader in(::gzdopen(fd->get(), "rb"));
  if (in == nullptr) return file_error(file, ENOMEM);
  fd->release();
  std::string text;
  while (text.size() <= max_bytes) {
    const std::size_t have = text.size();
    text.resize(have + kChunk);
    const int n = ::gzread(in.get(), text.data() + have, kChunk);
    if (n < 0) return Error{fmt::format("'{}': damaged", file.string())};
    text.resize(have + static_cast<std::size_t>(n));
    if (n == 0) return text;
  }
  return Error{fmt::format("'{}': more than {} bytes in it", file.string(), max_bytes)};
}

}  // namespace bpfmatrix
