#include "run/cache/outcome_key.h"

#include <link.h>

#include <cstring>

#include "base/sha256.h"
#include "outcome/outcome_fields.h"

namespace bpfmatrix {

namespace {

/// What of the case is asked of the guest. Its privileges, and the BTF that is handed over, stand
/// in the outcome before the run; its flags and what is stripped have made the object.
Result<OrderedJson> case_json(const CaseSpec& spec) {
  OrderedJson json{{"attach", spec.attach}, {"globals", spec.globals}};
  OrderedJson truth = OrderedJson::object();
  for (const auto& [name, value] : spec.truth) {
    std::visit([&, key = name](const auto& v) { truth[key] = v; }, value);
  }
  json["truth"] = std::move(truth);
  if (!spec.trigger) return json;
  OrderedJson trigger{{"command", spec.trigger->command}};
  if (spec.trigger->write) {
    trigger["write"] = {spec.trigger->write->path, spec.trigger->write->text};
  }
  if (!spec.trigger->command_file.empty()) {
    Result<std::string> hash = sha256_file(spec.trigger->command_file);
    if (!hash) return std::move(hash).error();
    trigger["command_file"] = *std::move(hash);
  }
  json["trigger"] = std::move(trigger);
  return json;
}

OrderedJson app_json(const AppFile* app) {
  if (app == nullptr) return nullptr;
  OrderedJson json = to_json_tree(app->app);
  json["sha256"] = app->sha256;
  return json;
}

/// Notes are a header, a name and a description, each filled up to four bytes.
std::string build_id_in(std::string_view notes) {
  ElfW(Nhdr) note{};
  const auto padded = [](std::size_t bytes) { return (bytes + 3) / 4 * 4; };
  while (notes.size() >= sizeof note) {
    std::memcpy(&note, notes.data(), sizeof note);
    notes.remove_prefix(sizeof note);
    const std::size_t name = padded(note.n_namesz);
    const std::size_t whole = name + padded(note.n_descsz);
    if (whole > notes.size()) break;
    if (note.n_type == NT_GNU_BUILD_ID) return std::string(notes.substr(name, note.n_descsz));
    notes.remove_prefix(whole);
  }
  return "";
}

/// Called for the program first, and for no library.
int take_build_id(dl_phdr_info* program, std::size_t, void* build_id) {
  for (int i = 0; i < program->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = program->dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const auto* notes = reinterpret_cast<const char*>(program->dlpi_addr + header.p_vaddr);
    std::string found = build_id_in({notes, header.p_memsz});
    if (!found.empty()) *static_cast<std::string*>(build_id) = std::move(found);
  }
  return 1;
}

}  // namespace

Result<std::string> to_string(const OutcomeKey& key) {
  const CellInput& input = *key.input;
  Result<OrderedJson> spec = case_json(*input.spec);
  if (!spec) return std::move(spec).error();
  const Outcome before = outcome_before_run(*input.cell, *input.spec, input.kernel, input.object);
  const OrderedJson json{
      {"schema", kOutcomeSchema},           {"recorder", key.recorder},
      {"before", to_json(before)},          {"image", input.kernel->image_sha256},
      {"case", *std::move(spec)},           {"app", app_json(input.app)},
      {"timeout_s", input.timeout.count()}, {"machine", key.machine},
      {"isolation", key.isolation},         {"facts", key.facts}};
  return sha256_hex(json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace));
}

Result<std::string> recorder_hash() {
  std::string build_id;
  ::dl_iterate_phdr(take_build_id, &build_id);
  return build_id.empty() ? sha256_file("/proc/self/exe") : sha256_hex(build_id);
}

}  // namespace bpfmatrix
