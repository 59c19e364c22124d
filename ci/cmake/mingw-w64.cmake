# SPDX-License-Identifier: MIT
# Windows programs by mingw-w64, run by Wine. Included with CONNTRAIL_MINGW_TARGET set.
set(CMAKE_SYSTEM_NAME Windows)

# Debian has one compiler per thread model; only the posix one knows C11's threads.
find_program(CONNTRAIL_MINGW_GCC
             NAMES ${CONNTRAIL_MINGW_TARGET}-gcc-posix ${CONNTRAIL_MINGW_TARGET}-gcc REQUIRED)
if(CONNTRAIL_MINGW_CLANG)
  find_program(CMAKE_C_COMPILER NAMES clang REQUIRED)
  find_program(CONNTRAIL_MINGW_LD NAMES ${CONNTRAIL_MINGW_TARGET}-ld REQUIRED)
else()
  set(CMAKE_C_COMPILER "${CONNTRAIL_MINGW_GCC}")
endif()
find_program(CMAKE_RC_COMPILER NAMES ${CONNTRAIL_MINGW_TARGET}-windres REQUIRED)
set(CMAKE_C_COMPILER_TARGET ${CONNTRAIL_MINGW_TARGET})

# Without it Wine ends a program in silence for want of libwinpthread-1.dll and libgcc.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-static-libgcc -Wl,-Bstatic")
if(CONNTRAIL_MINGW_CLANG)
  # clang finds neither mingw-w64's linker nor gcc's library in a folder named "12-posix".
  execute_process(COMMAND "${CONNTRAIL_MINGW_GCC}" -print-libgcc-file-name
                  OUTPUT_VARIABLE libgcc OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  get_filename_component(libgcc "${libgcc}" DIRECTORY)
  foreach(kind IN ITEMS EXE SHARED)
    string(APPEND CMAKE_${kind}_LINKER_FLAGS_INIT
           " --ld-path=${CONNTRAIL_MINGW_LD} -L${libgcc} -B${libgcc}")
  endforeach()
  # What the posix gcc links by itself, and Check and libevent need.
  set(CMAKE_C_STANDARD_LIBRARIES "-lpthread" CACHE STRING "Linked behind everything")
endif()

# Libraries for Windows come from ci/windows-deps, and none from this system.
if(NOT CONNTRAIL_WINDOWS_DEPS)
  if(DEFINED ENV{CONNTRAIL_WINDOWS_DEPS})
    set(CONNTRAIL_WINDOWS_DEPS "$ENV{CONNTRAIL_WINDOWS_DEPS}")
  else()
    execute_process(COMMAND "${CMAKE_CURRENT_LIST_DIR}/../windows-deps" --where
                    OUTPUT_VARIABLE CONNTRAIL_WINDOWS_DEPS OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
endif()
set(CONNTRAIL_WINDOWS_DEPS "${CONNTRAIL_WINDOWS_DEPS}"
    CACHE PATH "What ci/windows-deps built: libevent, Check, uthash.h")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CONNTRAIL_WINDOWS_DEPS)
set(CMAKE_FIND_ROOT_PATH "${CONNTRAIL_WINDOWS_DEPS}" "/usr/${CONNTRAIL_MINGW_TARGET}")
# And from where the caller says.
list(APPEND CMAKE_FIND_ROOT_PATH ${CMAKE_PREFIX_PATH})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# A plain PKG_CONFIG_PATH would add this system's own packages.
set(ENV{PKG_CONFIG_LIBDIR} "${CONNTRAIL_WINDOWS_DEPS}/lib/pkgconfig")
set(ENV{PKG_CONFIG_PATH} "")

set(CMAKE_CROSSCOMPILING_EMULATOR "${CMAKE_CURRENT_LIST_DIR}/../lib/wine-run")
