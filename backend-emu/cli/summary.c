/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include <stdlib.h>

#include "../engine/report.h"

void conntrail__summary_print(FILE *out, const conntrail_emu *emu) {
  size_t length = 0;
  const bool is_counted = conntrail__report_text(emu, NULL, 0, &length);
  char *text = malloc(length + 1);
  if (!is_counted || text == NULL || !conntrail__report_text(emu, text, length + 1, &length)) {
    fprintf(out, "conntrail-emu: no memory for a summary\n");
  } else if (length > 0) {
    fprintf(out, "conntrail-emu: %s", text);
  }
  free(text);
}
