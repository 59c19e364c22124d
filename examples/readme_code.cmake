# SPDX-License-Identifier: MIT
# The code that README.md shows is the code that is compiled: each block after a line
# "<!-- FILE -->" stands in that file, word for word.
#
#   cmake -D TOP=FOLDER -P examples/readme_code.cmake
file(READ "${TOP}/README.md" rest)
set(checked 0)
while(rest MATCHES "<!-- (examples/[a-z_]+\\.c) -->\n```c\n")
  set(name "${CMAKE_MATCH_1}")
  set(opening "${CMAKE_MATCH_0}")
  string(FIND "${rest}" "${opening}" begin)
  string(LENGTH "${opening}" length)
  math(EXPR begin "${begin} + ${length}")
  string(SUBSTRING "${rest}" ${begin} -1 rest)
  string(FIND "${rest}" "```\n" end)
  string(SUBSTRING "${rest}" 0 ${end} shown)
  file(READ "${TOP}/${name}" compiled)
  string(FIND "${compiled}" "${shown}" place)
  if(place EQUAL -1)
    message(FATAL_ERROR "README.md shows code that is not in ${name}: copy it from there anew")
  endif()
  math(EXPR checked "${checked} + 1")
endwhile()
if(NOT checked EQUAL 3)
  message(FATAL_ERROR "README.md should show code of 3 files, after lines \"<!-- examples/NAME.c -->\";"
                      " ${checked} found")
endif()
