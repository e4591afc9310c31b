#include "matrix/matrix_spec.h"

#include "base/file.h"
#include "base/json.h"

namespace bpfmatrix {

namespace {
constexpr std::uint64_t kMaxMatrixBytes = 1 << 20;
constexpr int kMatrixSchema = 1;

/// JSON has no comments; keys that begin so are ours, and every program that reads or writes JSON
/// keeps them.
void drop_comments(Json& json) {
  if (!json.is_object()) return;
  for (auto it = json.begin(); it != json.end();)
    it = it.key().starts_with("//") ? json.erase(it) : std::next(it);
}

/// From the folder of the matrix.
std::string from(const std::filesystem::path& file, const std::string& object) {
  std::error_code seen_by_open;
  return std::filesystem::absolute(file.parent_path() / object, seen_by_open)
      .lexically_normal()
      .string();
}
}  // namespace

Result<MatrixSpec> read_matrix(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file, kMaxMatrixBytes);
  if (!text) return text.error();
  Result<Json> json = parse_json(*text, file.string());
  if (!json) return json.error();
  drop_comments(*json);

  ObjectReader reader(*json, file.string());
  MatrixSpec spec;
  if (reader.integer("schema") != kMatrixSchema) reader.fail("schema", "only 1 is known");
  spec.kernels = reader.strings("kernels");
  const auto cases = reader.optional_strings("cases");
  if (cases) spec.cases = *cases;
  const auto objects = reader.optional_strings("objects");
  for (const std::string& object : objects.value_or(std::vector<std::string>{}))
    spec.objects.push_back(from(file, object));
  if (objects && objects->empty()) reader.fail("objects", "names no object");
  if (objects && cases)
    reader.fail("objects", "stands beside 'cases'", "a matrix is of one or of the other");
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
