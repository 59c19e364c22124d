/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_FAULT_H
#define CONNTRAIL_ENGINE_FAULT_H

/* Faults that the test asked for. */

#include "engine.h"

typedef struct conntrail__fault {
  conntrail_emu_fault asked;
  uint32_t socket; /* number; 0: every one */
  uint32_t seen;
} conntrail__fault;

/* Whether a fault is due for this operation now; it is then in the trail. */
bool conntrail__fault_strikes(conntrail_emu *emu, conntrail_emu_operation operation,
                              conntrail__socket *socket, uint32_t *native, uint32_t *bytes);

#endif
