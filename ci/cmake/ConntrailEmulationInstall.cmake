# SPDX-License-Identifier: MIT
# conntrail::emulation beside conntrail: find_package(conntrail COMPONENTS emulation), or
# conntrail-emu.pc.
if(NOT CONNTRAIL_BACKEND STREQUAL "linux")
  return()
endif()
install(TARGETS conntrail_emulation EXPORT conntrailEmulationTargets
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT conntrailEmulationTargets NAMESPACE conntrail:: DESTINATION "${cmake_folder}")
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
