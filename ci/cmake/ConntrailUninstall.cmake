# SPDX-License-Identifier: MIT
# What the target "uninstall" runs: removes what the last install of this build wrote, and the folders of conntrail's
# own that it leaves empty. MANIFEST: install_manifest.txt. DESTDIR counts as it does for an install.
if(NOT EXISTS "${MANIFEST}")
  message(FATAL_ERROR "Nothing was installed from this build: ${MANIFEST} does not exist.")
endif()
file(STRINGS "${MANIFEST}" files)
foreach(file IN LISTS files)
  set(path "$ENV{DESTDIR}${file}")
  message(STATUS "Removing ${path}")
  file(REMOVE "${path}")
  get_filename_component(folder "${path}" DIRECTORY)
  file(GLOB left "${folder}/*")
  if(folder MATCHES "/conntrail$" AND NOT left)
    file(REMOVE_RECURSE "${folder}")
  endif()
endforeach()
file(REMOVE "${MANIFEST}")
