/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdio.h>

void conntrail__report_counts(const conntrail__hub *hub) {
  const conntrail__hub_counts *counts = conntrail__hub_count(hub);
  if (counts->malformed + counts->strangers > 0) {
    fprintf(stderr,
            "conntrail-emu: sent away: %llu that said something malformed, %llu strangers (another "
            "user, silent, or one too many)\n",
            (unsigned long long)counts->malformed, (unsigned long long)counts->strangers);
  }
}
