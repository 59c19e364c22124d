# SPDX-License-Identifier: MIT
# The examples as a project of their own, against an installed conntrail:
#
#     cmake -S examples -B build -DCMAKE_PREFIX_PATH=PREFIX
find_package(conntrail REQUIRED CONFIG OPTIONAL_COMPONENTS emulation)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
conntrail_find_package(LIBEVENT "Libevent COMPONENTS core extra" libevent::extra libevent)
if(NOT TARGET PkgConfig::LIBEVENT)
  message(FATAL_ERROR "The examples need libevent, and neither pkg-config nor a CMake package of it was found.")
endif()
add_library(conntrail_libevent INTERFACE)
target_link_libraries(conntrail_libevent INTERFACE PkgConfig::LIBEVENT)

function(conntrail_compile target)
  set_target_properties(${target} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
  if(WIN32)
    target_compile_definitions(${target} PRIVATE _WIN32_WINNT=0x0602 WIN32_LEAN_AND_MEAN)
  endif()
endfunction()
