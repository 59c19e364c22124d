/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WORLD_H
#define ENGINE_WORLD_H

/* A world for tests of the engine: it plays the front end, with descriptors that are only numbers.
 */

#include <check.h>

#include "backend-emu/engine/engine.h"
#include "src/numbers.h"

extern conntrail_emu *world;
extern conntrail__refusal why;

/* Before and after each test. */
void world_begin(void);
void world_end(void);

conntrail__address at(const char *text);

/* A service whose filter redirects to its proxy. */
conntrail_emu_service *service(const char *name, const char *rule, const char *proxy);

/* Whose socket it is: process and actor. */
conntrail__identity who(uint32_t process);

conntrail__socket *fresh(uint32_t process);
conntrail__socket *listener(uint32_t process, const char *address);

/* The client asks; what was decided. */
conntrail__decision ask(conntrail__socket *client, const char *remote);
/* ask(), then the system's connect succeeds from this local address. */
conntrail__decision connect_from(conntrail__socket *client, const char *remote, const char *local);
/* The listener accepts from that address. */
conntrail__socket *accept_from(conntrail__socket *proxy, const char *peer);

/* A query, and the number it answers; *bytes as the contract counts. */
uint32_t query(conntrail__socket *socket, uint32_t code, void *out, uint32_t capacity,
               uint32_t *bytes);
uint32_t set(conntrail__socket *socket, const void *records, uint32_t size, uint32_t *bytes);
/* All records of `from` to `to`, as a proxy does it. */
void transfer(conntrail__socket *from, conntrail__socket *to);

uint64_t count(conntrail_emu_event_kind kind);
uint64_t misuse(conntrail_emu_misuse kind);
/* The newest event of that kind. */
const conntrail__event *last(conntrail_emu_event_kind kind);

#endif
