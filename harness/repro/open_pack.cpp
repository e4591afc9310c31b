#include "repro/open_pack.h"

#include <fmt/format.h>

#include <set>

#include "base/file.h"
#include "base/sha256.h"
#include "cell/run_cell.h"
#include "cell/transcript_fields.h"
#include "kernels/archive/tar_zst.h"
#include "kernels/kernel_record.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome_fields.h"
#include "run/objects/app_finder.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxOutcomeBytes = 64 << 20;
constexpr std::uint64_t kMaxTranscriptBytes = 64 << 20;
/// zstd comes to a hundred where nothing was ever said twice; what is small may do what it likes.
constexpr std::uint64_t kMaxRatio = 100;
constexpr std::uint64_t kRatioFree = 64 << 20;

const char* const kNoPack = "packs are made by 'bpfmatrix repro pack'";

/// The pack's files as they come out of it: the manifest first, then those that it names.
class Unpacking {
 public:
  Unpacking(const fs::path& file, const fs::path& into) : file_(file), into_(into) {}

  Result<Manifest> run() {
    const Result<UnpackRules> rules = find_rules();
    if (!rules) return rules.error();
    const auto place = [this](std::string_view path) { return take(path); };
    if (Result<> done = unpack_tar_zst(file_, into_, place, *rules); !done) {
      return std::move(done).error();
    }
    if (!manifest_) return Error{"empty"};
    for (const PackMember& member : manifest_->members) {
      if (Result<> good = check(member); !good) return std::move(good).error();
    }
    return *std::move(manifest_);
  }

 private:
  Result<UnpackRules> find_rules() const {
    const Result<Fd> opened = open_file(file_, kMaxPackBytes);
    if (!opened) return opened.error();
    std::error_code seen_by_unpack;
    const std::uintmax_t packed = fs::file_size(file_, seen_by_unpack);
    if (seen_by_unpack) return file_error(file_, seen_by_unpack);
    UnpackRules rules;
    rules.max_bytes = std::min(kMaxPackBytes + kMaxManifestBytes, kRatioFree + packed * kMaxRatio);
    rules.max_entries = kMaxPackMembers + 1;
    return rules;
  }

  Result<std::optional<std::string>> take(std::string_view path) {
    if (!manifest_ && seen_.empty() && path == kManifestMember) {
      seen_.emplace(path);
      return std::optional<std::string>(path);
    }
    if (seen_.empty()) return Error{fmt::format("'{}' does not come first", kManifestMember)};
    if (!manifest_) {
      if (Result<> done = read(); !done) return std::move(done).error();
    }
    if (!seen_.emplace(path).second) return Error{fmt::format("'{}' comes twice", path)};
    if (manifest_->has(path)) return std::optional<std::string>(path);
    return Error{fmt::format("'{}' is not in its manifest", path)};
  }

  Result<> read() {
    const Result<std::string> text = read_file(into_ / kManifestMember, kMaxManifestBytes);
    if (!text) return Error{fmt::format("'{}' is too large", kManifestMember)};
    Result<Manifest> manifest = read_manifest(*text, std::string(kManifestMember));
    if (!manifest) return std::move(manifest).error();
    manifest_ = *std::move(manifest);
    return {};
  }

  Result<> check(const PackMember& member) const {
    if (!seen_.contains(member.path)) return Error{fmt::format("'{}' is missing", member.path)};
    const fs::path file = into_ / member.path;
    std::error_code error;
    const std::uintmax_t bytes = fs::file_size(file, error);
    if (error) return file_error(member.path, error);
    if (bytes != member.bytes) {
      return Error{
          fmt::format("'{}': {} bytes, its manifest says {}", member.path, bytes, member.bytes)};
    }
    const Result<std::string> sha256 = sha256_file(file);
    if (!sha256) return sha256.error();
    if (*sha256 == member.sha256) return {};
    return Error{
        fmt::format("'{}': sha256 mismatch: want {}, got {}", member.path, member.sha256, *sha256)};
  }

  const fs::path& file_;
  const fs::path& into_;
  std::optional<Manifest> manifest_{};
  std::set<std::string, std::less<>> seen_{};
};

/// What lies in the folder, read and compared: all of it must be about the one cell.
class Reading {
 public:
  Reading(const fs::path& folder, Manifest manifest) : folder_(folder) {
    pack_.manifest = std::move(manifest);
  }

  Result<OpenedPack> run() {
    for (const auto step :
         {&Reading::read_transcript, &Reading::read_outcome, &Reading::read_facts,
          &Reading::read_spec, &Reading::read_app, &Reading::read_btf, &Reading::read_kernel}) {
      if (Result<> read = (this->*step)(); !read) return std::move(read).error();
    }
    return std::move(pack_);
  }

 private:
  const Manifest& manifest() const { return pack_.manifest; }
  const TranscriptInputs& inputs() const { return pack_.transcript.inputs; }

  static Result<> same(std::string_view what, std::string_view of, std::string_view manifest,
                       std::string_view other) {
    if (manifest == other) return {};
    return Error{fmt::format("the {} of its manifest is '{}', and that of its {} '{}'", what,
                             manifest, of, other)};
  }

