# What every room's CMakeLists.txt uses. Four functions, so that a room says only what it is made of:
#
#   kubari_library(NAME SOURCES a.cc … DEPS x y)          a static library; headers are included as "libs/pg/pool.h"
#   kubari_executable(NAME SOURCES main.cc … DEPS x y)
#   kubari_test(NAME SOURCES a_test.cc … DEPS x y [POSTGRES])   a GoogleTest binary, run by CTest
#   kubari_migrations(TARGET DIRECTORY [WITH file…])      embeds DIRECTORY/*.sql, and those files, into TARGET as a table of migrations

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g0")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
add_compile_options(-Wall -Wextra -Werror=return-type -Wno-unused-parameter -Wno-missing-field-initializers)

set(KUBARI_SANITIZE "" CACHE STRING "Sanitizers to build with, for instance 'thread' or 'address,undefined'")
if(KUBARI_SANITIZE)
  add_compile_options(-fsanitize=${KUBARI_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KUBARI_SANITIZE})
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need these two sloppiness settings; see ccache's manual, "Precompiled headers".
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
  add_compile_options(-fpch-preprocess)
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(GTest CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)

enable_testing()
include(GoogleTest)

# Every room that has a CMakeLists.txt belongs to the build; a new room needs no entry in a list.
function(kubari_add_rooms directory)
  file(GLOB rooms RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${directory}/*/CMakeLists.txt)
  foreach(room ${rooms})
    get_filename_component(path ${room} DIRECTORY)
    add_subdirectory(${path})
  endforeach()
endfunction()

function(kubari_target_defaults name)
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  if(TARGET kubari_pch AND NOT KUBARI_NO_PCH)
    target_precompile_headers(${name} REUSE_FROM kubari_pch)
    # The precompiled header names protobuf's and gRPC's headers, so its users need their include paths too.
    target_link_libraries(${name} PRIVATE kubari_pch)
  endif()
endfunction()

function(kubari_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    kubari_target_defaults(${name})
    target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
  endif()
endfunction()

function(kubari_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  kubari_target_defaults(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# POSTGRES: the test needs a database; libs/pg/testing starts a private one for the binary.
function(kubari_test name)
  cmake_parse_arguments(ARG "POSTGRES" "TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  kubari_target_defaults(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  if(ARG_POSTGRES)
    target_link_libraries(${name} PRIVATE kubari_pg_testing)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
endfunction()

# Embeds DIRECTORY/NNNN_name.sql into TARGET, sorted by name among the files WITH it: tables that several schemas have alike. The table is
# declared in libs/pg/migrations.h and is found under the symbol `kMigrations` in the generated header "<directory>/migrations.h".
function(kubari_migrations target directory)
  cmake_parse_arguments(ARG "" "" "WITH" ${ARGN})
  set(header ${CMAKE_BINARY_DIR}/gen/${directory}/migrations.h)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${directory}/*.sql)
  list(TRANSFORM ARG_WITH PREPEND ${CMAKE_SOURCE_DIR}/)
  list(APPEND files ${ARG_WITH})
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} "-DFILES=${files}" -DHEADER=${header}
            -P ${CMAKE_SOURCE_DIR}/ops/cmake/EmbedMigrations.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/ops/cmake/EmbedMigrations.cmake
    COMMENT "Embedding ${directory}" VERBATIM)
  target_sources(${target} PRIVATE ${header})
  target_include_directories(${target} PUBLIC ${CMAKE_BINARY_DIR}/gen)
endfunction()
