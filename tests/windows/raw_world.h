/* SPDX-License-Identifier: MIT */
#ifndef RAW_WORLD_H
#define RAW_WORLD_H

/*
 * The world of a program that does not know conntrail. This header names nothing of it
 * either: raw_world.c sets the emulation up.
 */

#include <winsock2.h>

typedef enum raw_context { RAW_TWO_ADDRESSES, RAW_NO_CONTEXT } raw_context;

void raw_world_open(void);
void raw_world_close(void);
/* A redirect service; rule as conntrail_emu_redirect() reads it. */
void raw_world_service(const char *name, const char *rule, const struct sockaddr *proxy,
                       raw_context context);
/* Where a destination really is. */
void raw_world_route(const char *destination, const struct sockaddr *server);
/* Between the two the calling thread is a client, and not the proxy. */
void raw_world_client_begin(void);
void raw_world_client_end(void);

/* What happened so far. */
typedef struct raw_happened {
  unsigned redirected;
  unsigned accepted;
  unsigned records_queried;
  unsigned records_set;
  unsigned delivered;
  unsigned loops;
  unsigned misuses;
  unsigned hops; /* of the records that were set last */
} raw_happened;
raw_happened raw_world_happened(void);

#endif
