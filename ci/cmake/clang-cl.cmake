# SPDX-License-Identifier: MIT
# As near as one gets to Visual Studio on Linux: clang-cl and lld-link, Wine's headers for the C
# library, mingw-w64's for Windows, programs run by Wine. CONNTRAIL_CLANG_CL_MACHINE: x64 or arm64.
set(CMAKE_SYSTEM_NAME Windows)
if(NOT CONNTRAIL_CLANG_CL_MACHINE)
  set(CONNTRAIL_CLANG_CL_MACHINE x64)
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CONNTRAIL_CLANG_CL_MACHINE)
if(CONNTRAIL_CLANG_CL_MACHINE STREQUAL "arm64")
  set(CMAKE_SYSTEM_PROCESSOR ARM64)
  set(target aarch64-pc-windows-msvc)
else()
  set(CMAKE_SYSTEM_PROCESSOR AMD64)
  set(target x86_64-pc-windows-msvc)
endif()

set(paths /usr/lib/llvm-22/bin /usr/lib/llvm-19/bin /usr/lib/llvm-14/bin)
find_program(CMAKE_C_COMPILER NAMES clang-cl PATHS ${paths} REQUIRED)
get_filename_component(tools "${CMAKE_C_COMPILER}" DIRECTORY)
set(CMAKE_CXX_COMPILER "${CMAKE_C_COMPILER}")
set(CMAKE_C_COMPILER_TARGET ${target})
set(CMAKE_CXX_COMPILER_TARGET ${target})
set(CMAKE_LINKER "${tools}/lld-link" CACHE FILEPATH "")
set(CMAKE_AR "${tools}/llvm-lib" CACHE FILEPATH "")
set(CMAKE_RC_COMPILER "${tools}/llvm-rc" CACHE FILEPATH "")
set(CMAKE_MT "${tools}/llvm-mt" CACHE FILEPATH "")

# Import libraries and startup.lib, in the place of Visual Studio's.
get_filename_component(top "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(libraries "${top}/build/clang-cl-libraries/${CONNTRAIL_CLANG_CL_MACHINE}")
if(NOT EXISTS "${libraries}/startup.lib")
  execute_process(COMMAND "${top}/ci/clang-cl/libraries" "${libraries}" ${CONNTRAIL_CLANG_CL_MACHINE}
                  COMMAND_ERROR_IS_FATAL ANY)
endif()
set(headers "/imsvc ${top}/ci/clang-cl/include /imsvc /usr/include/wine/wine/msvcrt \
/imsvc /usr/share/mingw-w64/include")
set(CMAKE_RC_FLAGS_INIT "-I /usr/share/mingw-w64/include")
set(CMAKE_C_FLAGS_INIT "${headers} /GS- /Zl")
set(CMAKE_CXX_FLAGS_INIT "${headers} /GS- /Zl")
# The program names no C library, neither in its objects nor as an option: ucrtbase.lib is above.
set(CMAKE_MSVC_RUNTIME_LIBRARY "")
set(defaults "")
if(CONNTRAIL_CLANG_CL_MACHINE STREQUAL "x64")
  set(mingw oldnames mingw)
endif()
foreach(library IN ITEMS startup kernel32 ucrtbase ntdll ${mingw})
  string(APPEND defaults " /defaultlib:${library}")
endforeach()
foreach(kind IN ITEMS EXE SHARED MODULE)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT "/manifest:no \"/libpath:${libraries}\"${defaults}")
endforeach()
# Visual Studio's generator names a dozen of them by itself.
set(CMAKE_C_STANDARD_LIBRARIES "" CACHE STRING "Linked behind everything")
set(CMAKE_CXX_STANDARD_LIBRARIES "" CACHE STRING "")

# libevent and Check as ci/windows-deps built them with mingw-w64: the C interface is the same. What
# they need of mingw-w64's own libraries is in mingw.lib.
execute_process(COMMAND "${top}/ci/windows-deps" --where
                OUTPUT_VARIABLE CONNTRAIL_WINDOWS_DEPS OUTPUT_STRIP_TRAILING_WHITESPACE)
set(CMAKE_FIND_ROOT_PATH "${CONNTRAIL_WINDOWS_DEPS}" ${CMAKE_PREFIX_PATH})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} "${CONNTRAIL_WINDOWS_DEPS}/lib/pkgconfig")
set(ENV{PKG_CONFIG_PATH} "")

if(CONNTRAIL_CLANG_CL_MACHINE STREQUAL "x64")
  set(CMAKE_CROSSCOMPILING_EMULATOR "${top}/ci/lib/wine-run")
endif()
