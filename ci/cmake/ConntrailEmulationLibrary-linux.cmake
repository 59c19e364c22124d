# SPDX-License-Identifier: MIT
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

add_library(conntrail_emulation)
add_library(conntrail::emulation ALIAS conntrail_emulation)
foreach(part IN ITEMS conntrail_posix conntrail_frontend conntrail_engine
        conntrail_control_message)
  target_sources(conntrail_emulation PRIVATE $<TARGET_OBJECTS:${part}>)
endforeach()
set_target_properties(conntrail_emulation PROPERTIES
  OUTPUT_NAME conntrail-emu
  EXPORT_NAME emulation
  LINKER_LANGUAGE C
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
# Not a call of it: a test includes the headers of both, and needs both.
target_link_libraries(conntrail_emulation INTERFACE conntrail)
target_link_libraries(conntrail_emulation PRIVATE Threads::Threads ${CMAKE_DL_LIBS})

if(BUILD_SHARED_LIBS)
  set(version_script "${PROJECT_SOURCE_DIR}/backend-emu/posix/exported.map")
  target_link_options(conntrail_emulation PRIVATE "-Wl,--version-script=${version_script}" -Wl,-z,defs
    # A test that calls nothing of emu.h by name needs it all the same.
    INTERFACE -Wl,--no-as-needed)
  set_property(TARGET conntrail_emulation APPEND PROPERTY LINK_DEPENDS "${version_script}")
endif()
