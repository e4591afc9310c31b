#include "guest/loader/app/request.h"

#include "base/json.h"

namespace bpfmatrix::guest {

namespace {

constexpr int kContract = 1;

void read_programs(ObjectReader& parent, AppRequest& request) {
  const Json* list = parent.array("programs");
  if (list == nullptr) return parent.fail("programs", "missing");
  for (const Json& json : *list) {
    ObjectReader reader(json, parent.where("programs"));
    WantedProgram program{reader.string("name"), reader.string("section"), reader.string("type")};
    program.instructions = static_cast<std::uint64_t>(reader.integer("instructions"));
    if (const Result<> read = reader.finish(); !read) return parent.adopt(read.error());
    request.programs.push_back(std::move(program));
  }
}

void read_environment(ObjectReader& parent, AppRequest& request) {
  const Json* object = parent.object("environment");
  if (object == nullptr) return parent.fail("environment", "missing");
  for (const auto& [name, value] : object->items()) {
    if (!value.is_string()) return parent.fail("environment", "wanted texts only");
    request.line.environment.push_back(name + "=" + value.get<std::string>());
  }
}

void read_app(ObjectReader& parent, AppRequest& request) {
  const Json* json = parent.object("app");
  if (json == nullptr) return parent.fail("app", "missing");
  ObjectReader reader(*json, parent.where("app"));
  request.name = reader.string("name");
  request.version = reader.string("version");
  request.line.argv = reader.strings("argv");
  if (request.line.argv.empty()) reader.fail("argv", "empty");
  request.quiet_ms = reader.integer("quiet_ms");
  request.told_ms = reader.optional_integer("told_ms").value_or(0);
  request.longest_ms = reader.optional_integer("longest_ms").value_or(0);
  request.maps = reader.strings("maps");
  read_environment(reader, request);
  read_programs(reader, request);
  if (const Result<> read = reader.finish(); !read) parent.adopt(read.error());
}

}  // namespace

Result<AppRequest> parse_app_request(std::string_view line) {
  const Result<Json> json = parse_json(line, "request");
  if (!json) return json.error();
  ObjectReader reader(*json, "request");
  if (reader.integer("contract") != kContract) reader.fail("contract", "this loader speaks 1");
  AppRequest request;
  request.object = reader.string("object");
  const std::string btf = reader.optional_string("btf").value_or("");
  // The guest has no /etc/localtime, which a tool that prints times would open again and again, and
  // see itself do.
  request.line.environment = {"TZ=UTC", "BPFMATRIX_OBJECT=" + request.object,
                              "BPFMATRIX_BTF=" + btf};
  // Setting them is up to the application as well.
  if (const Json* globals = reader.object("globals"); globals != nullptr && !globals->empty()) {
    request.line.environment.push_back("BPFMATRIX_GLOBALS=" + json_text(*globals));
  }
  // What is loaded and attached is the application's own decision.
  reader.boolean("attach");
  reader.object("load");
  request.hold = reader.boolean("hold");
  request.insns = reader.optional_boolean("insns").value_or(false);
  read_app(reader, request);
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return request;
}

}  // namespace bpfmatrix::guest
