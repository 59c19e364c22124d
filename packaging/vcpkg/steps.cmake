# SPDX-License-Identifier: MIT
# cmake -DSOURCE=... -DPACKAGES=... -DFEATURES="event;emulation" -P steps.cmake: runs portfile.cmake with functions that
# do what those of vcpkg do, for a release build of this system. For ci/vcpkg; vcpkg itself has its own.
cmake_minimum_required(VERSION 3.25)
set(CURRENT_PACKAGES_DIR "${PACKAGES}")
set(build "${PACKAGES}-build")

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_from_github)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUT_SOURCE_PATH;REPO;REF;SHA512;HEAD_REF" "")
  foreach(name IN ITEMS OUT_SOURCE_PATH REPO REF SHA512)
    if(NOT DEFINED arg_${name})
      message(FATAL_ERROR "vcpkg_from_github: ${name} is not given")
    endif()
  endforeach()
  set(${arg_OUT_SOURCE_PATH} "${SOURCE}" PARENT_SCOPE)
endfunction()

# Each feature that a manifest has is switched by one option.
function(vcpkg_check_features)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUT_FEATURE_OPTIONS" "FEATURES")
  set(options)
  while(arg_FEATURES)
    list(POP_FRONT arg_FEATURES feature option)
    if(feature IN_LIST FEATURES)
      list(APPEND options "-D${option}=ON")
    else()
      list(APPEND options "-D${option}=OFF")
    endif()
  endwhile()
  set(${arg_OUT_FEATURE_OPTIONS} "${options}" PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
  run("${CMAKE_COMMAND}" -G Ninja -S "${arg_SOURCE_PATH}" -B "${build}" -DCMAKE_BUILD_TYPE=Release
      -DBUILD_SHARED_LIBS=OFF "-DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}" -DCMAKE_INSTALL_LIBDIR=lib ${arg_OPTIONS})
endfunction()

function(vcpkg_cmake_install)
  run("${CMAKE_COMMAND}" --build "${build}" --target install)
endfunction()

function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "CONFIG_PATH" "")
  if(NOT EXISTS "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/conntrailConfig.cmake")
    message(FATAL_ERROR "vcpkg_cmake_config_fixup: nothing in ${arg_CONFIG_PATH}")
  endif()
  file(MAKE_DIRECTORY "${CURRENT_PACKAGES_DIR}/share")
  file(RENAME "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}" "${CURRENT_PACKAGES_DIR}/share/conntrail")
  # The prefix is one folder up less, as vcpkg rewrites it.
  foreach(part IN ITEMS Config Targets _eventTargets _emulationTargets _emulation-filesTargets)
    set(file "${CURRENT_PACKAGES_DIR}/share/conntrail/conntrail${part}.cmake")
    if(NOT EXISTS "${file}")
      continue()
    endif()
    file(READ "${file}" text)
    string(REPLACE "\${CMAKE_CURRENT_LIST_DIR}/../../../" "\${CMAKE_CURRENT_LIST_DIR}/../../" text "${text}")
    string(REGEX REPLACE
           "get_filename_component\\(_IMPORT_PREFIX \"\\\${CMAKE_CURRENT_LIST_FILE}\" PATH\\)(.get_filename_component[^\n]*)+"
           "get_filename_component(_IMPORT_PREFIX \"\${CMAKE_CURRENT_LIST_DIR}/../../\" ABSOLUTE)" text "${text}")
    file(WRITE "${file}" "${text}")
  endforeach()
endfunction()

function(vcpkg_fixup_pkgconfig)
  if(NOT EXISTS "${CURRENT_PACKAGES_DIR}/lib/pkgconfig/conntrail.pc")
    message(FATAL_ERROR "vcpkg_fixup_pkgconfig: no conntrail.pc")
  endif()
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  run("${CMAKE_COMMAND}" -E copy ${arg_FILE_LIST} "${CURRENT_PACKAGES_DIR}/share/conntrail/copyright")
endfunction()

file(READ "${CMAKE_CURRENT_LIST_DIR}/vcpkg.json" manifest)
string(JSON VERSION GET "${manifest}" version-semver)
foreach(feature IN LISTS FEATURES)
  string(JSON description GET "${manifest}" features ${feature} description)
endforeach()
include("${CMAKE_CURRENT_LIST_DIR}/portfile.cmake")
