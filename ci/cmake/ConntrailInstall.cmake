# SPDX-License-Identifier: MIT
# What `cmake --install` puts where, and how others find it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(cmake_folder "${CMAKE_INSTALL_LIBDIR}/cmake/conntrail")
install(TARGETS conntrail EXPORT conntrailTargets
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/conntrail" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp" PATTERN "emu*.h" EXCLUDE)
install(EXPORT conntrailTargets NAMESPACE conntrail:: DESTINATION "${cmake_folder}")

if(CONNTRAIL_EMULATION AND CONNTRAIL_BACKEND STREQUAL "linux" AND NOT BUILD_SHARED_LIBS)
  set(CONNTRAIL_EMULATION_NEEDS_THREADS ON)
endif()
configure_package_config_file("${PROJECT_SOURCE_DIR}/ci/cmake/conntrailConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/conntrailConfig.cmake"
                              INSTALL_DESTINATION "${cmake_folder}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/conntrailConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_SOURCE_DIR}/ci/cmake/ConntrailFindPackage.cmake"
              "${PROJECT_BINARY_DIR}/conntrailConfig.cmake"
              "${PROJECT_BINARY_DIR}/conntrailConfigVersion.cmake"
        DESTINATION "${cmake_folder}")

# Relative to conntrail.pc itself, so that the tree may be moved after it was installed.
set(pkgconfig_folder "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(CONNTRAIL_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
  set(CONNTRAIL_PC_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
else()
  file(RELATIVE_PATH from_pkgconfig "/${pkgconfig_folder}" "/")
  string(REGEX REPLACE "/$" "" from_pkgconfig "${from_pkgconfig}")
  set(CONNTRAIL_PC_PREFIX "\${pcfiledir}/${from_pkgconfig}")
  set(CONNTRAIL_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(CONNTRAIL_PC_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}")
else()
  set(CONNTRAIL_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
if(NOT BUILD_SHARED_LIBS)
  set(CONNTRAIL_PC_CFLAGS "-DCONNTRAIL_STATIC")
endif()
configure_file("${PROJECT_SOURCE_DIR}/ci/cmake/conntrail.pc.in" "${PROJECT_BINARY_DIR}/conntrail.pc"
               @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/conntrail.pc" DESTINATION "${pkgconfig_folder}")
if(PROJECT_IS_TOP_LEVEL)
  add_custom_target(uninstall
    COMMAND "${CMAKE_COMMAND}" -D "MANIFEST=${PROJECT_BINARY_DIR}/install_manifest.txt"
      -P "${PROJECT_SOURCE_DIR}/ci/cmake/ConntrailUninstall.cmake"
    VERBATIM)
endif()
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
