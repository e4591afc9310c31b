#include "guest/loader/libbpf/libbpf_object.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "guest/loader/common/observed.h"
#include "guest/loader/libbpf/libbpf_log.h"
#include "guest/loader/libbpf/witness.h"

namespace bpfmatrix::guest {

namespace {

constexpr int kLogLevel = 1;
constexpr std::size_t kMaxFailedMaps = 256;
/// As hex digits and with their names still far below the 512 KiB of a line.
constexpr std::uint32_t kMaxObservedBytes = std::uint32_t{16} << 10;

/// "map 'events': created successfully" is about "events"; nothing when the line is not of `kind`.
std::optional<std::string_view> subject(std::string_view line, std::string_view kind) {
  if (!line.starts_with(kind) || !line.substr(kind.size()).starts_with(" '")) return std::nullopt;
  line.remove_prefix(kind.size() + 2);
  const std::size_t end = line.find("': ");
  if (end == std::string_view::npos) return std::nullopt;
  return line.substr(0, end);
}

/// As libbpf 1.4 decides it (prog_needs_vmlinux_btf): attached by a BTF id of the kernel's.
bool needs_kernel_btf(bpf_prog_type type) {
  return type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM ||
         type == BPF_PROG_TYPE_STRUCT_OPS || type == BPF_PROG_TYPE_EXT;
}

/// libbpf names the maps of global data after the object; their sections are the better name.
std::string shown_name(const bpf_map* map, std::string_view name) {
  const std::size_t dot = name.find('.');
  const bool internal = map != nullptr && bpf_map__is_internal(map);
  return std::string(internal && dot != std::string_view::npos ? name.substr(dot) : name);
}

/// "type 200" where libbpf has no name for it.
std::string type_name(const bpf_map* map) {
  const char* name = libbpf_bpf_map_type_str(bpf_map__type(map));
  return name != nullptr ? name : "type " + std::to_string(bpf_map__type(map));
}

}  // namespace

LibbpfObject::LibbpfObject(std::string path, std::string btf, bool insns)
    : path_(std::move(path)), btf_(std::move(btf)) {
  Witness::instance().keep_insns(insns);
  LibbpfLog::instance().listen([this](std::string_view line) { take_line(line); });
}

std::unique_ptr<bpf_object, LibbpfObject::Close> LibbpfObject::open_object() const {
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  options.btf_custom_path = btf_.empty() ? nullptr : btf_.c_str();
  return std::unique_ptr<bpf_object, Close>(bpf_object__open_file(path_.c_str(), &options));
}

/// Into the object as it was opened.
Result<> LibbpfObject::set() {
  if (Result<> values = set_globals(object_.get(), globals_); !values) return values;
  Result<SetUp> done = guest::set_up(object_.get(), settings_, there_);
  if (!done) return std::move(done).error();
  set_up_ = *std::move(done);
  for (const auto& [name, error] : failed_maps_)
    bpf_map__set_autocreate(bpf_object__find_map_by_name(object_.get(), name.c_str()), false);
  return {};
}

bool LibbpfObject::open(const GlobalValues& globals, const LoadSettings& settings,
                        const ProgramThere& there) {
  globals_ = globals;
  settings_ = settings;
  there_ = there;
  object_ = open_object();
  if (!object_) {
    report_open({true, errno, LibbpfLog::instance().message()});
    return false;
  }
  if (const Result<> done = set(); !done) {
    report_open({true, EINVAL, done.error().message});
    return false;
  }
  report_open({});
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object_.get()) {
    programs_.push_back({bpf_program__name(program)});
    const char* type = libbpf_bpf_prog_type_str(bpf_program__type(program));
    report_program(bpf_program__name(program), bpf_program__section_name(program),
                   type != nullptr ? type : "unknown");
  }
  const bpf_map* observed = bpf_object__find_map_by_name(object_.get(), kObservedMap);
  if (observed != nullptr) observed_type_ = bpf_map__btf_value_type_id(observed);
  return true;
}

