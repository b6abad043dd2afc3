# fumi_module(NAME [DEPS module...] [LIBS lib...] [NET])
#
# One call in the CMakeLists.txt of each module folder. It makes
#   fumi_NAME          a static library of every *.cpp that is not a test, fuzzer or benchmark
#   test_NAME          one doctest program of every *_test.cpp   (FUMI_TESTS), run by ctest
#   fuzz_NAME_X        one libFuzzer program for each X_fuzz.cpp (FUMI_FUZZ);
#   replay_NAME_X      with FUMI_TESTS the same source replays tests/corpora/NAME_X under ctest
# Files are found by name, so that adding one needs no edit here. Slashes in NAME become dashes.
# NET gives the module the precompiled header with Asio in it instead of the std-only one.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
                    -Wno-gnu-zero-variadic-macro-arguments -Werror=return-type -Werror=unused-result
                    "SHELL:-Xclang -fno-pch-timestamp")
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_NO_TS_EXECUTORS)

# Two precompiled headers for the whole project (STYLE §4); every module reuses one of them, and every
# test program a third.
function(fumi_make_pch name header)
  file(WRITE ${CMAKE_BINARY_DIR}/pch/${name}.cpp "")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/pch/${name}.cpp)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_precompile_headers(${name} PRIVATE ${header})
  target_link_libraries(${name} PRIVATE Threads::Threads)
endfunction()

fumi_make_pch(fumi_pch_std ${CMAKE_SOURCE_DIR}/cmake/pch_std.h)
fumi_make_pch(fumi_pch_net ${CMAKE_SOURCE_DIR}/cmake/pch_net.h)

# CMake would also name the header that the PCH was made from, by an absolute path that ccache can't
# make relative.
set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)

# A precompiled header holds the paths of its tree, so ccache would never share an object between two
# clones. With CCACHE_PCH_EXTSUM it hashes this sum instead: what the header expands to, and the flags.
function(fumi_sum_pch name header)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}")
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -std=c++23 ${flags} -E -P -x c++ ${header}
                  OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  string(SHA256 sum "${CMAKE_CXX_COMPILER_VERSION} ${flags} ${text}")
  file(WRITE ${CMAKE_BINARY_DIR}/CMakeFiles/${name}.dir/cmake_pch.hxx.pch.sum "${sum}")
endfunction()

fumi_sum_pch(fumi_pch_std ${CMAKE_SOURCE_DIR}/cmake/pch_std.h)
fumi_sum_pch(fumi_pch_net ${CMAKE_SOURCE_DIR}/cmake/pch_net.h)

# Test programs aren't optimised, in no preset: with sanitizers that took half of the build's time, and
# what is slow in a test is the code under test.
set(FUMI_TEST_OPTIONS -O0)
if(FUMI_TESTS)
  fumi_make_pch(fumi_pch_test ${CMAKE_SOURCE_DIR}/cmake/pch_test.h)
  fumi_sum_pch(fumi_pch_test ${CMAKE_SOURCE_DIR}/cmake/pch_test.h)
  target_compile_options(fumi_pch_test PRIVATE ${FUMI_TEST_OPTIONS})
endif()

# What every test program shares, compiled once: doctest's main and the place of the source tree.
if(FUMI_TESTS)
  add_library(fumi_test_main STATIC ${CMAKE_SOURCE_DIR}/cmake/test_main.cpp)
  target_compile_definitions(fumi_test_main PRIVATE FUMI_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_include_directories(fumi_test_main PRIVATE ${CMAKE_SOURCE_DIR}/src)
  add_library(fumi_replay_main OBJECT ${CMAKE_SOURCE_DIR}/cmake/replay_main.cpp)
endif()

function(fumi_target_common target pch)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_precompile_headers(${target} REUSE_FROM ${pch})
  target_link_libraries(${target} PRIVATE Threads::Threads)
endfunction()

function(fumi_module name)
  cmake_parse_arguments(ARG "NET" "" "DEPS;LIBS" ${ARGN})
  string(REPLACE "/" "-" id ${name})
  set(pch fumi_pch_std)
  if(ARG_NET)
    set(pch fumi_pch_net)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS *.cpp detail/*.cpp)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cpp detail/*_test.cpp)
  file(GLOB fuzzers CONFIGURE_DEPENDS *_fuzz.cpp detail/*_fuzz.cpp)
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.cpp$")
  set(deps ${ARG_DEPS})
  list(TRANSFORM deps REPLACE "/" "-")
  list(TRANSFORM deps PREPEND fumi_)
  if(sources)
    add_library(fumi_${id} STATIC ${sources})
    fumi_target_common(fumi_${id} ${pch})
    target_link_libraries(fumi_${id} PUBLIC ${deps} ${ARG_LIBS})
  else()
    add_library(fumi_${id} INTERFACE)
    target_link_libraries(fumi_${id} INTERFACE ${deps} ${ARG_LIBS})
  endif()
  if(FUMI_TESTS AND tests)
    add_executable(test_${id} ${tests})
    fumi_target_common(test_${id} fumi_pch_test)
    target_compile_options(test_${id} PRIVATE ${FUMI_TEST_OPTIONS})
    target_link_libraries(test_${id} PRIVATE fumi_test_main fumi_${id})
    add_test(NAME unit/${name} COMMAND test_${id})
    set_tests_properties(unit/${name} PROPERTIES TIMEOUT 300)
  endif()
  foreach(file ${fuzzers})
    get_filename_component(stem ${file} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" stem ${stem})
    if(FUMI_FUZZ)
      add_executable(fuzz_${id}_${stem} ${file})
      fumi_target_common(fuzz_${id}_${stem} ${pch})
      target_link_libraries(fuzz_${id}_${stem} PRIVATE fumi_${id})
      target_link_options(fuzz_${id}_${stem} PRIVATE -fsanitize=fuzzer)
    endif()
    if(FUMI_TESTS)
      add_executable(replay_${id}_${stem} ${file})
      fumi_target_common(replay_${id}_${stem} ${pch})
      target_link_libraries(replay_${id}_${stem} PRIVATE fumi_replay_main fumi_${id})
      add_test(NAME replay/${name}/${stem}
               COMMAND replay_${id}_${stem} ${CMAKE_SOURCE_DIR}/tests/corpora/${id}_${stem})
    endif()
  endforeach()
endfunction()
