#include "kernels/fetch/packages_index.h"

#include <fmt/format.h>

#include <map>

#include "base/sha256.h"
#include "base/text.h"
#include "kernels/archive/decompress.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxIndexLineBytes = 1 << 20;
constexpr std::size_t kMaxWanted = 200'000;

/// Collects the fields of one stanza after the other.
class StanzaReader {
 public:
  StanzaReader(const std::function<bool(std::string_view)>& wanted, DamagedEntry damaged)
      : wanted_(wanted), damaged_(damaged) {}

  Result<> take(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      line_.append(bytes.substr(0, end));
      if (line_.size() > kMaxIndexLineBytes) return Error{"a line longer than 1 MiB"};
      if (end == std::string_view::npos) return {};
      bytes.remove_prefix(end + 1);
      Result<> done = take_line();
      if (!done) return done;
      line_.clear();
    }
    return {};
  }

  Result<std::vector<DebPackage>> finish() {
    Result<> done = take_line();
    if (done) done = end_stanza();
    if (!done) return std::move(done).error();
    return std::move(packages_);
  }

 private:
  Result<> take_line() {
    const std::string_view line = line_;
    if (trim(line).empty()) return end_stanza();
    if (line[0] == ' ' || line[0] == '\t') {
      // Only relations may go on in a second line that matters here.
      if (field_ != nullptr) field_->append(line);
      return field_ == nullptr || field_->size() <= kMaxIndexLineBytes
                 ? Result<>{}
                 : Error{"a field over 1 MiB"};
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return Error{fmt::format("'{}': no field", line)};
    const std::string_view name = line.substr(0, colon);
    field_ = nullptr;
    for (const std::string_view kept : {"Package", "Source", "Version", "Architecture", "Depends",
                                        "Pre-Depends", "Provides", "Filename", "Size", "SHA256"}) {
      if (name != kept) continue;
      const auto [at, fresh] = fields_.emplace(kept, trim(line.substr(colon + 1)));
      if (!fresh) return Error{fmt::format("field '{}' occurs twice", name)};
      field_ = &at->second;
    }
    return {};
  }

  Result<> end_stanza() {
    Result<> done;
    if (const auto name = fields_.find("Package"); name != fields_.end() && wanted_(name->second)) {
      done = keep();
      if (!done && damaged_ == DamagedEntry::left_out) done = {};
    }
    fields_.clear();
    field_ = nullptr;
    return done;
  }

  Result<> keep() {
    DebPackage package;
    package.name = fields_["Package"];
    const auto wrong = [&](std::string_view field) {
      return Error{fmt::format("package '{}': field '{}' is missing or wrong: '{}'", package.name,
                               field, fields_[field])};
    };
    const std::vector<std::string_view> source = words(fields_["Source"]);
    package.source = source.empty() ? package.name : std::string(source[0]);
    package.version = fields_["Version"];
    if (package.version.empty()) return wrong("Version");
    package.architecture = fields_["Architecture"];
    package.filename = fields_["Filename"];
    if (!is_safe_relative_path(package.filename)) return wrong("Filename");
    const auto bytes = parse_number(fields_["Size"]);
    if (!bytes) return wrong("Size");
    package.bytes = *bytes;
    package.sha256 = fields_["SHA256"];
    if (!is_sha256(package.sha256)) return wrong("SHA256");
    for (const auto& [field, groups] :
         {std::pair("Depends", &package.depends), std::pair("Pre-Depends", &package.pre_depends),
          std::pair("Provides", &package.provides)}) {
      Result<std::vector<DebAlternatives>> relations = parse_relations(fields_[field]);
      if (!relations)
        return wrap(fmt::format("package '{}'", package.name), std::move(relations).error());
      *groups = *std::move(relations);
    }
    if (packages_.size() >= kMaxWanted) return Error{"too many packages"};
    packages_.push_back(std::move(package));
    return {};
  }

  const std::function<bool(std::string_view)>& wanted_;
  DamagedEntry damaged_;
  std::string line_{};
  std::map<std::string_view, std::string> fields_{};
  std::string* field_ = nullptr;
  std::vector<DebPackage> packages_{};
};

}  // namespace

Result<std::vector<DebPackage>> read_packages(const std::filesystem::path& path,
                                              const std::function<bool(std::string_view)>& wanted,
                                              DamagedEntry damaged) {
  StanzaReader reader(wanted, damaged);
  Result<> read = decompress_file(path, kMaxIndexBytes,
                                  [&reader](std::string_view piece) { return reader.take(piece); });
  if (!read) return std::move(read).error();
  Result<std::vector<DebPackage>> packages = reader.finish();
  if (!packages) return wrap(fmt::format("'{}'", path.string()), std::move(packages).error());
  return packages;
}

const DebPackage* newest(const std::vector<DebPackage>& packages, const DebRelation& relation) {
  const DebPackage* best = nullptr;
  for (const DebPackage& package : packages) {
    if (package.name != relation.package || !relation.accepts(package.version)) continue;
    if (best == nullptr || compare_deb_versions(package.version, best->version) > 0) {
      best = &package;
    }
  }
  return best;
}

}  // namespace bpfmatrix
