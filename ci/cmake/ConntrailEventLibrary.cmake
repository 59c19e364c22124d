# SPDX-License-Identifier: MIT
# conntrail-event: the API on libevent, a library beside conntrail.
if(WIN32)
  # libevent is static there, and one copy of it must do.
  add_library(conntrail-event STATIC)
else()
  add_library(conntrail-event)
endif()
add_library(conntrail::event ALIAS conntrail-event)
target_sources(conntrail-event PRIVATE $<TARGET_OBJECTS:conntrail_event_api>)
set_target_properties(conntrail-event PROPERTIES
  EXPORT_NAME event
  LINKER_LANGUAGE C
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
target_link_libraries(conntrail-event PUBLIC conntrail PkgConfig::CONNTRAIL_LIBEVENT_CORE)
conntrail_version_symbols(conntrail-event)
