/* SPDX-License-Identifier: MIT */
#include <check.h>

#include "conntrail/emu.h"
#include "raw_world.h"

/* Any process but ours. */
enum { CLIENT_PROCESS = 4711 };

static conntrail_emu *emu;

void raw_world_open(void) {
  emu = conntrail_emu_create(NULL);
  ck_assert_msg(emu != NULL, "%s", conntrail_emu_refusal());
}

void raw_world_close(void) {
  conntrail_emu_destroy(emu);
  emu = NULL;
}

void raw_world_service(const char *name, const char *rule, const struct sockaddr *proxy,
                       raw_context context) {
  conntrail_emu_service *service = conntrail_emu_add_service(emu, name, NULL);
  ck_assert_msg(service != NULL, "%s", conntrail_emu_refusal());
  ck_assert_msg(conntrail_emu_redirect(service, rule, proxy) == CONNTRAIL_OK, "%s",
                conntrail_emu_refusal());
  ck_assert_int_eq(conntrail_emu_set_context_layout(
                       service, context == RAW_NO_CONTEXT ? CONNTRAIL_EMU_CONTEXT_NONE
                                                          : CONNTRAIL_EMU_CONTEXT_TWO_ADDRESSES),
                   CONNTRAIL_OK);
}

void raw_world_route(const char *destination, const struct sockaddr *server) {
  ck_assert_msg(conntrail_emu_route(emu, destination, server) == CONNTRAIL_OK, "%s",
                conntrail_emu_refusal());
}

void raw_world_client_begin(void) {
  ck_assert_int_eq(conntrail_emu_act_as(CLIENT_PROCESS, NULL), CONNTRAIL_OK);
}

void raw_world_client_end(void) {
  ck_assert_int_eq(conntrail_emu_act_as(0, NULL), CONNTRAIL_OK);
}

static unsigned count(conntrail_emu_event_kind kind) {
  return (unsigned)conntrail_emu_count(emu, kind);
}

static unsigned hops_set_last(void) {
  conntrail_emu_event event = {.struct_size = sizeof event};
  unsigned hops = 0;
  uint64_t after = 0;
  while (conntrail_emu_next_event(emu, after, &event)) {
    after = event.number;
    hops = event.kind == CONNTRAIL_EMU_RECORDS_SET ? event.hops : hops;
  }
  return hops;
}

raw_happened raw_world_happened(void) {
  return (raw_happened){.redirected = count(CONNTRAIL_EMU_REDIRECTED),
                        .accepted = count(CONNTRAIL_EMU_ACCEPTED),
                        .records_queried = count(CONNTRAIL_EMU_RECORDS_QUERIED),
                        .records_set = count(CONNTRAIL_EMU_RECORDS_SET),
                        .delivered = count(CONNTRAIL_EMU_DELIVERED),
                        .loops = count(CONNTRAIL_EMU_LOOP),
                        .misuses = count(CONNTRAIL_EMU_MISUSE),
                        .hops = hops_set_last()};
}
