# Flags for our own code, the libraries we stand on, and short functions to declare targets.
# Called by: every CMakeLists.txt. Must never: loosen a warning for our own code.
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

foreach(package libzmq libprotobuf-c yaml-0.1 libsodium jansson libpq expat libcrypto zlib libarchive)
  string(MAKE_C_IDENTIFIER ${package} name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${package})
endforeach()
pkg_check_modules(smartcols REQUIRED IMPORTED_TARGET smartcols)
if(NAV_TESTS)
  pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
  pkg_check_modules(libcurl REQUIRED IMPORTED_TARGET libcurl)  # pitfalls only, until adapters poll
endif()

# Generated code (protobuf-c) is built with these alone.
add_library(nav_flags INTERFACE)
target_compile_definitions(nav_flags INTERFACE _GNU_SOURCE)
target_compile_options(nav_flags INTERFACE
  -fstack-protector-strong -fno-omit-frame-pointer -fcf-protection=full)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(nav_flags INTERFACE -fstack-clash-protection -ftrivial-auto-var-init=zero)
endif()
if(NAV_FUZZ)
  target_compile_options(nav_flags INTERFACE -fsanitize=fuzzer-no-link)  # coverage in the libraries too
endif()
target_link_options(nav_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
if(NAV_SANITIZE)
  target_compile_options(nav_flags INTERFACE -fsanitize=${NAV_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(nav_flags INTERFACE -fsanitize=${NAV_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(nav_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
target_include_directories(nav_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)

# Our own code.
add_library(nav_strict INTERFACE)
target_link_libraries(nav_strict INTERFACE nav_flags)
target_compile_options(nav_strict INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
  -Wformat=2 -Wundef -Wvla -Wcast-qual -Wwrite-strings -Werror)

# nav_library(NAME SOURCES... LINK libraries...): a static library of one folder.
function(nav_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE nav_strict PUBLIC nav_flags ${ARG_LINK})
endfunction()

# nav_program(NAME SOURCES... LINK libraries...): a program in build/bin.
function(nav_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE nav_strict ${ARG_LINK})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# Of a sanitizer's build, for unit, flow and ledger tests. Freed memory is kept from use for 32 MB: with the 256 of the default nothing is used twice, and
# to touch new pages is most of what such a build does.
set(NAV_ASAN "abort_on_error=0:detect_leaks=1:quarantine_size_mb=32")

# nav_unit_test(NAME SOURCES... LINK libraries...): a cmocka program, run by ctest from the source
# folder so that it finds its tables of data.
function(nav_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE nav_strict ${ARG_LINK} PkgConfig::cmocka)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 400 ENVIRONMENT "ASAN_OPTIONS=${NAV_ASAN}")
endfunction()

# nav_fuzz_target(NAME SOURCES... LINK libraries...): a libFuzzer program in build/fuzz, and a short
# run of it over its seeds in tests/fuzz/seeds/NAME as a test.
function(nav_fuzz_target name)
  if(NOT NAV_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE nav_strict ${ARG_LINK})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  set(corpus ${CMAKE_BINARY_DIR}/fuzz/corpus/${name})
  file(MAKE_DIRECTORY ${corpus} ${CMAKE_SOURCE_DIR}/tests/fuzz/seeds/${name})
  add_test(NAME fuzz_${name}
    COMMAND ${name} -max_total_time=6 -rss_limit_mb=1024 -timeout=10 ${corpus}
            ${CMAKE_SOURCE_DIR}/tests/fuzz/seeds/${name})
endfunction()
