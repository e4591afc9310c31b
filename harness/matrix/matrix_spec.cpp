#include "matrix/matrix_spec.h"

#include "base/file.h"
#include "base/json.h"

namespace bpfmatrix {

namespace {
constexpr std::uint64_t kMaxMatrixBytes = 1 << 20;
constexpr int kMatrixSchema = 1;
}  // namespace

Result<MatrixSpec> read_matrix(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file, kMaxMatrixBytes);
  if (!text) return text.error();
  const Result<Json> json = parse_json(*text, file.string());
  if (!json) return json.error();

  ObjectReader reader(*json, file.string());
  MatrixSpec spec;
  if (reader.integer("schema") != kMatrixSchema) reader.fail("schema", "only 1 is known");
  spec.kernels = reader.strings("kernels");
  if (const auto cases = reader.optional_strings("cases")) spec.cases = *cases;
  if (const auto names = reader.optional_strings("btf")) {
    const auto sources = parse_btf_sources(*names);
    if (!sources) reader.fail("btf", sources.error().message, sources.error().hint);
    if (sources) spec.btf = *sources;
  }
  spec.loaders = reader.optional_strings("loaders");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return spec;
}

}  // namespace bpfmatrix
