# SPDX-License-Identifier: MIT
# What the tests and examples need and the library does not: Check, libevent. On Windows the
# packages that ci/windows-deps built, elsewhere the system's.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
conntrail_find_package(CHECK "check" Check::check check)
conntrail_find_package(LIBEVENT "Libevent COMPONENTS core extra" libevent::extra libevent)
foreach(library IN ITEMS CHECK LIBEVENT)
  if(NOT TARGET PkgConfig::${library})
    message(FATAL_ERROR "The tests and examples need ${library}: install it, or leave them out with "
            "-DCONNTRAIL_TESTS=OFF -DCONNTRAIL_EXAMPLES=OFF.")
  endif()
endforeach()
add_library(conntrail_check INTERFACE)
target_link_libraries(conntrail_check INTERFACE PkgConfig::CHECK)
if(MSVC)
  # Check marks the parameter that its macros make as unused for gcc only.
  target_compile_options(conntrail_check INTERFACE /wd4100)
endif()
add_library(conntrail_libevent INTERFACE)
target_link_libraries(conntrail_libevent INTERFACE PkgConfig::LIBEVENT)

# Wine cuts exit codes to 8 bits, so that a crash may look like a success: there, Check's own sum counts.
function(conntrail_judge_by_report test)
  if(WIN32)
    set_tests_properties(${test} PROPERTIES
      PASS_REGULAR_EXPRESSION "100%: Checks: [1-9][0-9]*, Failures: 0, Errors: 0")
  endif()
endfunction()