  Result<> read_transcript() {
    const Result<std::string> bytes = read_file(folder_ / kTranscriptMember, kMaxTranscriptBytes);
    if (!bytes) return named(kTranscriptMember, bytes.error());
    Result<Transcript> read = unpack_transcript(*bytes, std::string(kTranscriptMember));
    if (!read) return std::move(read).error();
    pack_.transcript = *std::move(read);
    const PackMember& object = *manifest().find(kObjectMember);
    const std::string& recorded = inputs().object.sha256;
    const std::pair<const char*, std::pair<std::string_view, std::string_view>> pairs[] = {
        {"cell", {manifest().cell, inputs().cell}},
        {"kernel image", {manifest().kernel.image_sha256, inputs().image_sha256}},
        {"architecture", {to_string(manifest().kernel.arch), inputs().kernel.arch}},
        {"object", {recorded.empty() ? recorded : object.sha256, recorded}}};
    for (const auto& [what, values] : pairs) {
      if (Result<> fits = same(what, "transcript", values.first, values.second); !fits) return fits;
    }
    return {};
  }

  Result<> read_outcome() {
    const Result<std::string> text = read_file(folder_ / kOutcomeMember, kMaxOutcomeBytes);
    if (!text) return named(kOutcomeMember, text.error());
    const Result<Json> json = parse_json(*text, kOutcomeMember);
    if (!json) return json.error();
    Result<Outcome> read = outcome_from_json(*json, std::string(kOutcomeMember));
    if (!read) return std::move(read).error();
    pack_.outcome = *std::move(read);
    return same("cell", "outcome", manifest().cell, pack_.outcome.cell);
  }

  Result<> read_facts() {
    if (!manifest().has(kFactsMember)) return {};
    Result<KeptFacts> kept = read_kept_facts(folder_ / kFactsMember);
    if (!kept) return named(kFactsMember, kept.error());
    pack_.facts = std::move(kept->facts);
    return {};
  }

  /// The case's own rules are of no interest here; what it asks of the guest is.
  Result<> read_spec() {
    const bool by_file = !manifest().has(kCaseJsonMember);
    Result<CaseSpec> spec = by_file ? Result<CaseSpec>(case_for_object(manifest().object))
                                    : read_case(folder_ / kCaseJsonMember);
    if (!spec) return named(kCaseJsonMember, spec.error());
    spec->id = manifest().case_id;
    spec->group = manifest().group;
    // As it was compiled, stripped or fetched.
    spec->object = FileObject{folder_ / kObjectMember, manifest().object};
    spec->strip.clear();
    if (!asks_for(*spec, inputs().spec)) {
      return Error{"its case is not what its transcript says was run"};
    }
    pack_.spec = *std::move(spec);
    return {};
  }

  Result<> read_app() {
    if (!manifest().app) {
      return inputs().app ? Result<>(Error{"its transcript has an application, its manifest none"})
                          : Result<>();
    }
    const AppInput now{*manifest().app, manifest().find(kAppMember)->sha256};
    const bool fits = inputs().app && to_json_text(now) == to_json_text(*inputs().app);
    if (!fits) return Error{"its application is not the one of its transcript"};
    pack_.app = AppFile{now.app, folder_ / kAppMember, now.sha256};
    return {};
  }

  Result<> read_btf() {
    const PackMember* member = manifest().find(kBtfMember);
    const auto& embedded = inputs().embedded;
    const bool by_file = embedded && embedded->origin == EmbeddedOrigin::file;
    if ((member != nullptr) != by_file) {
      return Error{fmt::format("its transcript and '{}' do not go together", kBtfMember)};
    }
    if (member == nullptr) return {};
    pack_.btf = KernelBtf{folder_ / kBtfMember, member->bytes, member->sha256};
    return same("embedded BTF", "transcript", member->sha256, embedded->sha256);
  }

  /// Templates are known by these hashes, so they must be true.
  Result<> read_kernel() {
    if (!manifest().has(kKernelRecordMember)) return {};
    Result<Kernel> kernel = read_kernel_record(folder_ / "kernel");
    if (!kernel) return named(kKernelRecordMember, kernel.error());
    Result<> fits = same("kernel", "kernel.json", manifest().kernel.id, kernel->id);
    if (fits)
      fits =
          same("kernel image", "kernel.json", manifest().kernel.image_sha256, kernel->image_sha256);
    if (fits)
      fits = same("architecture", "kernel.json", to_string(manifest().kernel.arch),
                  to_string(kernel->arch));
    if (fits) fits = is_member(kernel->image, kernel->image_sha256);
    for (const auto& btf : {kernel->btf, kernel->detached_btf}) {
      if (fits && btf) fits = is_member(btf->file, btf->sha256);
    }
    for (const auto& file : {kernel->config, kernel->system_map}) {
      if (fits && file) fits = is_member(*file, "");
    }
    if (!fits) return fits;
    pack_.kernel = *std::move(kernel);
    return {};
  }

  /// An empty hash: any.
  Result<> is_member(const fs::path& file, std::string_view sha256) const {
    const std::string path = file.lexically_relative(folder_).generic_string();
    const PackMember* member = manifest().find(path);
    if (member == nullptr) return Error{fmt::format("'{}' is missing", path)};
    if (sha256.empty() || member->sha256 == sha256) return {};
    return Error{fmt::format("'{}': not the file of which kernel.json speaks", path)};
  }

  static Error named(std::string_view member, const Error& error) {
    return {fmt::format("'{}': {}", member, error.message), error.hint};
  }

  const fs::path& folder_;
  OpenedPack pack_{};
};

}  // namespace

Result<OpenedPack> open_pack(const fs::path& file, const fs::path& into) {
  const auto of_pack = [&](Error error) {
    if (error.hint.empty()) error.hint = kNoPack;
    return error.message.starts_with("'" + file.string() + "'") ? error : file_error(file, error);
  };
  Result<Manifest> manifest = Unpacking(file, into).run();
  if (!manifest) return of_pack(std::move(manifest).error());
  Result<OpenedPack> pack = Reading(into, *std::move(manifest)).run();
  if (!pack) return of_pack(std::move(pack).error());
  return pack;
}

}  // namespace bpfmatrix
