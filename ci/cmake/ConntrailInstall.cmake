# SPDX-License-Identifier: MIT
# What `cmake --install` puts where, and how others find it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(cmake_folder "${CMAKE_INSTALL_LIBDIR}/cmake/conntrail")
install(TARGETS conntrail EXPORT conntrailTargets
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/conntrail" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.h")
install(EXPORT conntrailTargets NAMESPACE conntrail:: DESTINATION "${cmake_folder}")

configure_package_config_file("${PROJECT_SOURCE_DIR}/ci/cmake/conntrailConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/conntrailConfig.cmake"
                              INSTALL_DESTINATION "${cmake_folder}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/conntrailConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/conntrailConfig.cmake"
              "${PROJECT_BINARY_DIR}/conntrailConfigVersion.cmake"
        DESTINATION "${cmake_folder}")

if(NOT BUILD_SHARED_LIBS)
  set(CONNTRAIL_PC_CFLAGS "-DCONNTRAIL_STATIC")
endif()
configure_file("${PROJECT_SOURCE_DIR}/ci/cmake/conntrail.pc.in" "${PROJECT_BINARY_DIR}/conntrail.pc"
               @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/conntrail.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
