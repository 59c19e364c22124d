# SPDX-License-Identifier: MIT
# Objects, not an archive: they come ahead of every library on the linker's line, ws2_32 included,
# and that is what takes over the calls of the libraries behind them.
set(conntrail_emulation_parts
    conntrail_winsock conntrail_frontend conntrail_engine conntrail_control_message)

add_library(conntrail_emulation INTERFACE)
add_library(conntrail::emulation ALIAS conntrail_emulation)
foreach(part IN LISTS conntrail_emulation_parts)
  target_sources(conntrail_emulation INTERFACE
    $<BUILD_INTERFACE:$<TARGET_OBJECTS:${part}>>
    $<INSTALL_INTERFACE:$<TARGET_OBJECTS:conntrail::${part}>>)
endforeach()
set_target_properties(conntrail_emulation PROPERTIES EXPORT_NAME emulation)
target_link_libraries(conntrail_emulation INTERFACE conntrail ws2_32)
