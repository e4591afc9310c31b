#include "guest/loader/libbpf/witness.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstring>

#include "guest/loader/common/attribute_check.h"

extern "C" long __real_syscall(long number, ...);

namespace bpfmatrix::guest {

namespace {

constexpr unsigned kLogBasic = 1;
constexpr unsigned kLogStats = 4;
// The largest that kernels before 5.1 take (UINT_MAX >> 8).
constexpr unsigned kLogBytes = 0xffffff;
constexpr int kReadAttempts = 5;
// What libbpf puts where a CO-RE relocation could not be resolved (relo_core.c).
constexpr std::int32_t kPoison = 195896080;
// What libbpf calls in place of a map that was not created, plus its place (libbpf.c,
// POISON_LDIMM64_MAP_BASE).
constexpr std::int32_t kMissingMap = 2'001'000'000;
constexpr std::int32_t kMaxMaps = 4096;
/// More than any kernel has given a number to.
constexpr std::uint32_t kAttachTypes = 80;
constexpr std::size_t kNoProgram = SIZE_MAX;
// More than any kernel takes, and all that the contract lets a loader report.
constexpr std::uint32_t kMaxInsns = 1'000'000;
constexpr std::uint32_t kMaxFunctions = 1024;

template <typename T>
T* pointer(std::uint64_t value) {
  return reinterpret_cast<T*>(static_cast<std::uintptr_t>(value));
}

std::uint64_t user_address(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

long real_bpf(int command, const bpf_attr* attr, unsigned size) {
  return __real_syscall(SYS_bpf, command, attr, size);
}

/// Whether the kernel, which has said E2BIG, knows every field that is not zero.
std::optional<bool> fields_are_known(int command, const bpf_attr& attr, unsigned size) {
  std::optional<std::size_t> count_at;
  if (command == BPF_PROG_LOAD) count_at = offsetof(bpf_attr, insn_cnt);
  return attributes_are_known(
      {reinterpret_cast<const char*>(&attr), size}, count_at, [&](std::string& probe) {
        const long fd = __real_syscall(SYS_bpf, command, probe.data(), size);
        if (fd >= 0) ::close(static_cast<int>(fd));
        return fd >= 0 ? 0 : errno;
      });
}

/// The first that the program needs and that was not created.
std::optional<std::size_t> missing_map(const bpf_attr& attr) {
  const auto* insns = pointer<const bpf_insn>(attr.insns);
  for (std::uint32_t i = 0; i < std::min(attr.insn_cnt, kMaxInsns); ++i) {
    const bool is_mark = insns[i].code == (BPF_JMP | BPF_CALL) && insns[i].imm >= kMissingMap &&
                         insns[i].imm < kMissingMap + kMaxMaps;
    if (is_mark) return static_cast<std::size_t>(insns[i].imm - kMissingMap);
  }
  return std::nullopt;
}

/// libbpf's attr may be larger or smaller than the one of the headers this was compiled with.
struct AttrCopy {
  AttrCopy(const bpf_attr& attr, unsigned size) { std::memcpy(bytes, &attr, size); }
  bpf_attr& attr() { return *reinterpret_cast<bpf_attr*>(bytes); }
  alignas(bpf_attr) char bytes[1024] = {};
};

void describe_program(int fd, LoadReport& report) {
  bpf_prog_info info{};
  bpf_attr attr{};
  attr.info.bpf_fd = static_cast<std::uint32_t>(fd);
  attr.info.info_len = sizeof info;
  attr.info.info = user_address(&info);
  if (real_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof attr) != 0) return;
  report.xlated_bytes = info.xlated_prog_len;
  // 0: not compiled, the interpreter runs it.
  report.jited_bytes = info.jited_prog_len;
  // Since 5.16, and only the last resort.
  if (!report.log_stats.insns && info.verified_insns != 0) {
    report.log_stats.insns = info.verified_insns;
  }
}

}  // namespace

Witness& Witness::instance() {
  static Witness witness;
  return witness;
}

void Witness::expect(std::size_t count, OnLoad on_load) {
  markers_.assign(count, Marker());
  on_load_ = std::move(on_load);
  substitutes_.clear();
  map_types_.clear();
}

std::size_t Witness::program_of(const bpf_attr& attr, unsigned size) const {
  if (size < offsetof(bpf_attr, log_buf) + sizeof attr.log_buf) return kNoProgram;
  for (std::size_t i = 0; i < markers_.size(); ++i) {
    if (attr.log_buf == user_address(markers_[i].bytes)) return i;
  }
  return kNoProgram;
}

char* Witness::log_buffer() {
  if (log_buffer_ == nullptr) {
    void* memory = ::mmap(nullptr, kLogBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    log_buffer_ = static_cast<char*>(memory);
  }
  return log_buffer_;
}

Witness::Attempt Witness::attempt(const bpf_attr& attr, unsigned size, unsigned log_level) {
  AttrCopy copy(attr, size);
  char* buffer = log_buffer();
  buffer[0] = '\0';
  copy.attr().log_level = log_level;
  copy.attr().log_size = log_level != 0 ? kLogBytes : 0;
  copy.attr().log_buf = log_level != 0 ? user_address(buffer) : 0;
  Attempt attempt;
  // EAGAIN: a signal or a page fault interrupted the verifier; libbpf tries five times as well.
  for (int i = 0; i < kReadAttempts; ++i) {
    attempt.fd = static_cast<int>(real_bpf(BPF_PROG_LOAD, &copy.attr(), size));
    attempt.error = attempt.fd < 0 ? errno : 0;
    if (attempt.error != EAGAIN) break;
  }
  attempt.func_info_rec_size = copy.attr().func_info_rec_size;
  attempt.line_info_rec_size = copy.attr().line_info_rec_size;
  attempt.log.assign(buffer, ::strnlen(buffer, kLogBytes));
  if (attempt.fd >= 0) ::fcntl(attempt.fd, F_SETFD, FD_CLOEXEC);
  return attempt;
}

bool Witness::statistics_level() {
  if (statistics_level_ < 0) {
    // Up to 5.1 a level is a number and 4 more than 1: the log then lists every instruction.
    const bpf_insn insns[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},
                              {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
    bpf_attr attr{};
    attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    attr.insns = user_address(insns);
    attr.insn_cnt = 2;
    attr.license = user_address("GPL");
    const Attempt trivial = attempt(attr, offsetof(bpf_attr, prog_flags), kLogStats);
    if (trivial.fd >= 0) ::close(trivial.fd);
    statistics_level_ = trivial.fd >= 0 && trivial.log.find("0: (b7)") == std::string::npos ? 1 : 0;
  }
  return statistics_level_ == 1;
}

void Witness::count_poison(const bpf_attr& attr) {
  const auto* insns = pointer<const bpf_insn>(attr.insns);
  for (std::uint32_t i = 0; i < attr.insn_cnt; ++i) {
    if (insns[i].code == (BPF_JMP | BPF_CALL) && insns[i].imm == kPoison) ++poison_marks_;
  }
}

SentProgram Witness::sent_program(const bpf_attr& attr) {
  SentProgram sent;
  if (attr.insn_cnt > kMaxInsns) return sent;
  const auto* insns = pointer<const std::uint64_t>(attr.insns);
  sent.insns.assign(insns, insns + attr.insn_cnt);
  if (attr.func_info_rec_size < sizeof(bpf_func_info) || attr.func_info_cnt > kMaxFunctions) {
    return sent;
  }
  const auto* info = pointer<const char>(attr.func_info);
  for (std::uint32_t i = 0; i < attr.func_info_cnt; ++i) {
    bpf_func_info record{};
    std::memcpy(&record, info + std::size_t{i} * attr.func_info_rec_size, sizeof record);
    sent.functions.push_back({record.insn_off, record.type_id});
  }
  return sent;
}

void Witness::ask_reason(const bpf_attr& attr, unsigned size, const Attempt& first,
                         LoadReport& report) {
  report.stage = {true, first.error, {}};
  Attempt second = attempt(attr, size, kLogBasic);
  if (second.fd >= 0) {
    ::close(second.fd);
    report.stage.message = "failed, and was accepted when sent again for the reason";
  }
  report.log_truncated = second.error == ENOSPC && first.error != ENOSPC;
  report.log = std::move(second.log);
  if (report.log.empty()) ask_about_silence(attr, size, first, report);
  // Up to 6.3 it is the end that is missing from a full log. The statistics level has said only
  // the end, so it goes behind.
  if (report.log_truncated) report.log += "\n" + first.log;
  report.log_stats = parse_verifier_stats(report.log);
}

void Witness::ask_statistics(const bpf_attr& attr, unsigned size, const Attempt& first,
                             LoadReport& report) {
  if (statistics_level()) {
    report.log_stats = parse_verifier_stats(first.log);
  } else {
    const Attempt second = attempt(attr, size, kLogBasic);
    if (second.fd >= 0) {
      report.log_stats = parse_verifier_stats(second.log);
      ::close(second.fd);
    }
  }
  describe_program(first.fd, report);
}

/// The load failed before anything was verified: what of the attribute did it mind?
void Witness::ask_about_silence(const bpf_attr& attr, unsigned size, const Attempt& first,
                                LoadReport& report) {
  if (first.error == E2BIG) report.attributes_known = fields_are_known(BPF_PROG_LOAD, attr, size);
  if (first.error != EINVAL) return;
  const bool has_attach_type =
      size >= offsetof(bpf_attr, expected_attach_type) + sizeof attr.expected_attach_type;
  const std::uint32_t asked = has_attach_type ? attr.expected_attach_type : 0;
  if (type_is_known(attr.prog_type, asked)) {
    report.type_known = true;
    report.attach_type_known = true;
    if (!flags_are_known(attr.prog_flags)) report.attributes_known = false;
    return;
  }
  // Many types are known with certain attach types only.
  bool known = false;
  for (std::uint32_t type = 0; type < kAttachTypes && !known; ++type) {
    known = type_is_known(attr.prog_type, type);
  }
  report.type_known = known;
  if (known) report.attach_type_known = false;
}

bool Witness::type_is_known(std::uint32_t program_type, std::uint32_t attach_type) {
  return trivial_is_known(program_type, attach_type, 0);
}

/// But for two flags, which kernels that know them reject in silence too, unless a device
/// (BPF_F_XDP_DEV_BOUND_ONLY) or a token (BPF_F_TOKEN_FD) comes along: of these nothing is known.
bool Witness::flags_are_known(std::uint32_t flags) {
  constexpr std::uint32_t kWithMore = 1U << 6 | 1U << 16;
  return trivial_is_known(BPF_PROG_TYPE_SOCKET_FILTER, 0, flags & ~kWithMore);
}

/// Whether a program of two instructions gets as far as the verifier, or is even accepted.
bool Witness::trivial_is_known(std::uint32_t program_type, std::uint32_t attach_type,
                               std::uint32_t flags) {
  const bpf_insn insns[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},
                            {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_attr attr{};
  attr.prog_type = program_type;
  attr.insns = user_address(insns);
  attr.insn_cnt = 2;
  attr.license = user_address("GPL");
  attr.expected_attach_type = attach_type;
  attr.prog_flags = flags;
  const unsigned size = offsetof(bpf_attr, expected_attach_type) + sizeof attach_type;
  const Attempt trivial = attempt(attr, size, kLogBasic);
  if (trivial.fd >= 0) ::close(trivial.fd);
  return trivial.error != EINVAL || !trivial.log.empty();
}

/// Func or line info of a newer kind than the kernel's: libbpf cuts it down and comes again.
bool Witness::libbpf_can_shrink_records(const Attempt& refused, bpf_attr* attr) {
  const bool can =
      refused.error == E2BIG &&
      ((attr->func_info_cnt != 0 && refused.func_info_rec_size < attr->func_info_rec_size) ||
       (attr->line_info_cnt != 0 && refused.line_info_rec_size < attr->line_info_rec_size));
  attr->func_info_rec_size = refused.func_info_rec_size;
  attr->line_info_rec_size = refused.line_info_rec_size;
  return can;
}

long Witness::load(std::size_t program, bpf_attr* attr, unsigned size) {
  const Attempt first = attempt(*attr, size, statistics_level() ? kLogStats : 0);
  if (libbpf_can_shrink_records(first, attr)) {
    errno = E2BIG;
    return -1;
  }
  count_poison(*attr);
  LoadReport report;
  report.instructions = attr->insn_cnt;
  if (keep_insns_) report.sent = sent_program(*attr);
  if (first.fd < 0) report.missing_map = missing_map(*attr);
  if (first.fd >= 0) {
    ask_statistics(*attr, size, first, report);
  } else {
    ask_reason(*attr, size, first, report);
  }
  on_load_(program, std::move(report));
  if (first.fd >= 0) return first.fd;
  const int substitute = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (substitute >= 0) substitutes_.insert(substitute);
  return substitute;
}

bool Witness::concerns_substitute(int command, const bpf_attr& attr) const {
  if (command == BPF_PROG_BIND_MAP) {
    return substitutes_.contains(static_cast<int>(attr.prog_bind_map.prog_fd));
  }
  if (command != BPF_MAP_UPDATE_ELEM) return false;
  const auto type = map_types_.find(static_cast<int>(attr.map_fd));
  return type != map_types_.end() && type->second == BPF_MAP_TYPE_PROG_ARRAY &&
         substitutes_.contains(*pointer<const int>(attr.value));
}

long Witness::bpf(int command, bpf_attr* attr, unsigned size) {
  ++trace_.kernel_calls;
  if (command == BPF_PROG_LOAD) {
    const std::size_t program = program_of(*attr, size);
    if (program != kNoProgram) return load(program, attr, size);
  }
  if (concerns_substitute(command, *attr)) return 0;
  const long result = real_bpf(command, attr, size);
  if (command == BPF_MAP_CREATE) {
    const int error = errno;
    map_attributes_known_.reset();
    if (result >= 0) map_types_[static_cast<int>(result)] = attr->map_type;
    if (result < 0 && error == E2BIG)
      map_attributes_known_ = fields_are_known(command, *attr, size);
    errno = error;
  }
  return result;
}

void Witness::perf_event_open(const void* raw) {
  ++trace_.kernel_calls;
  const auto* attr = static_cast<const perf_event_attr*>(raw);
  // The probes' types are beyond the fixed ones and given out at boot; config1 is then the name.
  if (attr->type >= PERF_TYPE_MAX && attr->config1 != 0) {
    trace_.symbol = pointer<const char>(attr->config1);
  }
}

void Witness::duplicated(int from, int to) {
  const auto type = map_types_.find(from);
  if (type != map_types_.end()) map_types_[to] = type->second;
}

}  // namespace bpfmatrix::guest

/// The linker leads every syscall(2) of libbpf here (--wrap=syscall).
extern "C" long __wrap_syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long argument[6];
  for (long& value : argument) value = va_arg(list, long);
  va_end(list);
  auto& witness = bpfmatrix::guest::Witness::instance();
  if (number == SYS_bpf) {
    return witness.bpf(static_cast<int>(argument[0]), reinterpret_cast<bpf_attr*>(argument[1]),
                       static_cast<unsigned>(argument[2]));
  }
  if (number == SYS_perf_event_open) {
    witness.perf_event_open(reinterpret_cast<const void*>(argument[0]));
  }
  const long result = __real_syscall(number, argument[0], argument[1], argument[2], argument[3],
                                     argument[4], argument[5]);
  if (number == SYS_dup3 && result >= 0) {
    witness.duplicated(static_cast<int>(argument[0]), static_cast<int>(argument[1]));
  }
  return result;
}
