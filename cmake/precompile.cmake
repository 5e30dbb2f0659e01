# Most of what a source costs to compile is the standard library's headers, and of a test those of Catch2: they are parsed
# once. Sources include what they use all the same: the fuzz targets' build goes without.
option(SLIPWAY_PRECOMPILE "Parse the headers of libraries once" ON)

# slipway_precompiled_headers(NAME HEADERS...): what slipway_precompile() gives to others.
function(slipway_precompiled_headers name)
  file(WRITE ${CMAKE_BINARY_DIR}/${name}.cpp "")
  add_library(${name} STATIC ${CMAKE_BINARY_DIR}/${name}.cpp)
  target_link_libraries(${name} PRIVATE slipway_options)
  target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()

# Not <filesystem>: it brings std::quoted, which would compete with ours for strings.
set(standard_headers <algorithm> <array> <chrono> <condition_variable> <expected> <functional> <map> <memory> <mutex>
  <optional> <set> <span> <sstream> <stop_token> <string> <string_view> <thread> <utility> <variant> <vector>)
if(SLIPWAY_PRECOMPILE)
  slipway_precompiled_headers(precompiled ${standard_headers})
  if(SLIPWAY_TESTS)
    slipway_precompiled_headers(precompiled_for_tests ${standard_headers} <catch2/catch.hpp>)
  endif()
endif()

# slipway_precompile(TARGET HEADERS): HEADERS is precompiled or precompiled_for_tests.
function(slipway_precompile name headers)
  if(SLIPWAY_PRECOMPILE)
    target_precompile_headers(${name} REUSE_FROM ${headers})
  endif()
endfunction()
