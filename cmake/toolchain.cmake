# Warnings, sanitizers, linker and compiler cache: what every target of ours is built with.

# Another clone of the same sources, wherever it lies, finds what this one compiled; precompiled headers need the sloppiness.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# Members of structs that are filled by designated initialisers have defaults.
# -Wrestrict of g++ 12 sees overlaps in "text" + std::string that are not there (GCC bug 105651); in a release four
# other warnings see the same of std::string and std::expected.
add_library(slipway_options INTERFACE)
target_include_directories(slipway_options INTERFACE ${CMAKE_SOURCE_DIR})
# -pthread: some libraries ask for it, and what is precompiled must be compiled alike.
target_compile_options(slipway_options INTERFACE
  -pthread
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-array-bounds;-Wno-maybe-uninitialized;-Wno-stringop-overflow;-Wno-stringop-overread>)
option(SLIPWAY_WERROR "Treat warnings as errors" OFF)
if(SLIPWAY_WERROR)
  target_compile_options(slipway_options INTERFACE -Werror)
endif()

if(SLIPWAY_SANITIZE)
  add_compile_options(-fsanitize=${SLIPWAY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLIPWAY_SANITIZE})
endif()

# slipway_cold(SOURCES...): sources that run once for a visit, a command or a request, not for each byte or document. A release
# has them at -O1, which takes a fifth less time to compile than -O2.
function(slipway_cold)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release>:-O1>)
endfunction()

# slipway_library(NAME SOURCES...): a static library of ours, with our warnings.
function(slipway_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC slipway_options)
  slipway_precompile(${name} precompiled)
endfunction()
