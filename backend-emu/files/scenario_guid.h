/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_FILES_SCENARIO_GUID_H
#define CONNTRAIL_FILES_SCENARIO_GUID_H

#include <stdbool.h>

#include "conntrail/emu.h"

/* "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}" as Windows writes a GUID, its braces left out or both
 * there. False for anything else. */
bool conntrail__scenario_read_guid(const char *text, conntrail_emu_guid *guid);

#endif
