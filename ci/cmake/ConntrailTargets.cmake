# SPDX-License-Identifier: MIT
# How every target of this project is compiled.

function(conntrail_compile target)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11
    C_STANDARD_REQUIRED ON
    C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden
    # Files have static functions of the same name; CMAKE_UNITY_BUILD is for the program around this.
    UNITY_BUILD OFF
    POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${target} PRIVATE "${conntrail_SOURCE_DIR}/include")
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 $<$<BOOL:${CONNTRAIL_WERROR}>:/WX>)
    # fopen and strerror are what the other systems have.
    target_compile_definitions(${target} PRIVATE _CRT_SECURE_NO_WARNINGS _CRT_NONSTDC_NO_WARNINGS)
    if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
      # clang-cl: Visual Studio's options, and gcc's warnings.
      target_compile_options(${target} PRIVATE -Wconversion -Wshadow -Wvla -Wgnu)
    else()
      # C4204 and C4221: lists of values that are no constants, which C has since 1999.
      target_compile_options(${target} PRIVATE /utf-8 /wd4204 /wd4221)
    endif()
  else()
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                           $<$<BOOL:${CONNTRAIL_WERROR}>:-Werror>)
  endif()
  if(WIN32)
    # Windows 8, the first with these control codes.
    target_compile_definitions(${target} PRIVATE _WIN32_WINNT=0x0602 WIN32_LEAN_AND_MEAN)
  endif()
  if(MINGW)
    # The old C library of Windows does not know %zu.
    target_compile_definitions(${target} PRIVATE __USE_MINGW_ANSI_STDIO=1)
  endif()
endfunction()

# A part of the library: objects that the library and the unit tests share.
function(conntrail_part target)
  add_library(${target} OBJECT ${ARGN})
  conntrail_compile(${target})
  target_compile_definitions(${target} PRIVATE
    $<IF:$<BOOL:${BUILD_SHARED_LIBS}>,CONNTRAIL_BUILDING,CONNTRAIL_STATIC>)
endfunction()

# A shared library of products shows its public names alone, and marks them with its version.
function(conntrail_version_symbols target)
  if(BUILD_SHARED_LIBS AND CONNTRAIL_BACKEND STREQUAL "linux")
    set(version_script "${PROJECT_BINARY_DIR}/exported.map")
    configure_file("${PROJECT_SOURCE_DIR}/ci/cmake/exported.map.in" "${version_script}" @ONLY)
    target_link_options(${target} PRIVATE "-Wl,--version-script=${version_script}" -Wl,-z,defs)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${version_script}")
  endif()
endfunction()
