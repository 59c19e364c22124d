# SPDX-License-Identifier: MIT
# A library of others: asked of pkg-config, and where that is not there, as on a stock Windows, of the
# library's own CMake package. Either way it is PkgConfig::PREFIX. Installed beside conntrailConfig.cmake.

# conntrail_find_package(PREFIX "PACKAGE arguments of find_package" TARGET modules of pkg-config...)
macro(conntrail_find_package prefix package target)
  if(NOT TARGET PkgConfig::${prefix})
    find_package(PkgConfig QUIET)
    if(PKG_CONFIG_FOUND)
      pkg_search_module(${prefix} IMPORTED_TARGET GLOBAL ${ARGN})
    endif()
  endif()
  if(NOT TARGET PkgConfig::${prefix})
    string(REPLACE " " ";" conntrail_arguments "${package}")
    find_package(${conntrail_arguments} CONFIG QUIET)
    if(TARGET ${target})
      add_library(PkgConfig::${prefix} INTERFACE IMPORTED GLOBAL)
      set_property(TARGET PkgConfig::${prefix} PROPERTY INTERFACE_LINK_LIBRARIES ${target})
      set(${prefix}_MODULE_NAME "${ARGV3}")
      set(${prefix}_FOUND TRUE)
    endif()
  endif()
endmacro()

macro(conntrail_find_libevent_core)
  # Where libevent was built whole, as ci/windows-deps does, its core is in it.
  conntrail_find_package(CONNTRAIL_LIBEVENT_CORE "Libevent COMPONENTS core" libevent::core
                         libevent_core libevent)
endmacro()