void LibbpfObject::prepare() {
  Witness::instance().expect(programs_.size(), [this](std::size_t index, LoadReport report) {
    take_result(index, std::move(report));
  });
  std::size_t index = 0;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object_.get()) {
    programs_[index].accepted = false;
    if (programs_[index].excluded) bpf_program__set_autoload(program, false);
    // A level above 0 makes libbpf hand the buffer over at the first try already.
    bpf_program__set_log_level(program, kLogLevel);
    bpf_program__set_log_buf(program, Witness::instance().marker(index), Witness::kMarkerBytes);
    ++index;
  }
}

bool LibbpfObject::load() {
  // Each further try leaves out one more program that libbpf itself will not load, or one more map
  // that the kernel does not make.
  for (std::size_t tries = 0; tries <= programs_.size() + kMaxFailedMaps; ++tries) {
    if (!object_) {
      object_ = open_object();
      if (!object_ || !set()) return false;
    }
    prepare();
    LibbpfLog::instance().clear();
    const int error = bpf_object__load(object_.get());
    if (error == 0) {
      relocation_is_done();
      return poison_is_accounted_for();
    }
    again_ = false;
    const bool understood = take_failure(error);
    if (!again_) return understood;
    object_.reset();
  }
  return false;
}

/// The instructions that were sent are the second witness to libbpf's own words.
bool LibbpfObject::poison_is_accounted_for() const {
  const std::size_t marks = Witness::instance().poison_marks();
  if (marks == 0 || relocations_.poisoned() > 0) return true;
  std::fprintf(stderr, "error: %zu poisoned instructions were sent and none was announced\n",
               marks);
  return false;
}

bool LibbpfObject::take_failure(int error) {
  const auto& warnings = LibbpfLog::instance().warnings();
  for (auto line = warnings.rbegin(); line != warnings.rend(); ++line) {
    if (const auto map = subject(*line, "map")) {
      relocation_is_done();
      report_new_map(*map, {true, error, LibbpfLog::instance().message()});
      again_ = leave_out_map(*map, error);
      return true;
    }
    const auto name = subject(*line, "prog");
    Program* program = name ? blamed_program(*name) : nullptr;
    if (program == nullptr) continue;
    fail(*program, {true, error, LibbpfLog::instance().message()});
    again_ = true;
    return true;
  }
  if (relocation_reported_) return false;
  const StageReport stage{true, error, LibbpfLog::instance().message()};
  if (leave_out_btf_users(stage)) return true;
  relocation_reported_ = true;
  report_relocations(stage);
  return true;
}

/// One map is not all of an object: programs that do without it are loaded. False: there is no end
/// to them.
bool LibbpfObject::leave_out_map(std::string_view name, int error) {
  const std::string map(name);
  if (bpf_object__find_map_by_name(object_.get(), map.c_str()) == nullptr) return false;
  return failed_maps_.size() < kMaxFailedMaps && failed_maps_.emplace(map, -error).second;
}

/// libbpf puts a call of a helper that cannot be where an address of such a map should be; its
/// number has the place of the map among the object's.
const char* LibbpfObject::missing_map(const LoadReport& report) const {
  if (!report.missing_map) return nullptr;
  std::size_t index = 0;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object_.get()) {
    if (index++ == *report.missing_map) return bpf_map__name(map);
  }
  return nullptr;
}

/// Without a BTF of the kernel's, one fentry program makes libbpf give up the whole object. False
/// when that is not what happened.
bool LibbpfObject::leave_out_btf_users(const StageReport& stage) {
  if (stage.message.find("Error loading vmlinux BTF") == std::string::npos) return false;
  std::size_t index = 0;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object_.get()) {
    Program& entry = programs_[index++];
    if (entry.excluded || !bpf_program__autoload(program)) continue;
    if (!needs_kernel_btf(bpf_program__type(program))) continue;
    entry.excluded = true;
    entry.without_btf = stage;
    again_ = true;
  }
  return again_;
}

void LibbpfObject::fail(Program& program, const StageReport& stage) {
  LoadReport report;
  report.program = program.name;
  report.stage = stage;
  report_load(report);
  program.reported = true;
  program.excluded = true;
}

