#include "guest/loader/libbpf/companions.h"

#include <cerrno>
#include <optional>
#include <utility>

#include "guest/loader/common/report.h"
#include "guest/loader/libbpf/libbpf_log.h"
#include "guest/loader/libbpf/settings.h"

namespace bpfmatrix::guest {

namespace {

/// The object as a whole came to nothing, so that none of its programs is there.
void report_none(const std::string& object, int error, std::string message) {
  report_beside({object, "", {true, error, std::move(message)}, "", ""});
}

}  // namespace

void Companions::set_up(const std::vector<CompanionRequest>& requests, const std::string& btf) {
  LibbpfLog& log = LibbpfLog::instance();
  for (const CompanionRequest& request : requests) {
    log.clear();
    bpf_object_open_opts options{};
    options.sz = sizeof options;
    options.btf_custom_path = btf.empty() ? nullptr : btf.c_str();
    Companion companion{.name = request.name};
    companion.object.reset(bpf_object__open_file(request.object.c_str(), &options));
    if (!companion.object) {
      report_none(request.name, errno, log.message());
      continue;
    }
    const Result<SetUp> sized = guest::set_up(companion.object.get(), {}, {});
    if (const int error = bpf_object__load(companion.object.get()); error != 0 || !sized) {
      report_none(request.name, error != 0 ? -error : EINVAL, log.message());
      continue;
    }
    companion.attacher = std::make_unique<Attacher>(companion.object.get());
    attach_all(companion);
    companions_.push_back(std::move(companion));
  }
  log.clear();
}

void Companions::attach_all(Companion& companion) const {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, companion.object.get()) {
    if (bpf_program__fd(program) < 0) continue;
    const std::optional<AttachReport> report = companion.attacher->attach(program, {});
    BesideReport beside{companion.name, bpf_program__name(program), {}, "", ""};
    if (report) {
      beside.stage = report->stage;
      beside.method = report->method;
      beside.requested = report->requested;
    }
    report_beside(beside);
  }
}

int Companions::program_fd(std::string_view name) const {
  for (const Companion& companion : companions_) {
    const std::string prefix = companion.name + ":";
    const std::string wanted(name.starts_with(prefix) ? name.substr(prefix.size()) : name);
    const bpf_program* program =
        bpf_object__find_program_by_name(companion.object.get(), wanted.c_str());
    if (program != nullptr) return bpf_program__fd(program);
  }
  return -1;
}

void Companions::report_runs(const RunStatisticsSwitch& statistics) const {
  for (const Companion& companion : companions_) {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, companion.object.get()) {
      const int fd = bpf_program__fd(program);
      const std::optional<RunStatistics> ran = fd >= 0 ? statistics.read(fd) : std::nullopt;
      if (ran) report_beside_ran(companion.name, bpf_program__name(program), ran->run_cnt);
    }
  }
}

}  // namespace bpfmatrix::guest
