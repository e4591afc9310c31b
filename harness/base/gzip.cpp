#include "base/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

namespace bpfmatrix {

namespace {

constexpr int kGzip = 15 + 16;  // the largest window, and a gzip header instead of zlib's
constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

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
  std::string out;
  int status = Z_OK;
  while (status == Z_OK && out.size() <= max_bytes) {
    const std::size_t before = out.size();
    out.resize(before + kBlockBytes);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(kBlockBytes);
    status = ::inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  ::inflateEnd(&stream);
  if (out.size() > max_bytes) return Error{fmt::format("unpacks to more than {} bytes", max_bytes)};
  if (status != Z_STREAM_END) return Error{"no gzip, or cut short"};
  return out;
}

}  // namespace bpfmatrix
