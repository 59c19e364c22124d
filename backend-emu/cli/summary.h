/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_CLI_SUMMARY_H
#define CONNTRAIL_CLI_SUMMARY_H

#include <stdio.h>

#include "../engine/engine.h"

/* What became of the connections of a run, for a person: by service, what was never delivered, and
 * misuse by name. Of the events that are still kept. */
void conntrail__summary_print(FILE *out, const conntrail_emu *emu);

/* TCP connections that programs began and that never reached their destination. */
uint64_t conntrail__summary_undelivered(const conntrail_emu *emu);

#endif
