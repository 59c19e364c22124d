# SPDX-License-Identifier: MIT
# Which components there will be besides conntrail::conntrail. For each that is left out,
# CONNTRAIL_<component>_ABSENCE says why: find_package(conntrail) prints it.
if(WIN32 AND BUILD_SHARED_LIBS)
  set(CONNTRAIL_IS_DLL ON)
endif()
if(NOT CONNTRAIL_EVENT)
  set(CONNTRAIL_event_ABSENCE "conntrail was built with CONNTRAIL_EVENT=OFF")
endif()
if(CONNTRAIL_IS_DLL)
  set(CONNTRAIL_EMULATION OFF)
  set(CONNTRAIL_emulation_ABSENCE
      "conntrail was built as a DLL, whose calls no emulation can take over: build it with BUILD_SHARED_LIBS=OFF")
elseif(NOT CONNTRAIL_EMULATION)
  set(CONNTRAIL_emulation_ABSENCE "conntrail was built with CONNTRAIL_EMULATION=OFF")
endif()
if(CONNTRAIL_emulation_ABSENCE)
  set(CONNTRAIL_emulation-files_ABSENCE "${CONNTRAIL_emulation_ABSENCE}")
elseif(NOT CONNTRAIL_EMU_FILES AND NOT CONNTRAIL_EMU_COMMAND)
  set(CONNTRAIL_emulation-files_ABSENCE "conntrail was built with CONNTRAIL_EMU_FILES=OFF")
endif()
