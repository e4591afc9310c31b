// What an application came to at the kernel, put into the order of the loader contract: its
// programs known again as the object's, retries and probes of its loader told apart from what
// counts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "guest/loader/app/attach_points.h"
#include "guest/loader/app/program_match.h"
#include "guest/loader/common/report.h"

namespace bpfmatrix::guest {

struct MapMade {
  std::string name{};
  std::string type{};
  int error = 0;
  std::optional<std::uint32_t> id{};
};

struct ProgramSent {
  ProgramShape sent{};
  int error = 0;
  std::optional<std::uint32_t> id{};
  /// All but the program's name.
  LoadReport report{};
};

struct ProgramAttached {
  /// Nothing: it failed before any program was named.
  std::optional<std::uint32_t> program{};
  AttachPoint point{};
  int error = 0;
};

class AppRecord {
 public:
  /// Whether the kernel still holds what has this id.
  struct Held {
    std::function<bool(std::uint32_t id)> program{};
    std::function<bool(std::uint32_t id)> map{};
  };
  /// `programs` and `maps` are the object's.
  AppRecord(std::vector<WantedProgram> programs, std::vector<std::string> maps, Held held);

  void take(const MapMade& map);
  void take(ProgramSent program);
  void take(const ProgramAttached& attached);

  /// A small program that is none of the object's is a question to the kernel, and so is that it is
  /// attached, as long as it is let go at once: what lasts is the application's own. Call it often,
  /// with a clock in milliseconds.
  void promote_lasting(std::int64_t now_ms);
  /// Those that the kernel holds now, and those too large for a question.
  void promote_others();

  /// Something that is no probe was loaded, or failed to.
  bool begun() const;
  bool attached() const;
  /// Says what has been found out since the last time.
  void report();

  /// A program that the kernel holds, and the last id it had.
  struct Accepted {
    std::string name{};
    std::uint32_t id = 0;
  };
  std::vector<Accepted> accepted() const;
  std::optional<std::uint32_t> map_id(std::string_view name) const;
  /// How many programs were sent that count as questions to the kernel only.
  std::size_t probes() const { return others_.size(); }

 private:
  struct Program {
    WantedProgram wanted{};
    std::optional<ProgramSent> load{};
    std::set<std::uint32_t> ids{};
    std::optional<ProgramAttached> attach{};
    bool announced = false;
    bool load_said = false;
    bool attach_said = false;
  };
  struct Other {
    ProgramSent sent{};
    std::optional<ProgramAttached> attach{};
    /// When promote_lasting() saw it first; nothing: not yet.
    std::optional<std::int64_t> since_ms{};
    bool lasted = false;
  };
  struct Map {
    MapMade made{};
    bool of_object = false;
    bool said = false;
  };

  Program* program_of(const ProgramAttached& attached);
  Program* program_of_id(std::uint32_t id);
  Program* program_that_asked(const AttachPoint& point);
  Program& promote(std::size_t other);
  bool is_held(const Other& other) const;
  void report_maps();
  void report_attach_of(Program& program);

  std::vector<Program> programs_{};
  std::set<std::string> object_maps_{};
  std::vector<Other> others_{};
  std::vector<Map> maps_{};
  Held held_;
  bool relocation_said_ = false;
};

}  // namespace bpfmatrix::guest
