/* SPDX-License-Identifier: MIT */
#ifndef CONNTRAIL_ENGINE_SERVICE_H
#define CONNTRAIL_ENGINE_SERVICE_H

/* A redirect service. */

#include "emulation.h"
#include "list.h"

typedef struct conntrail__blob conntrail__blob;

enum { CONNTRAIL__NAME_TEXT = 32 };

struct conntrail_emu_service {
  conntrail_emu *emu;
  conntrail__blob *fixed_context;   /* NULL: by layout */
  conntrail__list exempt_processes; /* uint32_t */
  conntrail__list exempt_users;     /* uint16_t, as the sockets name users */
  uint32_t padding;
  conntrail_emu_context layout;
  conntrail_emu_guid guid;
  uint8_t index;
  uint64_t lost_counts[CONNTRAIL__KINDS]; /* of events that are no longer kept */
  bool hint_was_given;                    /* X4: its proxy is exempt and transfers nothing */
  char name[CONNTRAIL__NAME_TEXT];
};

void conntrail__service_destroy(conntrail_emu_service *service);
bool conntrail__service_exempts(const conntrail_emu_service *service,
                                const conntrail__socket *socket);

#endif
