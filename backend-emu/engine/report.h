/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_REPORT_H
#define CONNTRAIL_ENGINE_REPORT_H

/* What conntrail/emu_report.h says of an emulation. */

#include "engine.h"

/* False: no memory; *summary is as it was. */
bool conntrail__report_summarise(const conntrail_emu *emu, conntrail_emu_summary *summary);
/* NULL: of no service, so 0. */
uint64_t conntrail__report_of_service(const conntrail_emu_service *service,
                                      conntrail_emu_event_kind kind);
/* False: no memory. *length: as conntrail_emu_summary_text() answers. */
bool conntrail__report_text(const conntrail_emu *emu, char *text, size_t capacity, size_t *length);

#endif
