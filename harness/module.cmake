# harness_module(<name> [USES <module>...] [LINK <library>...] [SOURCES <file>...] [TESTS <file>...])
#
# One folder of harness/, built as the library `bpfmatrix_<name>`. USES is the layer map: every
# `#include "<folder>/..."` in the folder must name the module itself or one it uses, and a wrong-way
# include stops the configure step. TESTS become the program `<name>_test`, label `unit`.
function(harness_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "USES;LINK;SOURCES;TESTS")
  check_includes(${name} "${arg_USES}")
  add_library(bpfmatrix_${name} STATIC ${arg_SOURCES})
  target_include_directories(bpfmatrix_${name} PUBLIC ${PROJECT_SOURCE_DIR}/harness)
  list(TRANSFORM arg_USES PREPEND bpfmatrix_)
  target_link_libraries(bpfmatrix_${name} PUBLIC ${arg_USES} ${arg_LINK})
  if(arg_TESTS AND BUILD_TESTING)
    harness_test(${name}_test LABEL unit LINK bpfmatrix_${name} SOURCES ${arg_TESTS})
  endif()
endfunction()

# harness_test(<name> LABEL unit|vm|slow LINK <library>... SOURCES <file>... [TIMEOUT <seconds>])
# BPFMATRIX_SOURCE_DIR names the source tree, so that a test finds its testdata/.
function(harness_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "LINK;SOURCES")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    BPFMATRIX_SOURCE_DIR="${PROJECT_SOURCE_DIR}" BPFMATRIX_BINARY_DIR="${CMAKE_BINARY_DIR}")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
endfunction()

function(check_includes name uses)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  foreach(file IN LISTS files)
    file(STRINGS ${file} lines REGEX "^#include \"[a-z_]+/")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^#include \"([a-z_]+)/.*" "\\1" folder "${line}")
      if(NOT folder STREQUAL name AND NOT folder IN_LIST uses)
        file(RELATIVE_PATH shown ${PROJECT_SOURCE_DIR} ${file})
        message(FATAL_ERROR "${shown}: module '${name}' must not include '${folder}/' (it uses: ${uses})")
      endif()
    endforeach()
  endforeach()
endfunction()
