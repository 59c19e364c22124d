# SPDX-License-Identifier: MIT
# conntrail-event beside conntrail: find_package(conntrail COMPONENTS event), or conntrail-event.pc.
install(TARGETS conntrail-event EXPORT conntrail_eventTargets
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT conntrail_eventTargets NAMESPACE conntrail:: DESTINATION "${cmake_folder}")

set(CONNTRAIL_PC_LIBEVENT "${CONNTRAIL_LIBEVENT_CORE_MODULE_NAME}")
configure_file("${PROJECT_SOURCE_DIR}/ci/cmake/conntrail-event.pc.in"
               "${PROJECT_BINARY_DIR}/conntrail-event.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/conntrail-event.pc" DESTINATION "${pkgconfig_folder}")
