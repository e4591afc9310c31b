#include "guest/loader/app/app_record.h"

#include <linux/bpf.h>

#include <algorithm>
#include <cstdio>

#include "base/section_name.h"

namespace bpfmatrix::guest {

namespace {

constexpr std::size_t kMaxKept = 256;
constexpr std::size_t kMaxPlaces = 512;
/// Longer than a program of a few instructions is kept that only asks whether it can be attached
/// (fentry_can_attach() of bcc's libbpf-tools), emulated and watched.
constexpr std::int64_t kLastingMs = 200;

/// As the kernel cuts it, and as libbpf calls global data: the object's name, then the section's.
std::string shown_name(const std::string& name) {
  const std::size_t dot = name.find('.');
  return name.substr(dot != std::string::npos ? dot : 0, kKernelNameLength);
}

/// The type of the programs that can be attached so.
std::string_view type_for(std::string_view method) {
  return method == "tracepoint" || method == "perf_event" ? method : "kprobe";
}

/// "ksyscall/connect" becomes "__x64_sys_connect": the place ends with the requested one.
bool asks_for(const WantedProgram& program, std::string_view place) {
  const std::string_view target = parse_section_name(program.section).target;
  return !target.empty() && place.ends_with(target);
}

/// The later answer counts, but for a failure after the program was accepted. A failure without a
/// log keeps the words of the one before.
void merge(std::optional<ProgramSent>& load, ProgramSent later) {
  if (load && load->error == 0 && later.error != 0) return;
  if (load && load->error != 0 && later.error != 0 && later.report.log.empty()) {
    later.report.log = std::move(load->report.log);
    later.report.log_truncated = load->report.log_truncated;
    later.report.log_stats = load->report.log_stats;
  }
  load = std::move(later);
}

void merge(std::optional<ProgramAttached>& attach, const ProgramAttached& later) {
  if (!attach || attach->error != 0) {
    attach = later;
  } else if (later.error == 0 && attach->point.place != later.point.place &&
             attach->point.place.size() < kMaxPlaces) {
    attach->point.place += ", " + later.point.place;
  }
}

}  // namespace

AppRecord::AppRecord(std::vector<WantedProgram> programs, std::vector<std::string> maps, Held held)
    : held_(std::move(held)) {
  for (WantedProgram& program : programs) programs_.push_back({std::move(program)});
  for (const std::string& map : maps) object_maps_.insert(shown_name(map));
}

void AppRecord::take(const MapMade& map) {
  const MapMade shown{shown_name(map.name), map.type, map.error, map.id};
  const auto known = std::find_if(maps_.begin(), maps_.end(), [&](const Map& other) {
    return other.made.name == shown.name && !shown.name.empty();
  });
  if (known == maps_.end()) {
    if (maps_.size() < kMaxKept) maps_.push_back({shown, object_maps_.contains(shown.name)});
  } else if (!known->said) {
    known->made = shown;
  }
}

void AppRecord::take(ProgramSent program) {
  std::vector<WantedProgram> wanted;
  for (const Program& known : programs_) {
    wanted.push_back(known.wanted);
    wanted.back().accepted = !known.ids.empty();
  }
  const std::optional<std::size_t> index = match_program(wanted, program.sent);
  if (!index) {
    if (others_.size() < kMaxKept) others_.push_back({std::move(program)});
    return;
  }
  Program& known = programs_[*index];
  if (program.id) known.ids.insert(*program.id);
  merge(known.load, std::move(program));
}

void AppRecord::take(const ProgramAttached& attached) {
  if (Program* program = program_of(attached)) return merge(program->attach, attached);
  if (attached.program) return;
  std::fprintf(stderr, "note: it is not known which program was to be attached to %s '%s'\n",
               attached.point.method.c_str(), attached.point.place.c_str());
}

AppRecord::Program* AppRecord::program_of(const ProgramAttached& attached) {
  if (!attached.program) return program_that_asked(attached.point);
  if (Program* known = program_of_id(*attached.program)) return known;
  // That a probe cannot be attached is the answer to its question.
  if (attached.error != 0) return nullptr;
  for (std::size_t i = 0; i < others_.size(); ++i) {
    if (others_[i].sent.id != attached.program) continue;
    if (!looks_like_probe(others_[i].sent.sent)) return &promote(i);
    merge(others_[i].attach, attached);
  }
  return nullptr;
}

AppRecord::Program* AppRecord::program_of_id(std::uint32_t id) {
  const auto found = std::find_if(programs_.begin(), programs_.end(),
                                  [&](const Program& program) { return program.ids.contains(id); });
  return found != programs_.end() ? &*found : nullptr;
}

/// The one that waits to be attached so: by its section's words, or because there is no other.
AppRecord::Program* AppRecord::program_that_asked(const AttachPoint& point) {
  std::vector<Program*> waiting;
  for (Program& program : programs_) {
    const bool attached = program.attach && program.attach->error == 0;
    if (attached || !program.load || program.load->error != 0) continue;
    if (program.load->sent.type != type_for(point.method)) continue;
    if (asks_for(program.wanted, point.place)) return &program;
    waiting.push_back(&program);
  }
  return waiting.size() == 1 ? waiting.front() : nullptr;
}

/// A program of the application's that is none of the object's.
AppRecord::Program& AppRecord::promote(std::size_t other) {
  ProgramSent load = std::move(others_[other].sent);
  const std::optional<ProgramAttached> attach = others_[other].attach;
  others_.erase(others_.begin() + static_cast<std::ptrdiff_t>(other));
  const auto same = std::find_if(programs_.begin(), programs_.end(), [&](const Program& program) {
    return program.wanted.name == whole_name(load.sent);
  });
  Program& program = same != programs_.end() ? *same : programs_.emplace_back();
  if (same == programs_.end() || program.wanted.name.empty()) {
    program.wanted = {whole_name(load.sent), "", load.sent.type, load.sent.instructions};
  }
  if (load.id) program.ids.insert(*load.id);
  merge(program.load, std::move(load));
  if (attach) merge(program.attach, *attach);
  return program;
}

bool AppRecord::is_held(const Other& other) const {
  return other.sent.error == 0 && other.sent.id && held_.program(*other.sent.id);
}

void AppRecord::promote_lasting(std::int64_t now_ms) {
  for (std::size_t i = 0; i < others_.size();) {
    Other& other = others_[i];
    if (!other.since_ms) other.since_ms = now_ms;
    const bool asked = std::exchange(other.lasted, now_ms - *other.since_ms >= kLastingMs);
    if (other.lasted && !asked && (!other.sent.sent.name.empty() || other.attach) &&
        is_held(other)) {
      promote(i);
    } else {
      ++i;
    }
  }
}

void AppRecord::promote_others() {
  for (std::size_t i = 0; i < others_.size();) {
    const Other& other = others_[i];
    const bool named = !other.sent.sent.name.empty();
    const bool large = !looks_like_probe(other.sent.sent);
    if ((named && large) || ((named || other.attach) && is_held(other))) {
      promote(i);
    } else {
      ++i;
    }
  }
}

bool AppRecord::begun() const {
  const bool map =
      std::any_of(maps_.begin(), maps_.end(), [](const Map& m) { return m.of_object; });
  const bool sent = std::any_of(programs_.begin(), programs_.end(),
                                [](const Program& program) { return program.load.has_value(); });
  return map || sent || std::any_of(others_.begin(), others_.end(), [](const Other& other) {
           return !other.sent.sent.name.empty() && !looks_like_probe(other.sent.sent);
         });
}

bool AppRecord::attached() const {
  return std::any_of(programs_.begin(), programs_.end(), [](const Program& program) {
    return program.attach && program.attach->error == 0;
  });
}

void AppRecord::report_maps() {
  for (Map& map : maps_) {
    const bool kept = map.made.error == 0 && map.made.id && held_.map(*map.made.id);
    if (map.said || (!map.of_object && !kept)) continue;
    map.said = true;
    report_map({map.made.name, map.made.type, {map.made.error != 0, map.made.error, {}}});
  }
}

void AppRecord::report_attach_of(Program& program) {
  program.attach_said = true;
  const SectionName target = parse_section_name(program.wanted.section);
  const ProgramAttached& attach = *program.attach;
  AttachReport report{program.wanted.name, {attach.error != 0, attach.error, {}}};
  report.method = target.method.empty() ? attach.point.method : std::string(target.method);
  report.requested = target.target.empty() ? attach.point.place : std::string(target.target);
  if (attach.error == 0) report.actual = attach.point.place;
  report_attach(report);
}

void AppRecord::report() {
  promote_others();
  for (Program& program : programs_) {
    if (std::exchange(program.announced, true)) continue;
    report_program(program.wanted.name, program.wanted.section, program.wanted.type);
  }
  report_maps();
  const bool sent = std::any_of(programs_.begin(), programs_.end(),
                                [](const Program& program) { return program.load.has_value(); });
  // What the application's loader resolved, skipped or poisoned, only its instructions can tell.
  if (sent && !std::exchange(relocation_said_, true)) report_relocate({}, {}, {}, {});
  for (Program& program : programs_) {
    if (!program.load || std::exchange(program.load_said, true)) continue;
    program.load->report.program = program.wanted.name;
    report_insns(program.wanted.name, program.load->report.sent);
    report_load(program.load->report);
  }
  for (Program& program : programs_) {
    if (program.load && program.attach && !program.attach_said) report_attach_of(program);
  }
}

std::vector<AppRecord::Accepted> AppRecord::accepted() const {
  std::vector<Accepted> accepted;
  for (const Program& program : programs_) {
    if (!program.load || program.load->error != 0 || !program.load->id) continue;
    accepted.push_back({program.wanted.name, *program.load->id});
  }
  return accepted;
}

std::optional<std::uint32_t> AppRecord::map_id(std::string_view name) const {
  for (const Map& map : maps_) {
    if (map.made.name == name && map.made.error == 0) return map.made.id;
  }
  return std::nullopt;
}

}  // namespace bpfmatrix::guest
