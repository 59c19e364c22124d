# SPDX-License-Identifier: MIT
# The same Windows programs, compiled by clang with mingw-w64's headers and libraries.
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CONNTRAIL_MINGW_TARGET x86_64-w64-mingw32)
set(CONNTRAIL_MINGW_CLANG ON)
include("${CMAKE_CURRENT_LIST_DIR}/mingw-w64.cmake")