/// A program that libbpf stumbled over; one that the kernel has judged already is not to blame.
LibbpfObject::Program* LibbpfObject::blamed_program(std::string_view name) {
  for (Program& program : programs_) {
    if (program.name == name && !program.reported && !program.excluded) return &program;
  }
  return nullptr;
}

void LibbpfObject::take_line(std::string_view line) {
  relocations_.see(line);
  constexpr std::string_view kPrefix = "libbpf: ";
  if (!line.starts_with(kPrefix)) return;
  line.remove_prefix(kPrefix.size());
  const auto map = subject(line, "map");
  if (!map || line.find("': created successfully") == std::string_view::npos) return;
  relocation_is_done();
  report_new_map(*map, {});
}

void LibbpfObject::take_result(std::size_t index, LoadReport report) {
  relocation_is_done();
  Program& program = programs_[index];
  program.accepted = !report.stage.failed;
  if (std::exchange(program.reported, true)) return;
  if (const char* map = report.stage.failed ? missing_map(report) : nullptr; map != nullptr)
    return report_needs(program.name, shown_name(map_of(map), map));
  report.program = program.name;
  report_insns(program.name, report.sent);
  report_load(report);
}

void LibbpfObject::relocation_is_done() {
  if (std::exchange(relocation_reported_, true)) return;
  report_relocations({});
  report_inner_failures();
  for (Program& program : programs_) {
    if (program.without_btf) fail(program, *program.without_btf);
  }
}

const bpf_map* LibbpfObject::map_of(std::string_view name) const {
  return bpf_object__find_map_by_name(object_.get(), std::string(name).c_str());
}

void LibbpfObject::report_relocations(const StageReport& stage) {
  for (const LoggedRelocation& relocation : relocations_.relocations()) {
    report_relocation(relocation);
  }
  if (stage.failed) return report_relocate(stage, {}, {}, {});
  // libbpf skips none: it resolves, poisons or refuses.
  report_relocate(stage, relocations_.applied(), 0, relocations_.poisoned());
}

void LibbpfObject::report_inner_failures() {
  for (const InnerFailure& failure : set_up_.inner_failures) {
    failed_maps_.emplace(failure.map, failure.error);
    report_new_map(failure.map, {true, failure.error, "the maps that it is to hold"});
  }
}

void LibbpfObject::report_new_map(std::string_view name, const StageReport& stage) {
  if (!reported_maps_.emplace(name).second) return;
  const bpf_map* map = map_of(name);
  const auto sized = set_up_.sized.find(std::string(name));
  report_map(
      {.name = shown_name(map, name),
       .type = map != nullptr ? type_name(map) : "unknown",
       .stage = stage,
       .attributes_known = stage.failed ? Witness::instance().map_attributes_known() : std::nullopt,
       .sized = sized != set_up_.sized.end() ? std::optional(sized->second) : std::nullopt});
}

OrderedJson LibbpfObject::observed_values() const {
  const btf* types = bpf_object__btf(object_.get());
  const bpf_map* map = bpf_object__find_map_by_name(object_.get(), kObservedMap);
  OrderedJson none = OrderedJson::object();
  if (map == nullptr || types == nullptr || observed_type_ == 0 || bpf_map__fd(map) < 0)
    return none;
  if (bpf_map__type(map) != BPF_MAP_TYPE_ARRAY) return none;
  if (bpf_map__value_size(map) > kMaxObservedBytes) return none;
  std::string bytes(bpf_map__value_size(map), '\0');
  const std::uint32_t first = 0;
  if (bpf_map_lookup_elem(bpf_map__fd(map), &first, bytes.data()) != 0) return none;
  return read_values(types, observed_type_, bytes);
}

std::vector<const bpf_program*> LibbpfObject::accepted() const {
  std::vector<const bpf_program*> accepted;
  std::size_t index = 0;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object_.get()) {
    if (programs_[index++].accepted) accepted.push_back(program);
  }
  return accepted;
}

}  // namespace bpfmatrix::guest
