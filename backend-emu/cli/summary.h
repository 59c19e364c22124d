/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_SUMMARY_H
#define CONNTRAIL_CLI_SUMMARY_H

#include <stdio.h>

#include "../engine/engine.h"

/* What conntrail_emu_summary_text() says, for who runs the command. */
void conntrail__summary_print(FILE *out, const conntrail_emu *emu);

#endif
