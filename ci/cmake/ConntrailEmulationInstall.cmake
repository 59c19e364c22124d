# SPDX-License-Identifier: MIT
# conntrail::emulation beside conntrail: find_package(conntrail COMPONENTS emulation), or
# conntrail-emu.pc. On Windows it is objects, which pkg-config cannot put ahead of ws2_32.
set(installed_parts conntrail_emulation)
if(CONNTRAIL_BACKEND STREQUAL "win")
  list(APPEND installed_parts ${conntrail_emulation_parts})
endif()
install(TARGETS ${installed_parts} EXPORT conntrail_emulationTargets
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        OBJECTS DESTINATION "${CMAKE_INSTALL_LIBDIR}/conntrail")
install(EXPORT conntrail_emulationTargets NAMESPACE conntrail:: DESTINATION "${cmake_folder}")
install(FILES "${PROJECT_SOURCE_DIR}/include/conntrail/emu.h"
              "${PROJECT_SOURCE_DIR}/include/conntrail/emu_profile.h"
              "${PROJECT_SOURCE_DIR}/include/conntrail/emu_report.h"
              "${PROJECT_SOURCE_DIR}/include/conntrail/emu_trail.h"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/conntrail")
if(CONNTRAIL_BACKEND STREQUAL "win")
  return()
endif()

set(CONNTRAIL_EMU_PC_LIBRARIES "-pthread")
foreach(library IN LISTS CMAKE_DL_LIBS)
  string(APPEND CONNTRAIL_EMU_PC_LIBRARIES " -l${library}")
endforeach()
if(BUILD_SHARED_LIBS)
  set(CONNTRAIL_EMU_PC_NEEDED "-Wl,--no-as-needed ")
endif()
configure_file("${PROJECT_SOURCE_DIR}/ci/cmake/conntrail-emu.pc.in"
               "${PROJECT_BINARY_DIR}/conntrail-emu.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/conntrail-emu.pc" DESTINATION "${pkgconfig_folder}")
