# SPDX-License-Identifier: MIT

# Registers every case of a list with ctest: PREFIX.NAME.PROFILE. On Windows it
# passes by what the program prints, because Wine cuts exit codes. A skip is counted as a skip.
# Further arguments: needs that the program cannot meet by its nature; cases with one are left out.
# ONE_PROFILE: the environment has no profiles, so one run is all.
function(conntrail_add_cases program list prefix)
  set(profiles documented measured contrary)
  if("ONE_PROFILE" IN_LIST ARGN)
    list(REMOVE_ITEM ARGN ONE_PROFILE)
    set(profiles documented)
  endif()
  file(STRINGS "${list}" lines REGEX "^CASE\\(")
  foreach(need IN LISTS ARGN)
    list(FILTER lines EXCLUDE REGEX "[ |]${need}[ )]")
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${list}")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^CASE\\(([a-z0-9_]+),.*" "\\1" name "${line}")
    foreach(profile IN LISTS profiles)
      set(test "${prefix}.${name}.${profile}")
      add_test(NAME "${test}" COMMAND ${program} --case ${name} --profile ${profile})
      set_tests_properties("${test}" PROPERTIES
        TIMEOUT ${CONNTRAIL_TEST_SECONDS} LABELS conformance SKIP_RETURN_CODE 77)
      if(WIN32)
        set_tests_properties("${test}" PROPERTIES PASS_REGULAR_EXPRESSION "ok 1 - ${name} ${profile} checks="
                             FAIL_REGULAR_EXPRESSION "not ok 1 - ")
      endif()
    endforeach()
  endforeach()
endfunction()
