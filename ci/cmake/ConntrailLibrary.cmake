# SPDX-License-Identifier: MIT
# The library: the API and exactly one backend.

set(parts conntrail_api conntrail_control_message "conntrail_${CONNTRAIL_BACKEND}")

add_library(conntrail)
add_library(conntrail::conntrail ALIAS conntrail)
foreach(part IN LISTS parts)
  target_sources(conntrail PRIVATE $<TARGET_OBJECTS:${part}>)
endforeach()
set_target_properties(conntrail PROPERTIES
  LINKER_LANGUAGE C
  VERSION ${PROJECT_VERSION}
  # Until 1.0 a minor version may change the interface.
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
target_include_directories(conntrail INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
if(NOT BUILD_SHARED_LIBS)
  target_compile_definitions(conntrail INTERFACE CONNTRAIL_STATIC)
endif()

if(CONNTRAIL_BACKEND STREQUAL "win")
  if(BUILD_SHARED_LIBS)
    target_sources(conntrail PRIVATE $<TARGET_OBJECTS:conntrail_win_resource>)
    set_target_properties(conntrail PROPERTIES PREFIX "")
  endif()
  target_link_libraries(conntrail PRIVATE ws2_32)
  set(CONNTRAIL_PRIVATE_LIBRARIES "-lws2_32")
endif()

conntrail_version_symbols(conntrail)
