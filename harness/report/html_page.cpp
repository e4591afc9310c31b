// The shell of the page and what stands in it, kept as files that an editor and a browser know.
#include <array>
#include <cstddef>
#include <utility>

#include "base/base64.h"
#include "base/sha256.h"
#include "report/html.h"

// .incbin: the bytes of a file, as the assembler puts them there.
#define BPFMATRIX_FILE(name, file)                                                             \
  __asm__(".section .rodata\nbpfmatrix_html_" name ":\n.incbin \"" BPFMATRIX_HTML_DIR "/" file \
          "\"\nbpfmatrix_html_" name "_end:\n.byte 0\n.previous")

BPFMATRIX_FILE("page", "page.html");
BPFMATRIX_FILE("style", "style.css");
BPFMATRIX_FILE("data", "data.js");
BPFMATRIX_FILE("query", "query.js");
BPFMATRIX_FILE("matrix", "matrix.js");
BPFMATRIX_FILE("story", "story.js");
BPFMATRIX_FILE("main", "page.js");

extern "C" {
extern const char bpfmatrix_html_page[];
extern const char bpfmatrix_html_page_end[];
extern const char bpfmatrix_html_style[];
extern const char bpfmatrix_html_style_end[];
extern const char bpfmatrix_html_data[];
extern const char bpfmatrix_html_data_end[];
extern const char bpfmatrix_html_query[];
extern const char bpfmatrix_html_query_end[];
extern const char bpfmatrix_html_matrix[];
extern const char bpfmatrix_html_matrix_end[];
extern const char bpfmatrix_html_story[];
extern const char bpfmatrix_html_story_end[];
extern const char bpfmatrix_html_main[];
extern const char bpfmatrix_html_main_end[];
}

namespace bpfmatrix {

namespace {

std::string_view file(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

/// One scope for all of them, and none of it global.
std::string script_text() {
  std::string text = "\n'use strict';\n(() => {\n";
  for (const std::string_view part : {file(bpfmatrix_html_data, bpfmatrix_html_data_end),
                                      file(bpfmatrix_html_query, bpfmatrix_html_query_end),
                                      file(bpfmatrix_html_matrix, bpfmatrix_html_matrix_end),
                                      file(bpfmatrix_html_story, bpfmatrix_html_story_end),
                                      file(bpfmatrix_html_main, bpfmatrix_html_main_end)})
    text += part;
  return text + "})();\n";
}

/// As a Content-Security-Policy names a script that may run.
std::string source_hash(const std::string& script) {
  const std::string hex = sha256_hex(script);
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return "sha256-" + base64(bytes);
}

}  // namespace

std::string html_page(std::string_view data) {
  const std::string_view shell = file(bpfmatrix_html_page, bpfmatrix_html_page_end);
  const std::string script = script_text();
  const std::string hash = source_hash(script);
  const std::string_view style = file(bpfmatrix_html_style, bpfmatrix_html_style_end);
  // The script begins and ends with a line end, as the shell has it.
  const std::array<std::pair<std::string_view, std::string_view>, 4> holes{
      {{"@SCRIPT_HASH@", hash}, {"@STYLE@", style}, {"@DATA@", data}, {"\n@SCRIPT@\n", script}}};
  std::string page;
  page.reserve(shell.size() + script.size() + style.size() + data.size());
  std::size_t at = 0;
  for (const auto& [hole, content] : holes) {
    const std::size_t next = shell.find(hole, at);
    page += shell.substr(at, next - at);
    page += content;
    at = next + hole.size();
  }
  page += shell.substr(at);
  return page;
}

}  // namespace bpfmatrix
