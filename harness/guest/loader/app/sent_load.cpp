#include "guest/loader/app/sent_load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <vector>

namespace bpfmatrix::guest {

namespace {

/// The kernel's own limit since 5.2.
constexpr std::uint32_t kMaxInstructions = 1'000'000;
constexpr std::size_t kMaxLogBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxLicense = 128;
constexpr std::size_t kMaxInfoBytes = std::size_t{16} << 20;
// The largest that kernels before 5.1 take (UINT_MAX >> 8).
constexpr std::uint32_t kReasonLogBytes = 0xffffff;
constexpr int kAttempts = 5;

std::uint64_t as_address(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

std::string name_of(const bpf_attr& attr) {
  return std::string(attr.prog_name, ::strnlen(attr.prog_name, sizeof attr.prog_name));
}

std::string type_of(const bpf_attr& attr) {
  const char* type = libbpf_bpf_prog_type_str(static_cast<bpf_prog_type>(attr.prog_type));
  return type != nullptr ? type : "type " + std::to_string(attr.prog_type);
}

/// A load as this process sends it: pointers lead to its own memory, descriptors are its own.
class Copy {
 public:
  Copy(const Tracee& tracee, const SentLoad& load)
      : tracee_(tracee), attr_(load.attr), instructions_(load.instructions) {}

  std::optional<Reason> send() {
    // An array of descriptors does not say how long it is.
    if (attr_.fd_array != 0 || !take_over()) return std::nullopt;
    std::vector<char> log(kReasonLogBytes);
    attr_.log_level = 1;
    attr_.log_size = kReasonLogBytes;
    attr_.log_buf = as_address(log.data());
    Fd fd;
    int error = 0;
    for (int i = 0; i < kAttempts; ++i) {
      fd = Fd(static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &attr_, sizeof attr_)));
      error = fd.valid() ? 0 : errno;
      if (error != EAGAIN) break;
    }
    return Reason{error, std::string(log.data(), ::strnlen(log.data(), log.size())),
                  error == ENOSPC};
  }

 private:
  bool take_over() {
    license_ = tracee_.read_text(attr_.license, kMaxLicense);
    attr_.license = as_address(license_.c_str());
    return take_infos() && take_types() && take_maps();
  }

  bool take_info(auto& pointer, std::uint64_t count, std::uint64_t record, std::string& copy) {
    if (count == 0) return true;
    if (record > kMaxInfoBytes || count > kMaxInfoBytes / std::max<std::uint64_t>(record, 1)) {
      return false;
    }
    std::optional<std::string> bytes = tracee_.read(pointer, count * record);
    if (!bytes) return false;
    copy = *std::move(bytes);
    pointer = as_address(copy.data());
    return true;
  }

  bool take_infos() {
    return take_info(attr_.func_info, attr_.func_info_cnt, attr_.func_info_rec_size, functions_) &&
           take_info(attr_.line_info, attr_.line_info_cnt, attr_.line_info_rec_size, lines_) &&
           take_info(attr_.core_relos, attr_.core_relo_cnt, attr_.core_relo_rec_size, relocations_);
  }

  bool take_types() {
    return take_descriptor(attr_.prog_btf_fd) && take_descriptor(attr_.attach_prog_fd);
  }

  /// 0 means none, in all attributes but the one of a map.
  bool take_descriptor(auto& fd) {
    if (fd == 0) return true;
    const int own = own_descriptor(static_cast<int>(fd));
    fd = static_cast<std::uint32_t>(own);
    return own >= 0;
  }

  bool take_maps() {
    for (std::size_t at = 0; at + sizeof(bpf_insn) <= instructions_.size();
         at += sizeof(bpf_insn)) {
      bpf_insn insn;
      std::memcpy(&insn, instructions_.data() + at, sizeof insn);
      const bool map = insn.code == (BPF_LD | BPF_IMM | BPF_DW) &&
                       (insn.src_reg == BPF_PSEUDO_MAP_FD || insn.src_reg == BPF_PSEUDO_MAP_VALUE);
      if (!map) continue;
      insn.imm = own_descriptor(insn.imm);
      if (insn.imm < 0) return false;
      std::memcpy(instructions_.data() + at, &insn, sizeof insn);
    }
    attr_.insns = as_address(instructions_.data());
    return true;
  }

  int own_descriptor(int fd) {
    const auto [entry, fresh] = descriptors_.try_emplace(fd);
    if (fresh) {
      const DescriptorIds ids = tracee_.ids(fd);
      if (ids.map) entry->second = open_map(*ids.map);
      if (ids.program) entry->second = open_program(*ids.program);
      if (ids.btf) entry->second = Fd(bpf_btf_get_fd_by_id(*ids.btf));
    }
    return entry->second.get();
  }

  const Tracee& tracee_;
  bpf_attr attr_;
  std::string instructions_;
  std::string license_{};
  std::string functions_{};
  std::string lines_{};
  std::string relocations_{};
  std::map<int, Fd> descriptors_{};
};

}  // namespace

bpf_attr attributes(std::string_view bytes) {
  bpf_attr attr;
  std::memset(&attr, 0, sizeof attr);
  std::memcpy(&attr, bytes.data(), std::min(bytes.size(), sizeof attr));
  return attr;
}

bool SentLoad::asked_for_log() const {
  return attr.log_level != 0 && attr.log_size != 0 && attr.log_buf != 0;
}

std::string SentLoad::log(const Tracee& tracee) const {
  if (!asked_for_log()) return {};
  return tracee.read_text(attr.log_buf, std::min<std::size_t>(attr.log_size, kMaxLogBytes));
}

SentProgram SentLoad::sent(const Tracee& tracee) const {
  SentProgram sent;
  sent.insns.resize(instructions.size() / sizeof(std::uint64_t));
  std::memcpy(sent.insns.data(), instructions.data(), sent.insns.size() * sizeof(std::uint64_t));
  const std::size_t record = attr.func_info_rec_size;
  if (attr.func_info_cnt == 0 || record < sizeof(bpf_func_info) ||
      attr.func_info_cnt > kMaxInfoBytes / record) {
    return sent;
  }
  const auto info = tracee.read(attr.func_info, attr.func_info_cnt * record);
  for (std::size_t at = 0; info && at < info->size(); at += record) {
    bpf_func_info function;
    std::memcpy(&function, info->data() + at, sizeof function);
    sent.functions.push_back({function.insn_off, function.type_id});
  }
  return sent;
}

std::optional<SentLoad> read_load(const Tracee& tracee, std::string_view bytes) {
  const bpf_attr attr = attributes(bytes);
  const bool whole =
      bytes.find_first_not_of('\0', std::min(bytes.size(), sizeof attr)) == std::string_view::npos;
  if (attr.insn_cnt > kMaxInstructions) return std::nullopt;
  std::optional<std::string> insns =
      tracee.read(attr.insns, std::size_t{attr.insn_cnt} * sizeof(bpf_insn));
  if (!insns) return std::nullopt;
  return SentLoad{attr, whole, *std::move(insns), {name_of(attr), type_of(attr), attr.insn_cnt}};
}

std::optional<Reason> ask_reason(const Tracee& tracee, const SentLoad& load) {
  return load.whole ? Copy(tracee, load).send() : std::nullopt;
}

Fd open_program(std::uint32_t id) { return Fd(bpf_prog_get_fd_by_id(id)); }
Fd open_map(std::uint32_t id) { return Fd(bpf_map_get_fd_by_id(id)); }

}  // namespace bpfmatrix::guest
