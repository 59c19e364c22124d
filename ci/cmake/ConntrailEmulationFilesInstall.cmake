# SPDX-License-Identifier: MIT
# conntrail::emulation-files beside the emulation: find_package(conntrail COMPONENTS emulation-files),
# or conntrail-emu-files.pc.
install(TARGETS conntrail_emulation_files EXPORT conntrail_emulation-filesTargets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT conntrail_emulation-filesTargets NAMESPACE conntrail:: DESTINATION "${cmake_folder}")
install(FILES "${PROJECT_SOURCE_DIR}/include/conntrail/emu_files.h"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/conntrail")
if(CONNTRAIL_BACKEND STREQUAL "linux")
  configure_file("${PROJECT_SOURCE_DIR}/ci/cmake/conntrail-emu-files.pc.in"
                 "${PROJECT_BINARY_DIR}/conntrail-emu-files.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/conntrail-emu-files.pc" DESTINATION "${pkgconfig_folder}")
endif()
