// One BPF object on its way through libbpf: opened, loaded program by program, attached. Says what
// happens in the events of the loader contract.
#pragma once

#include <bpf/libbpf.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "guest/loader/common/relocation_log.h"
#include "guest/loader/common/report.h"
#include "guest/loader/libbpf/globals.h"
#include "guest/loader/libbpf/settings.h"

namespace bpfmatrix::guest {

class LibbpfObject {
 public:
  /// `btf` may be empty: libbpf then looks for the kernel's. `insns`: the instructions that are
  /// sent are reported too.
  LibbpfObject(std::string path, std::string btf, bool insns);

  /// Opens the object, gives its global variables these values and sets what else is asked. False
  /// when that failed for the object, or what is named is not there; that has been reported.
  bool open(const GlobalValues& globals, const LoadSettings& settings,
            const ProgramThere& there = {});
  /// Loads what can be loaded. False when something failed that is none of the contract's stages.
  bool load();
  /// The programs the kernel holds now.
  std::vector<const bpf_program*> accepted() const;
  /// What the programs have put into the array map `observed`; empty if there is none.
  OrderedJson observed_values() const;
  const bpf_object* get() const { return object_.get(); }

 private:
  struct Close {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  struct Program {
    std::string name{};
    /// libbpf would not load it: it is left out of further tries.
    bool excluded = false;
    /// Left out because it needs the kernel's own BTF and there is none. Said as its failed load
    /// only once the rest of the object has got past relocation without it.
    std::optional<StageReport> without_btf{};
    bool reported = false;
    bool accepted = false;
  };

  std::unique_ptr<bpf_object, Close> open_object() const;
  Result<> set();
  void prepare();
  void take_line(std::string_view line);
  void take_result(std::size_t index, LoadReport report);
  void relocation_is_done();
  void report_relocations(const StageReport& stage);
  void report_new_map(std::string_view name, const StageReport& stage);
  const bpf_map* map_of(std::string_view name) const;
  bool leave_out_map(std::string_view name, int error);
  void report_inner_failures();
  /// The name of a map that the program needs and that was not created; nullptr: none.
  const char* missing_map(const LoadReport& report) const;
  Program* blamed_program(std::string_view name);
  bool poison_is_accounted_for() const;
  bool take_failure(int error);
  bool leave_out_btf_users(const StageReport& stage);
  void fail(Program& program, const StageReport& stage);

  std::string path_;
  std::string btf_;
  GlobalValues globals_{};
  LoadSettings settings_{};
  ProgramThere there_{};
  SetUp set_up_{};
  std::unique_ptr<bpf_object, Close> object_{};
  std::vector<Program> programs_{};
  /// The type of what is in the map `observed`; 0 without one. Kept from the beginning, because
  /// libbpf forgets it when a kernel takes no BTF.
  unsigned observed_type_ = 0;
  std::set<std::string, std::less<>> reported_maps_{};
  /// Those that could not be created, by libbpf's name, with the errno: left out of further tries.
  std::map<std::string, int, std::less<>> failed_maps_{};
  RelocationLog relocations_{};
  bool relocation_reported_ = false;
  bool again_ = false;
};

}  // namespace bpfmatrix::guest
